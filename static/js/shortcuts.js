/* Keyboard shortcuts: "/" to the search, "?" to the list of them all, which can switch the single keys off. */
"use strict";

(() => {
  const OFF = "single-keys-off";
  const dialog = () => document.getElementById("shortcuts");

  /* Storage may be forbidden; then single keys stay on. */
  function areOff() {
    try {
      return localStorage.getItem(OFF) === "1";
    } catch {
      return false;
    }
  }

  function switchKeys(on) {
    try {
      localStorage.setItem(OFF, on ? "0" : "1");
    } catch {
      announce("This browser doesn't keep the setting.");
    }
  }

  function find() {
    const search =
      document.querySelector("input[type=search]:not([disabled])") ?? document.getElementById("topology-find");
    search?.focus();
    search?.select();
    return Boolean(search);
  }

  /* A modal dialog takes the focus, keeps it, closes on Escape and gives it back: the browser does all of that. */
  function open() {
    document.getElementById("single-keys").checked = !areOff();
    dialog().showModal();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, [contenteditable], dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || areOff()) {
      return;
    }
    if ((event.key === "/" && find()) || (event.key === "?" && dialog() && open())) {
      event.preventDefault();
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("shortcuts-open")?.addEventListener("click", open);
    document.getElementById("single-keys")?.addEventListener("change", (event) => switchKeys(event.target.checked));
    dialog()?.addEventListener("click", (event) => {
      if (event.target === dialog()) {
        dialog().close(); // a click beside it
      }
    });
  });
})();

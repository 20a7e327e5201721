/* Keyboard shortcuts: "/" to the search, "?" to the list of them all, which can switch the single keys off. */

import { closest, need } from "./dom.js";
import { announce } from "./live.js";

const OFF = "single-keys-off";

/* Storage may be forbidden; then single keys stay on. */
export function areKeysOff() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
}

/** @param {boolean} on */
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
  if (search instanceof HTMLInputElement) {
    search.focus();
    search.select();
  }
  return search !== null;
}

/* A modal dialog takes the focus, keeps it, closes on Escape and gives it back: the browser does all of that. */
function open() {
  need("single-keys", HTMLInputElement).checked = !areKeysOff();
  need("shortcuts", HTMLDialogElement).showModal();
  return true;
}

document.addEventListener("keydown", (event) => {
  const typing = closest(event, "input, select, textarea, [contenteditable], dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || areKeysOff()) {
    return;
  }
  if ((event.key === "/" && find()) || (event.key === "?" && document.getElementById("shortcuts") && open())) {
    event.preventDefault();
  }
});

/* Heard from the page: going back in the browser replaces all that is in it. */
document.addEventListener("click", (event) => {
  if (closest(event, "#shortcuts-open")) {
    open();
  } else if (event.target instanceof HTMLDialogElement && event.target.id === "shortcuts") {
    event.target.close(); // a click beside it
  }
});
document.addEventListener("change", ({ target }) => {
  if (target instanceof HTMLInputElement && target.id === "single-keys") {
    switchKeys(target.checked);
  }
});

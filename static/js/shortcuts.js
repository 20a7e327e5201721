/* Keyboard shortcuts: "/" to the search, "?" to the list of them all, which can switch the single keys off. */

import { closest, need } from "./dom.js";
import { announce } from "./live.js";

const OFF = "single-keys-off";
const dialog = document.getElementById("shortcuts");
const box = document.getElementById("single-keys");

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
  if ((event.key === "/" && find()) || (event.key === "?" && dialog && open())) {
    event.preventDefault();
  }
});

document.getElementById("shortcuts-open")?.addEventListener("click", open);
if (box instanceof HTMLInputElement) {
  box.addEventListener("change", () => switchKeys(box.checked));
}
if (dialog instanceof HTMLDialogElement) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) {
      dialog.close(); // a click beside it
    }
  });
}

/* Undo and redo by keys. Each press counts: one that comes while a step is on its way waits for the answer. */

import { closest, need } from "./dom.js";
import { isRefused } from "./state_line.js";

/** @type {("undo" | "redo")[]} */
let steps = [];
let isStepping = false;

function step() {
  const button = document.getElementById(steps.shift() ?? "undo"); // a plan that git owns has none
  if (!(button instanceof HTMLButtonElement) || button.disabled) {
    steps = [];
    return;
  }
  button.click();
}

document.addEventListener("htmx:beforeSend", ({ detail: { requestConfig: request, xhr } }) => {
  if (need("history", HTMLElement).contains(request.elt)) {
    isStepping = true;
    xhr.addEventListener("loadend", () => {
      isStepping = false;
      if (steps.length && xhr.status === 200 && !isRefused()) {
        step();
      } else {
        steps = []; // what is wrong with one is wrong with those behind it
      }
    });
  }
});

document.addEventListener("keydown", (event) => {
  const typing = closest(event, "input:not([type=radio], [type=checkbox]), select, textarea, dialog");
  if (!typing && (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "z") {
    event.preventDefault();
    if (!event.repeat) {
      steps.push(event.shiftKey ? "redo" : "undo");
    }
    if (!event.repeat && !isStepping) {
      step();
    }
  }
});

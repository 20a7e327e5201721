/* Editing one endpoint after the other by keys: Ctrl+Enter saves, with Shift it goes on to the next as well, Escape
   closes and asks first if something isn't saved, J and K go to the next and the previous one. */

import { all, closest } from "./dom.js";
import { fieldsOf, isChanged } from "./fields.js";
import { areKeysOff } from "./shortcuts.js";

const EDITOR = "#panel .editor";
const TYPING = "input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable], dialog, .menu";
let field = ""; // the id of what had the focus in the editor last, to have it again in the next one

const findEditor = () => /** @type {HTMLElement | null} */ (document.querySelector(EDITOR));

/** What holds the place of a field: itself, or the head of what it is folded away in. */
document.addEventListener("focusin", (event) => {
  const part = closest(event, `${EDITOR}-form [id]:not(button)`) ?? closest(event, `${EDITOR}-form details`);
  const head = part?.closest("details")?.querySelector("summary");
  field = (part && (head ?? part).id) || field;
});

/** Whether one may go on: nothing is unsaved, or it may be left so. */
function mayLeave() {
  const editor = findEditor();
  const isUnsaved = editor && (editor.closest("[data-unsaved]") || fieldsOf(editor).some(isChanged));
  return !isUnsaved || window.confirm("What you have typed isn't saved. Leave it? It is kept, and offered again.");
}

/** @param {string} id of a link or button that is clicked if the page has it */
function click(id) {
  const goal = document.getElementById(id);
  goal?.click();
  return goal !== null;
}

/** @param {KeyboardEvent} event */
function save(event) {
  const form = closest(event, "#panel form");
  const next = event.shiftKey ? form?.querySelector("#endpoint-save-next") : null;
  const button = next ?? form?.querySelector("button.button-main") ?? form?.querySelector("button:not([type=button])");
  if (!(button instanceof HTMLButtonElement)) {
    return false;
  }
  button.click(); // htmx sends the name of a button that was clicked only
  return true;
}

/**
 * The next or the previous endpoint: opened where an editor is, else the one whose link gets the focus.
 * @param {1 | -1} step
 */
function move(step) {
  if (findEditor()) {
    const id = step > 0 ? "editor-next" : "editor-previous";
    return document.getElementById(id) !== null && (!mayLeave() || click(id));
  }
  const links = all("#panel .endpoint-name a[data-endpoint]");
  const at = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const goal = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step];
  goal?.focus();
  return goal !== undefined;
}

/** @param {KeyboardEvent} event */
function closeEditor(event) {
  const isHere = closest(event, "#panel") || event.target === document.body;
  const isElsewhere = closest(event, "dialog, .menu[open]") || document.querySelector(".is-dragging");
  return Boolean(isHere && !isElsewhere && findEditor()) && (!mayLeave() || click("editor-close"));
}

/** @param {KeyboardEvent} event */
function act(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    return save(event);
  }
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return false;
  }
  if (event.key === "Escape") {
    return closeEditor(event);
  }
  const step = /** @type {Record<string, 1 | -1>} */ ({ j: 1, k: -1 })[event.key];
  return step !== undefined && !closest(event, TYPING) && !areKeysOff() && move(step);
}

document.addEventListener("keydown", (event) => {
  if (!event.defaultPrevented && !event.isComposing && act(event)) {
    event.preventDefault();
  }
});

/* The next endpoint is open: the field that one was in has the focus again, or the head of the editor. */
document.addEventListener("htmx:beforeSwap", ({ detail: { requestConfig: request, xhr } }) => {
  if (request?.verb === "post" && request.parameters?.then === "next") {
    const goal = field;
    xhr.addEventListener("loadend", () => {
      if (!document.querySelector("#panel[data-unsaved]")) {
        (document.getElementById(goal) ?? document.getElementById("editor-title"))?.focus();
      }
    });
  }
});

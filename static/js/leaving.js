/* What is typed and not sent yet is not lost by a stray click. */

import { all } from "./dom.js";
import { fieldsOf, isChanged } from "./fields.js";

/** @type {EventTarget | null} */
let leaving = null; // the form that leads away

document.addEventListener("submit", (event) => {
  leaving = event.defaultPrevented ? null : event.target;
});

/**
 * Whether a form has come back with what isn't stored. With a question that is open nothing of one's own has.
 * @param {HTMLElement} form
 */
function isBack(form) {
  const part = form.closest("[data-unsaved]");
  return part !== null && !part.querySelector("form.confirm");
}

window.addEventListener("beforeunload", (event) => {
  const forms = all("main form[method=post]:not([data-answered])").filter((form) => form !== leaving);
  if (forms.some((form) => isBack(form) || fieldsOf(form).some(isChanged))) {
    event.preventDefault();
  }
});

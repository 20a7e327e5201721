/* What is typed and not sent yet is not lost by a stray click. */

import { all } from "./dom.js";
import { fieldsOf, isChanged } from "./fields.js";

/** @type {EventTarget | null} */
let leaving = null; // the form that leads away

document.addEventListener("submit", (event) => {
  leaving = event.defaultPrevented ? null : event.target;
});

window.addEventListener("beforeunload", (event) => {
  const forms = all("main form[method=post]:not([data-answered])").filter((form) => form !== leaving);
  if (forms.some((form) => form.closest("[data-unsaved]") || fieldsOf(form).some(isChanged))) {
    event.preventDefault();
  }
});

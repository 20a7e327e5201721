/* Forms that lead to another page: one click is one request, and a live region says that it is on its way.

   Forms that htmx sends are not meant: what they say comes from saving.js. */

import { submitterOf, wordsOf } from "./fields.js";
import { announce } from "./live.js";

const PATIENCE = 10_000; // milliseconds; whoever has waited that long for an answer may send again
/** @type {{ form: HTMLFormElement, words: string, timer: number } | null} */
let sent = null; // the form on its way, what it says, and what ends the wait

/* Answered, or given up: browsers don't tell when someone stops them. */
function reset() {
  if (sent) {
    clearTimeout(sent.timer);
    sent = null;
    announce("");
  }
}

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  // A form whose answer is a file leaves the page where it is.
  if (event.defaultPrevented || form.method !== "post" || form.matches("[data-download]")) {
    return;
  }
  const words = wordsOf(form, submitterOf(event));
  if (sent?.form === form && sent.words === words) {
    event.preventDefault();
    return;
  }
  reset();
  sent = { form, words, timer: window.setTimeout(reset, PATIENCE) };
  announce(form.dataset.busy ?? "Saving…");
});

window.addEventListener("pageshow", reset); // come back to

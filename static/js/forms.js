/* Forms that lead to another page: one click is one request, and a live region says that it is on its way, as the line
   that says “Saved” does where the page has it.

   Forms that htmx sends are not meant: what they say comes from saving.js. */

import { submitterOf, wordsOf } from "./fields.js";
import { announce } from "./live.js";
import { clear, hasLine, say } from "./state_line.js";

const PATIENCE = 10_000; // milliseconds; whoever has waited that long for an answer may send again
/** @type {{ form: HTMLFormElement, words: string, timer: number } | null} */
let sent = null; // the form on its way, what it says, and what ends the wait

/* Answered, or given up: browsers don't tell when someone stops them. A line that says “Saved” waits for the answer. */
function release() {
  if (sent) {
    clearTimeout(sent.timer);
    sent = null;
    if (!hasLine()) {
      announce("");
    }
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
  release();
  sent = { form, words, timer: window.setTimeout(release, PATIENCE) };
  const busy = form.dataset.busy ?? "Saving…";
  if (hasLine()) {
    say("saving", busy);
  } else {
    announce(busy);
  }
});

/* Come back to. */
window.addEventListener("pageshow", ({ persisted }) => {
  release();
  if (persisted) {
    clear("saving");
  }
});

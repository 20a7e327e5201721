/* A page that can't be read is said out loud and in sight; what is on the screen stays as it was. */

import { clear, say } from "./state_line.js";

/** @param {number} [status] of the answer; none, or 0, where there was no answer */
function tell(status) {
  const what = status ? `The service answered with an error (${status})` : "The service can't be reached";
  say(
    "reading",
    status === 403
      ? "This page is too old. Reload it; what you typed is then offered back."
      : `${what}; what you see may be out of date.`,
  );
}

for (const name of /** @type {const} */ (["htmx:sendError", "htmx:responseError", "htmx:timeout"])) {
  document.addEventListener(name, ({ detail }) => {
    if (!detail.requestConfig?.parameters?.operation) {
      tell(detail.xhr?.status); // of an edit saving.js knows more
    }
  });
}

/* Going back in the browser asks for the page as no other request does. */
document.addEventListener("htmx:historyCacheMiss", ({ detail: { xhr } }) => {
  xhr.addEventListener("error", () => tell());
});
document.addEventListener("htmx:historyCacheMissLoadError", ({ detail: { xhr } }) => tell(xhr.status));
document.addEventListener("htmx:historyRestore", () => clear("reading"));

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) {
    clear("reading");
  }
});

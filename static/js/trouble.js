/* A page that can't be read is said out loud and in sight; what is on the screen stays as it was. */

import { clear, say } from "./state_line.js";

for (const name of /** @type {const} */ (["htmx:sendError", "htmx:responseError", "htmx:timeout"])) {
  document.addEventListener(name, ({ detail }) => {
    if (detail.requestConfig?.parameters?.operation) {
      return; // an edit: saving.js knows more
    }
    const status = detail.xhr?.status;
    say(
      "reading",
      status
        ? `The service answered with an error (${status}); what you see may be out of date.`
        : "The service can't be reached; what you see may be out of date.",
    );
  });
}

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) {
    clear("reading");
  }
});

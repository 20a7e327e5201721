/* A page that can't be read, or a form that can't be sent, is said out loud and in sight; what is on the screen stays as
   it was. */

import { clear, hasLine, say } from "./state_line.js";

const notice = document.createElement("p"); // what a page without the line says it by, at the head of the part meant
notice.className = "notice notice-error";
notice.setAttribute("role", "alert");

/** The page of a plan, where saving.js tells of an edit, and keeps it. */
const isKept = () => document.getElementById("retry") !== null;

/** @type {Record<number, string>} */
const REFUSED = {
  401: "You are logged out. Log in, and open this page again.",
  403: "This page is too old. Reload it.",
  413: "That is more than the service takes in one go.",
};

/**
 * What became of a request, in a sentence.
 * @param {HtmxRequest} [request]
 * @param {number} [status] of the answer; none, or 0, where there was no answer
 */
function describe(request, status) {
  const what = status ? `The service answered with an error (${status})` : "The service can't be reached";
  if (request?.verb === "post" && !hasLine()) {
    return `${(status && REFUSED[status]) || `${what}.`} What stands here is of before.`;
  }
  if (status === 403) {
    return request?.verb === "post"
      ? "This page is too old. Reload it; what you typed is then offered back."
      : "You may not do that any more; reload the page."; // reading takes no token, which could be too old
  }
  return `${what}; what you see may be out of date.`;
}

/**
 * @param {string} sentence
 * @param {HTMLElement} [part] of the page that was to be replaced
 */
function tell(sentence, part) {
  if (hasLine()) {
    say("reading", sentence);
    return;
  }
  notice.textContent = sentence;
  (part ?? document.getElementById("main"))?.prepend(notice);
  notice.scrollIntoView({ block: "nearest" });
}

for (const name of /** @type {const} */ (["htmx:sendError", "htmx:responseError", "htmx:timeout"])) {
  document.addEventListener(name, ({ detail: { requestConfig: request, target, xhr } }) => {
    if (!(request?.parameters?.operation && isKept())) {
      tell(describe(request, xhr?.status), target);
    }
  });
}

/* Going back in the browser asks for the page as no other request does. */
document.addEventListener("htmx:historyCacheMiss", ({ detail: { xhr } }) => {
  xhr.addEventListener("error", () => tell(describe()));
});
document.addEventListener("htmx:historyCacheMissLoadError", ({ detail: { xhr } }) =>
  tell(describe(undefined, xhr.status)),
);
document.addEventListener("htmx:historyRestore", () => clear("reading"));

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) {
    notice.remove();
    clear("reading");
  }
});

/* The answer to an edit whose form has left the page meanwhile, because someone went to another tab: it has the parts of
   the page for where they were then. What it changed is fetched for where they are now; one that was refused is said. */

import { busyParts } from "./busy.js";
import { say } from "./state_line.js";

const NO_CONTENT = 204; // htmx swaps nothing then, and follows no address

document.addEventListener("htmx:beforeSend", ({ detail: { requestConfig: request, xhr } }) => {
  if (request.verb !== "post" || !request.parameters.operation) {
    return;
  }
  let isLeft = false;
  xhr.addEventListener("readystatechange", () => {
    if (xhr.readyState === XMLHttpRequest.DONE && xhr.status === 200 && !request.elt.isConnected) {
      isLeft = true;
      Object.defineProperty(xhr, "status", { value: NO_CONTENT });
    }
  });
  xhr.addEventListener("loadend", () => {
    if (!isLeft) {
      return;
    }
    if (xhr.getResponseHeader("X-Not-Saved")) {
      say("refused", "Not saved: something in it has to be mended. Go back to it; what you typed is offered there.");
    }
    htmx.ajax("GET", location.href, { swap: "none", headers: { "X-Pulse": busyParts().join(" ") } });
  });
});

/* The answer to an edit whose form has left the page meanwhile, or is about to, because someone went to another tab: it
   has the parts of the page for where they were then. What it changed is fetched for where they are now; that one was
   refused is said. And the answer to a link that has been replaced meanwhile has all its parts put in their places. */

import { busyParts } from "./busy.js";
import { say } from "./state_line.js";

const NO_CONTENT = 204; // htmx swaps nothing then, and follows no address
/** @type {Set<XMLHttpRequest>} */
const leaving = new Set(); // requests for another content of the panel, on their way

document.addEventListener("htmx:beforeSend", ({ detail: { requestConfig: request, target, xhr } }) => {
  if (request.verb === "get" && target?.id === "panel") {
    leaving.add(xhr);
    xhr.addEventListener("loadend", () => leaving.delete(xhr));
  }
});

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
    if ((isLeft || leaving.size) && xhr.getResponseHeader("X-Not-Saved")) {
      say("refused", "Not saved: something in it has to be mended. Go back to it; what you typed is offered there.");
    }
    if (isLeft) {
      htmx.ajax("GET", location.href, { swap: "none", headers: { "X-Pulse": busyParts().join(" ") } });
    }
  });
});

/* htmx looks for the places of an answer's parts in the tree that the link stands in; one that was replaced stands in
   none. It is put aside in the page for as long as the answer takes to be shown. */
document.addEventListener("htmx:beforeSwap", ({ detail: { requestConfig: request, xhr } }) => {
  if (request?.verb === "get" && !request.elt.isConnected) {
    const aside = document.createElement("div");
    aside.hidden = true;
    aside.append(request.elt);
    document.body.append(aside);
    xhr.addEventListener("loadend", () => aside.remove());
  }
});

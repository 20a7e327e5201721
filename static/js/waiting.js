/* An answer that takes more than two seconds: a bar shows that one waits, and the live region says it. */

import { need } from "./dom.js";
import { announce } from "./live.js";

const PATIENCE = 2000; // milliseconds
let waits = 0; // requests that have taken longer than that

document.addEventListener("htmx:beforeSend", ({ detail: { requestConfig: request, xhr } }) => {
  if (request?.headers?.["X-Pulse"] !== undefined) {
    return; // nobody waits for what others do
  }
  let isLong = false;
  const timer = window.setTimeout(() => {
    isLong = true;
    waits += 1;
    need("waiting", HTMLElement).hidden = false;
    announce("Still waiting for the service…");
  }, PATIENCE);
  xhr.addEventListener("loadend", () => {
    clearTimeout(timer);
    waits -= isLong ? 1 : 0;
    need("waiting", HTMLElement).hidden = waits === 0;
  });
});

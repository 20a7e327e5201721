/* The live region that every page has: what is written there is read out. */

import { need } from "./dom.js";

/** @param {string} text what to read out; nothing takes back what hasn't been read yet */
export function announce(text) {
  need("live", HTMLElement).textContent = text;
}

/* What is unfolded in the panel stays unfolded when the panel is replaced, so that the focus can stay in it as well. */

import { all } from "./dom.js";

/** @param {Element} root */
const unfolded = (root) => all("details[open][id]", root).map((fold) => fold.id);
/** @type {string[]} */
let before = [];

document.addEventListener("htmx:oobBeforeSwap", ({ detail: { target, fragment } }) => {
  if (target?.id === "panel") {
    for (const id of unfolded(target)) {
      fragment.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
    }
  }
});

document.addEventListener("htmx:beforeSwap", ({ detail: { target, requestConfig } }) => {
  before = target.id === "panel" && requestConfig?.headers?.["X-Pulse"] ? unfolded(target) : [];
});

document.addEventListener("htmx:afterSwap", () => {
  for (const id of before.splice(0)) {
    document.getElementById(id)?.setAttribute("open", "");
  }
});

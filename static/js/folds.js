/* What is unfolded in the panel or the report stays unfolded when that is replaced, so that the focus can stay in it, and
   the whole picture and a list in sight, from one filter to the next. */

import { all } from "./dom.js";

/** @param {Element} root */
const unfolded = (root) => all("details[open][id]", root).map((fold) => fold.id);
/** @type {string[]} */
let before = [];

document.addEventListener("htmx:oobBeforeSwap", ({ detail: { target, fragment } }) => {
  if (target?.id === "panel" || target?.id === "report") {
    for (const id of unfolded(target)) {
      fragment.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
    }
  }
});

document.addEventListener("htmx:beforeSwap", ({ detail: { target, requestConfig } }) => {
  const isNews = target.id === "panel" && requestConfig?.headers?.["X-Pulse"];
  before = isNews || target.id === "report" ? unfolded(target) : [];
});

document.addEventListener("htmx:afterSwap", () => {
  for (const id of before.splice(0)) {
    document.getElementById(id)?.setAttribute("open", "");
  }
});

/* What is unfolded in the panel stays unfolded when the panel is replaced, so that the focus can stay in it as well. */
"use strict";

(() => {
  const unfolded = (root) => [...root.querySelectorAll("details[open][id]")].map((details) => details.id);
  let before = [];

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    if (target?.id === "panel") {
      for (const id of unfolded(target)) {
        fragment.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
      }
    }
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, requestConfig } = event.detail;
    before = target.id === "panel" && requestConfig?.headers?.["X-Pulse"] ? unfolded(target) : [];
  });

  document.addEventListener("htmx:afterSwap", () => {
    for (const id of before.splice(0)) {
      document.getElementById(id)?.setAttribute("open", "");
    }
  });
})();

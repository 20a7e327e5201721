/* Escape puts away what a diagram shows of the part that is pointed at, until another part is. */

import { all, closest } from "./dom.js";

/** @type {Element | null} */
let silenced = null; // the part that was put away; its tip goes from under the pointer, which is no new pointing at it
/** @type {Element | null} */
let current = null;

/** @param {boolean} isQuiet */
function quieten(isQuiet) {
  for (const diagram of all(".diagram")) {
    diagram.classList.toggle("quiet", isQuiet);
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && current) {
    silenced = current;
    quieten(true);
  }
});

for (const name of /** @type {const} */ (["focusin", "mouseover"])) {
  document.addEventListener(name, (event) => {
    current = closest(event, ".diagram .target");
    if (current !== silenced) {
      silenced = null;
      quieten(false);
    }
    if (current && name === "focusin") {
      current.querySelector(".tip")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  });
}

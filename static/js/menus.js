/* A menu lies on top of what is beside it, so it closes when one goes elsewhere, and on Escape. */

import { closest } from "./dom.js";

/** @param {Event} event */
function closeOthers(event) {
  for (const menu of document.querySelectorAll("details.menu")) {
    if (menu instanceof HTMLDetailsElement && menu.open && !menu.contains(/** @type {Node} */ (event.target))) {
      menu.open = false;
    }
  }
}

document.addEventListener("pointerdown", closeOthers);
document.addEventListener("focusin", closeOthers);
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && closest(event, ".menu[open]");
  if (menu instanceof HTMLDetailsElement) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});

/* Who else is looking at a plan. */

import { all, need } from "./dom.js";

/** @typedef {{ name: string, colour: number }} Viewer */

/** @param {Viewer} viewer */
function makeBadge(viewer) {
  const badge = document.createElement("span");
  badge.className = `viewer colour-${Number(viewer.colour)}`;
  badge.dataset.other = "";
  badge.title = viewer.name;
  badge.textContent = [...viewer.name.replace(/^Guest /, "")].slice(0, 2).join("");
  return badge;
}

/** @param {Viewer[]} viewers the others */
export function showViewers(viewers) {
  const names = viewers.map((viewer) => viewer.name);
  const line = names.length ? `Also looking: ${names.join(", ")}.` : "Nobody else is looking.";
  need("viewer-names", HTMLElement).textContent = line;
  const badges = need("viewers", HTMLElement);
  for (const badge of all("[data-other]", badges)) {
    badge.remove();
  }
  badges.append(...viewers.slice(0, 5).map(makeBadge));
}

/* Who else is looking at a plan, and where: at the endpoint or the tab that they edit. */

import { all, need } from "./dom.js";

/** @typedef {{ name: string, colour: number, endpoint: string, tab: string }} Viewer */

/** @type {Viewer[]} */
let others = [];

/** @param {Viewer} viewer */
function makeBadge(viewer) {
  const badge = document.createElement("span");
  badge.className = `viewer colour-${Number(viewer.colour)}`;
  badge.dataset.other = "";
  badge.title = viewer.name;
  badge.textContent = viewer.name.startsWith("Guest ") ? "G" : [...viewer.name].slice(0, 2).join("");
  return badge;
}

/** The part of the address that says where this page is: the endpoint that is open, or the panel. */
export function whereIAm() {
  const here = new URLSearchParams(location.search);
  const name = here.get("edit") ? "edit" : "panel";
  const value = here.get(name);
  return value ? `?${new URLSearchParams({ [name]: value })}` : "";
}

/** @param {Viewer} viewer */
function tellWhere({ name, endpoint, tab }) {
  const link = tab ? document.getElementById(`tab-${tab}`) : null;
  const where = endpoint ? `edits ${endpoint}` : link && `at ${link.firstChild?.textContent?.trim()}`;
  return where ? `${name} (${where})` : name;
}

/**
 * @param {Viewer} viewer
 * @param {string} words
 */
function makeMark(viewer, words) {
  const mark = makeBadge(viewer);
  mark.classList.add("viewer-here");
  const said = document.createElement("span");
  said.className = "visually-hidden";
  said.textContent = ` ${viewer.name} ${words}`;
  mark.setAttribute("data-here", "");
  mark.append(said);
  return mark;
}

/** Put a badge at each endpoint and tab where somebody is. */
function markPlaces() {
  for (const mark of all("[data-here]")) {
    mark.remove();
  }
  const links = others.some((viewer) => viewer.endpoint) ? all("#panel [data-endpoint]") : [];
  for (const viewer of others) {
    if (viewer.endpoint) {
      const there = links.filter((link) => link instanceof HTMLElement && link.dataset.endpoint === viewer.endpoint);
      for (const link of there) {
        link.after(makeMark(viewer, "edits this"));
      }
    } else if (viewer.tab) {
      document.getElementById(`tab-${viewer.tab}`)?.append(makeMark(viewer, "is here"));
    }
  }
}

document.addEventListener("htmx:afterSettle", markPlaces);

/** @param {Viewer[]} viewers the others */
export function showViewers(viewers) {
  others = viewers;
  const names = viewers.map(tellWhere);
  const line = names.length ? `Also looking: ${names.join(", ")}.` : "Nobody else is looking.";
  need("viewer-names", HTMLElement).textContent = line;
  const badges = need("viewers", HTMLElement);
  for (const badge of all("[data-other]", badges)) {
    badge.remove();
  }
  badges.append(...viewers.slice(0, 5).map(makeBadge));
  markPlaces();
}

/* The page that one goes back to knows of nobody, and nothing is told of them until something changes. */
document.addEventListener("htmx:historyRestore", () => showViewers(others));

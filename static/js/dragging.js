/* Endpoints dragged to another zone, as the zone field of their editor does it without a mouse. */

import { all, closest, need } from "./dom.js";
import { announce } from "./live.js";
import { isRefused } from "./state_line.js";

/** @type {{ name: string, zone: string } | null} */
let dragged = null; // the name of an endpoint and the zone it comes from

/**
 * The zone that would take what is dragged. A group of like zones is no single place: it has no data-zone.
 * @param {DragEvent} event
 */
function findZone(event) {
  const zone = dragged && closest(event, "#panel [data-zone]");
  return zone && zone.dataset.zone !== dragged?.zone ? zone : null;
}

/** @param {HTMLElement | null} zone */
function light(zone) {
  for (const other of all(".zone-over")) {
    other.classList.toggle("zone-over", other === zone);
  }
  zone?.classList.add("zone-over");
}

function end() {
  dragged = null;
  light(null);
  document.documentElement.classList.remove("is-dragging");
  for (const zone of all(".zone-open")) {
    zone.classList.remove("zone-open");
  }
}

/**
 * @param {string} name
 * @param {HTMLElement} zone
 */
function send(name, zone) {
  const form = need("mover", HTMLFormElement);
  /** @type {HTMLInputElement} */ (form.elements.namedItem("target")).value = name;
  /** @type {HTMLInputElement} */ (form.elements.namedItem("zone")).value = zone.dataset.zone ?? "";
  form.requestSubmit();
}

document.addEventListener("dragstart", (event) => {
  const link = closest(event, "#panel a[data-endpoint]");
  const { endpoint: name, from: zone } = link?.dataset ?? {};
  if (!name || !zone || !event.dataTransfer || !document.getElementById("mover")) {
    return;
  }
  dragged = { name, zone };
  event.dataTransfer.clearData(); // a link would carry the plan's secret address to wherever it is dropped
  event.dataTransfer.setData("text/plain", name);
  event.dataTransfer.effectAllowed = "move";
  // Changed at once, the page would look so in the picture that follows the pointer.
  setTimeout(() => {
    if (dragged) {
      document.documentElement.classList.add("is-dragging");
      for (const zone of all("#panel [data-zone]")) {
        zone.classList.toggle("zone-open", zone.dataset.zone !== dragged.zone);
      }
    }
  });
  announce(`${name} is being dragged. Drop it on another zone, or press Escape.`);
});

for (const name of /** @type {const} */ (["dragenter", "dragover"])) {
  document.addEventListener(name, (event) => {
    if (!dragged) {
      return;
    }
    const zone = findZone(event);
    light(zone);
    if (zone && event.dataTransfer) {
      event.preventDefault();
      event.dataTransfer.dropEffect = "move";
    }
  });
}

document.addEventListener("drop", (event) => {
  const zone = findZone(event);
  if (dragged && zone) {
    event.preventDefault();
    send(dragged.name, zone);
    end();
  }
});

/* Also after Escape, and after a drop where nothing takes it. */
document.addEventListener("dragend", () => {
  if (dragged) {
    announce(`${dragged.name} stays in ${dragged.zone}.`);
    end();
  }
});

document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig: request, successful } }) => {
  if (successful && request.path.endsWith("/endpoints/move/")) {
    const { target, zone } = request.parameters;
    announce(isRefused() ? `${target} was not moved.` : `${target} moved to ${zone}.`);
  }
});

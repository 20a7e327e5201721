/* Endpoints dragged to another zone, as the zone field of their editor does it without a mouse. */
"use strict";

(() => {
  let dragged = null; // the name of an endpoint and the zone it comes from

  /* A group of like zones is no single place, so it has no data-zone and takes nothing. */
  function findZone(event) {
    const zone = dragged && event.target.closest?.("#panel [data-zone]");
    return zone && zone.dataset.zone !== dragged.zone ? zone : null;
  }

  function light(zone) {
    for (const other of document.querySelectorAll(".zone-over")) {
      other.classList.toggle("zone-over", other === zone);
    }
    zone?.classList.add("zone-over");
  }

  function end() {
    dragged = null;
    light(null);
    document.documentElement.classList.remove("is-dragging");
    document.querySelectorAll(".zone-open").forEach((zone) => zone.classList.remove("zone-open"));
  }

  function send(zone) {
    const form = document.getElementById("mover");
    form.elements.target.value = dragged.name;
    form.elements.zone.value = zone.dataset.zone;
    form.requestSubmit();
  }

  document.addEventListener("dragstart", (event) => {
    const link = event.target.closest?.("#panel a[data-endpoint]");
    if (!link?.dataset.from || !document.getElementById("mover")) {
      return;
    }
    dragged = { name: link.dataset.endpoint, zone: link.dataset.from };
    event.dataTransfer.clearData(); // a link would carry the plan's secret address to wherever it is dropped
    event.dataTransfer.setData("text/plain", dragged.name);
    event.dataTransfer.effectAllowed = "move";
    // Changed at once, the page would look so in the picture that follows the pointer.
    setTimeout(() => {
      if (dragged) {
        document.documentElement.classList.add("is-dragging");
        for (const zone of document.querySelectorAll("#panel [data-zone]")) {
          zone.classList.toggle("zone-open", zone.dataset.zone !== dragged.zone);
        }
      }
    });
    announce(`${dragged.name} is being dragged. Drop it on another zone, or press Escape.`);
  });

  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!dragged) {
        return;
      }
      const zone = findZone(event);
      light(zone);
      if (zone) {
        event.preventDefault();
        event.dataTransfer.dropEffect = "move";
      }
    });
  }

  document.addEventListener("drop", (event) => {
    const zone = findZone(event);
    if (zone) {
      event.preventDefault();
      send(zone);
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

  document.addEventListener("htmx:afterRequest", (event) => {
    const { requestConfig, successful } = event.detail;
    if (successful && requestConfig.path.endsWith("/endpoints/move/")) {
      const { target, zone } = requestConfig.parameters;
      announce(stateLine.isRefused() ? `${target} was not moved.` : `${target} moved to ${zone}.`);
    }
  });
})();

/* A flow of one's own drawn in the picture: dragged from one endpoint to another, or with a button and then both ends.
   That only opens the form of new flows with both ends filled in. Dragged to another zone, an endpoint is moved there. */

import { all, closest, need } from "./dom.js";
import { announce } from "./live.js";
import { swallowClick } from "./picture_view.js";

const DRAGGED = 8; // pixels from which on a press of the button is no click
const SVG = "http://www.w3.org/2000/svg";

/** @type {{ name: string, x: number, y: number, line: Element | null, zone: Element | null } | null} */
let pulled = null; // the endpoint that an arrow is being drawn from, and the zone that it is in
let isDrawing = false;
let first = ""; // the source, once it is chosen

/** @param {Element | null | undefined} element */
const nameOf = (element) =>
  decodeURIComponent(element?.closest("#picture [data-name]")?.getAttribute("data-name") ?? "");

/**
 * @param {string} source
 * @param {string} destination
 */
function propose(source, destination) {
  stop();
  const link = document.getElementById("propose-flow");
  if (link instanceof HTMLAnchorElement) {
    const { pathname, search } = new URL(link.href);
    link.dataset.address = `${pathname}${search}&${new URLSearchParams({ from: source, to: destination })}`;
    announce(`A flow from ${source} to ${destination}: say its ports.`);
    link.click();
  }
}

/**
 * The zone of the picture at a point of the window, whatever lies over it there.
 * @param {number} x
 * @param {number} y
 */
function zoneAt(x, y) {
  const isUnder = (/** @type {Element} */ zone) => {
    const { left, right, top, bottom } = zone.getBoundingClientRect();
    return left <= x && x <= right && top <= y && y <= bottom;
  };
  return all("#picture .drop").find(isUnder) ?? null;
}

/**
 * The zone that would take what is pulled: one in sight, and none that it is in.
 * @param {PointerEvent} event
 */
function zoneFor(event) {
  const frame = document.getElementById("picture")?.getBoundingClientRect();
  const { clientX: x, clientY: y } = event;
  const isInSight = frame && frame.left <= x && x <= frame.right && frame.top <= y && y <= frame.bottom;
  const zone = pulled?.line && isInSight ? zoneAt(x, y) : null;
  return zone !== pulled?.zone ? zone : null;
}

/** @param {Element | null} zone */
function light(zone) {
  for (const other of all("#picture .drop")) {
    other.classList.toggle("zone-over", other === zone);
  }
}

/**
 * @param {string} name of an endpoint
 * @param {Element} zone
 */
function move(name, zone) {
  const form = need("picture-mover", HTMLFormElement);
  const to = decodeURIComponent(zone.getAttribute("data-zone-name") ?? "");
  /** @type {HTMLInputElement} */ (form.elements.namedItem("target")).value = name;
  /** @type {HTMLInputElement} */ (form.elements.namedItem("zone")).value = to;
  form.requestSubmit();
}

document.addEventListener("htmx:configRequest", ({ detail: request }) => {
  if (request.elt.id === "propose-flow") {
    request.path = request.elt.getAttribute("data-address") ?? request.path;
  }
});

// --- with the mouse ----------------------------------------------------------------------------------------------------

/**
 * A point of the window in the picture's own measure.
 * @param {SVGSVGElement} svg
 * @param {number} x
 * @param {number} y
 */
function inside(svg, x, y) {
  return new DOMPoint(x, y).matrixTransform(svg.getScreenCTM()?.inverse());
}

document.addEventListener("pointerdown", (event) => {
  const name = nameOf(closest(event, "#picture [data-name]"));
  if (name && event.pointerType !== "touch" && event.button === 0 && document.getElementById("propose-flow")) {
    const [x, y] = [event.clientX, event.clientY];
    pulled = { name, x, y, line: null, zone: zoneAt(x, y) };
  }
});

document.addEventListener("pointermove", (event) => {
  const svg = document.querySelector("#picture .diagram");
  if (!pulled || !(svg instanceof SVGSVGElement)) {
    return;
  }
  if (!pulled.line && Math.hypot(event.clientX - pulled.x, event.clientY - pulled.y) > DRAGGED) {
    pulled.line = document.createElementNS(SVG, "line");
    pulled.line.classList.add("drawn-flow");
    const start = inside(svg, pulled.x, pulled.y);
    pulled.line.setAttribute("x1", String(start.x));
    pulled.line.setAttribute("y1", String(start.y));
    svg.append(pulled.line);
  }
  const end = inside(svg, event.clientX, event.clientY);
  pulled.line?.setAttribute("x2", String(end.x));
  pulled.line?.setAttribute("y2", String(end.y));
  light(nameOf(document.elementFromPoint(event.clientX, event.clientY)) ? null : zoneFor(event));
});

document.addEventListener("pointerup", (event) => {
  const from = pulled;
  const zone = zoneFor(event);
  pulled = null;
  light(null);
  if (from?.line) {
    from.line.remove();
    swallowClick();
    const to = nameOf(document.elementFromPoint(event.clientX, event.clientY));
    if (to && to !== from.name) {
      setTimeout(() => propose(from.name, to)); // after the click that the browser makes of the drag
    } else if (!to && zone) {
      setTimeout(() => move(from.name, zone));
    }
  }
});

// --- with the button: by keyboard, by finger, by click -------------------------------------------------------------------

/** @param {string} words */
function say(words) {
  announce(words);
  const about = document.getElementById("picture-about");
  if (about) {
    about.textContent = words;
  }
}

function stop() {
  isDrawing = false;
  first = "";
  document.getElementById("draw-flow")?.setAttribute("aria-pressed", "false");
  document.getElementById("picture")?.classList.remove("picture-drawing");
}

document.addEventListener(
  "click",
  (event) => {
    if (closest(event, "#draw-flow")) {
      const isOn = !isDrawing;
      stop();
      isDrawing = isOn;
      document.getElementById("draw-flow")?.setAttribute("aria-pressed", String(isOn));
      document.getElementById("picture")?.classList.toggle("picture-drawing", isOn);
      say(isOn ? "Choose the endpoint that opens the connection, then the one that accepts it." : "No flow is drawn.");
      return;
    }
    const name = nameOf(closest(event, "#picture [data-name]"));
    if (!isDrawing || !name) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (first) {
      propose(first, name);
    } else {
      first = name;
      say(`From ${name}. Now choose the endpoint that accepts the connection.`);
    }
  },
  { capture: true },
);

/* A picture that has been replaced says anew that a flow is being drawn in it; without one nothing is drawn. */
document.addEventListener("htmx:afterSettle", () => {
  const button = document.getElementById("draw-flow");
  if (isDrawing && !button) {
    stop();
  } else if (isDrawing) {
    button?.setAttribute("aria-pressed", "true");
    document.getElementById("picture")?.classList.add("picture-drawing");
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    pulled?.line?.remove();
    pulled = null;
    light(null);
    if (isDrawing) {
      stop();
      say("No flow is drawn.");
    }
  }
});

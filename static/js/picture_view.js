/* The picture of the endpoints: nearer and further, moved, and what belongs to an endpoint lit up.

   How near one looks at it is the width and height of the drawing, and what of it is seen is how far its frame has been
   scrolled; so the browser's own ways to scroll work as well. Both stay when a change brings another picture. */

import { closest } from "./dom.js";

const STEP = 1.25;
const READABLE = 0.67; // of its size; smaller, its parts can't be hit, and the buttons beside it bring them nearer
const LEAST = 0.1;
const MOST = 4;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const MOVED = 48; // pixels for each press of an arrow key
const DRAGGED = 5; // pixels from which on a press of the button is no click

/** @type {number | null} */
let chosen = null; // of its size; null: as a whole
let seen = { left: 0, top: 0 };
let lit = ""; // the key of the box that is lit by a tap

const frame = () => document.getElementById("picture");
const drawing = () => document.querySelector("#picture .diagram");

/**
 * The width and height at full size, which the server has written.
 * @param {Element} svg
 */
function sizeOf(svg) {
  const [, , width = 1, height = 1] = (svg.getAttribute("viewBox") ?? "").split(" ").map(Number);
  if (!svg.hasAttribute("data-full")) {
    svg.setAttribute("data-full", String(Number.parseFloat(svg.getAttribute("width") ?? "")));
  }
  const full = Number(svg.getAttribute("data-full"));
  return { width: full, height: (full * height) / width };
}

/** How large the whole picture can be in its frame; never larger than it is. */
function whole() {
  const [figure, svg] = [frame(), drawing()];
  if (!figure || !svg) {
    return 1;
  }
  const style = getComputedStyle(figure);
  const size = sizeOf(svg);
  const wide = figure.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
  const high = Number.parseFloat(style.maxHeight) - 2 * Number.parseFloat(style.paddingTop) - 2;
  return Math.min(1, wide / size.width, high / size.height);
}

const scale = () => chosen ?? whole();

function show() {
  const [figure, svg] = [frame(), drawing()];
  const tools = document.getElementById("picture-tools");
  if (!figure || !svg || !tools) {
    return;
  }
  const size = sizeOf(svg);
  svg.setAttribute("width", (size.width * scale()).toFixed(1));
  svg.setAttribute("height", (size.height * scale()).toFixed(1));
  figure.classList.toggle("picture-far", scale() < READABLE);
  figure.classList.toggle("picture-moves", chosen !== null && chosen > whole());
  tools.hidden = false;
  const said = document.getElementById("zoom-size");
  if (said) {
    said.textContent = `${Math.round(scale() * 100)} %`;
  }
}

/**
 * Look from nearer or further; what is at a point of the window stays there, else what is in the middle.
 * @param {number | null} next of its size; null: as a whole
 * @param {{ x: number, y: number }} [at]
 */
function zoom(next, at) {
  const [figure, svg] = [frame(), drawing()];
  if (!figure || !svg) {
    return;
  }
  const box = figure.getBoundingClientRect();
  const point = at ?? { x: box.left + box.width / 2, y: box.top + box.height / 2 };
  const before = svg.getBoundingClientRect();
  const share = { x: (point.x - before.left) / before.width, y: (point.y - before.top) / before.height };
  chosen = next === null ? null : Math.min(MOST, Math.max(Math.min(LEAST, whole()), next));
  show();
  const after = svg.getBoundingClientRect();
  figure.scrollLeft += after.left + share.x * after.width - point.x;
  figure.scrollTop += after.top + share.y * after.height - point.y;
}

// --- buttons, keys, wheel --------------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const button = closest(event, "#picture-tools button");
  if (button?.id === "zoom-in") {
    zoom(scale() * STEP);
  } else if (button?.id === "zoom-out") {
    zoom(scale() / STEP);
  } else if (button?.id === "zoom-fit") {
    zoom(null);
  }
});

document.addEventListener("keydown", (event) => {
  const figure = frame();
  if (!figure || !closest(event, "#picture") || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const arrow = ARROWS[event.key];
  if (event.key === "+" || event.key === "=") {
    zoom(scale() * STEP);
  } else if (event.key === "-") {
    zoom(scale() / STEP);
  } else if (event.key === "0") {
    zoom(null);
  } else if (arrow && figure.matches(".picture-moves")) {
    figure.scrollBy({ left: arrow[0] * MOVED, top: arrow[1] * MOVED });
  } else {
    return;
  }
  event.preventDefault();
});

document.addEventListener(
  "wheel",
  (event) => {
    if (event.ctrlKey && closest(event, "#picture")) {
      event.preventDefault();
      zoom(scale() * Math.exp(-event.deltaY / 300), { x: event.clientX, y: event.clientY });
    }
  },
  { passive: false },
);

// --- mouse: dragged, the picture moves -------------------------------------------------------------------------------

/** @type {{ x: number, y: number, left: number, top: number, isMoved: boolean } | null} */
let grip = null;

document.addEventListener("pointerdown", (event) => {
  const figure = frame();
  const isHandled = event.pointerType === "touch" || event.button !== 0 || closest(event, "#picture [data-name]");
  if (figure && !isHandled && closest(event, "#picture")) {
    grip = { x: event.clientX, y: event.clientY, left: figure.scrollLeft, top: figure.scrollTop, isMoved: false };
  }
});
document.addEventListener("pointermove", (event) => {
  const figure = frame();
  if (figure && grip) {
    const [across, down] = [event.clientX - grip.x, event.clientY - grip.y];
    grip.isMoved ||= Math.hypot(across, down) > DRAGGED;
    figure.classList.toggle("picture-dragged", grip.isMoved);
    if (grip.isMoved) {
      figure.scrollTo({ left: grip.left - across, top: grip.top - down });
    }
  }
});
document.addEventListener("pointerup", () => {
  frame()?.classList.remove("picture-dragged");
  if (grip?.isMoved) {
    swallowClick();
  }
  grip = null;
});

/** The click that follows a drag isn't meant. */
export function swallowClick() {
  /** @param {Event} event */
  const swallow = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => document.removeEventListener("click", swallow, { capture: true })); // there may be none
}

/* Links can be dragged away; here that would be instead of moving the picture. */
document.addEventListener("dragstart", (event) => {
  if (closest(event, "#picture")) {
    event.preventDefault();
  }
});

// --- touch: one finger scrolls, as everywhere; two look from nearer ---------------------------------------------------

/** @type {{ apart: number, scale: number } | null} */
let pinch = null;

/** @param {TouchList} touches */
function measure(touches) {
  const [one, other] = [touches[0], touches[1]];
  if (!one || !other) {
    return null;
  }
  const apart = Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  return { apart, x: (one.clientX + other.clientX) / 2, y: (one.clientY + other.clientY) / 2 };
}

document.addEventListener("touchstart", (event) => {
  const fingers = closest(event, "#picture") ? measure(event.touches) : null;
  pinch = fingers && { apart: fingers.apart, scale: scale() };
});
document.addEventListener(
  "touchmove",
  (event) => {
    const fingers = pinch && measure(event.touches);
    if (pinch && fingers) {
      event.preventDefault();
      zoom((pinch.scale * fingers.apart) / pinch.apart, fingers);
    }
  },
  { passive: false },
);
document.addEventListener("touchend", () => {
  pinch = null;
});

// --- what belongs together ---------------------------------------------------------------------------------------------

/**
 * Light up a box with its lines and their other ends, or a line with both ends; the rest fades.
 * @param {Element | null} target what is pointed at, or null
 */
function light(target) {
  const svg = drawing();
  if (!svg) {
    return;
  }
  const key = target?.getAttribute("data-target") ?? "";
  const ends = target?.getAttribute("data-target-ends") ?? "";
  svg.classList.toggle("lighting", Boolean(key || ends));
  const boxes = new Set([key, ...ends.split(" ")]);
  for (const line of svg.querySelectorAll("[data-ends]")) {
    const both = (line.getAttribute("data-ends") ?? "").split(" ");
    const isLit = key ? both.includes(key) : line.getAttribute("data-ends") === ends;
    line.classList.toggle("lit", isLit);
    if (isLit) {
      for (const end of both) {
        boxes.add(end);
      }
    }
  }
  for (const box of svg.querySelectorAll("[data-box]")) {
    box.classList.toggle("lit", boxes.has(box.getAttribute("data-box") ?? ""));
  }
  tell(target);
}

/** @param {Element | null} target */
function tell(target) {
  const about = document.getElementById("picture-about");
  const rules = document.getElementById("picture-rules");
  const said = target?.getAttribute("data-rules");
  if (about && rules && said) {
    about.textContent = said;
    const address = new URL(target?.getAttribute("href") ?? "", location.href);
    address.searchParams.delete("view"); // of its flows; without one it is that of its rules
    rules.setAttribute("href", address.pathname + address.search);
    rules.hidden = false;
  }
}

const tapped = () => (lit ? document.querySelector(`#picture [data-target="${lit}"]`) : null);

/** @param {Event} event */
const pointedAt = (event) => closest(event, "#picture [data-target], #picture [data-target-ends]");

for (const name of /** @type {const} */ (["mouseover", "focusin"])) {
  document.addEventListener(name, (event) => {
    if (frame()) {
      light(pointedAt(event) ?? focused() ?? tapped());
    }
  });
}
document.addEventListener("focusout", () => light(tapped()));

function focused() {
  return document.activeElement?.closest("#picture [data-target], #picture [data-target-ends]") ?? null;
}

/* Focused by a finger, an endpoint near the border would be scrolled away from below it, and the tap would miss it. */
let isTouched = false;
document.addEventListener("pointerdown", (event) => {
  isTouched = event.pointerType === "touch";
});
document.addEventListener("mousedown", (event) => {
  if (isTouched && pointedAt(event)) {
    event.preventDefault();
  }
});

/* A finger can't point: the first tap lights up, the second follows. */
document.addEventListener(
  "click",
  (event) => {
    const target = pointedAt(event);
    const key = target?.getAttribute("data-target") ?? "";
    if (/** @type {PointerEvent} */ (event).pointerType === "touch" && closest(event, "#picture")) {
      if (key && key !== lit) {
        event.preventDefault();
        event.stopPropagation();
      }
      lit = key;
      light(target);
    }
  },
  { capture: true },
);

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && frame()) {
    lit = "";
    light(null);
  }
});

// --- a picture that comes ----------------------------------------------------------------------------------------------

function arrive() {
  show();
  frame()?.scrollTo({ left: seen.left, top: seen.top });
  light(focused() ?? tapped());
}

document.addEventListener("htmx:beforeSwap", () => {
  const figure = frame();
  seen = figure ? { left: figure.scrollLeft, top: figure.scrollTop } : seen;
});
document.addEventListener("htmx:afterSwap", arrive);
window.addEventListener("resize", show);
arrive();

/* A picture that is wider than its place is shown as a whole while that can be read, else at its size; a button changes
   between the two. */

import { all, closest } from "./dom.js";

const READABLE = 0.67; // of its size; smaller, it could be neither read nor hit
/** @type {boolean | null} */
let chosen = null; // what was asked for last, for the pictures to come
let isDue = false;

/** @param {HTMLElement} picture */
function fit(picture) {
  const size = picture.parentElement?.querySelector(".picture-size");
  const drawing = picture.querySelector(".diagram");
  if (!(size instanceof HTMLElement) || !drawing || !picture.clientWidth) {
    return;
  }
  const style = getComputedStyle(picture);
  const room = picture.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const scale = room / parseFloat(drawing.getAttribute("width") ?? "");
  const shrinks = picture.matches(".picture-overview") && !drawing.matches(".diagram-large");
  const fits = scale >= 1 || shrinks;
  const isWhole = !fits && (chosen ?? scale >= READABLE);
  picture.classList.toggle("fit", isWhole);
  size.hidden = fits;
  if (size.firstElementChild) {
    size.firstElementChild.textContent = isWhole ? "Show at full size" : "Show as a whole";
  }
}

function fitAll() {
  for (const picture of all(".picture")) {
    fit(picture);
  }
}

/* An answer has several parts, and to look at a picture has the page laid out: once, when all of them are in. */
function fitSoon() {
  if (!isDue) {
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      fitAll();
    });
  }
}

document.addEventListener("click", (event) => {
  const button = closest(event, ".picture-size button");
  if (button) {
    chosen = !button.closest("section")?.querySelector(".picture")?.matches(".fit");
    fitAll();
  }
});
document.addEventListener("htmx:afterSwap", fitSoon);
document.addEventListener("toggle", fitAll, { capture: true }); // one that was folded away had no width
window.addEventListener("resize", fitAll);
fitAll();

/* Escape puts away what a diagram shows of the part that is pointed at, until another part is. A picture that is wider
   than its place is shown as a whole while that can be read, else at its size; a button changes between the two. */
"use strict";

(() => {
  let silenced = null; // the part that was put away; its tip goes from under the pointer, which is no new pointing at it
  let current = null;

  const quieten = (quiet) => {
    for (const diagram of document.querySelectorAll(".diagram")) {
      diagram.classList.toggle("quiet", quiet);
    }
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && current) {
      silenced = current;
      quieten(true);
    }
  });

  for (const name of ["focusin", "mouseover"]) {
    document.addEventListener(name, (event) => {
      current = event.target.closest(".diagram .target");
      if (current !== silenced) {
        silenced = null;
        quieten(false);
      }
      if (current && name === "focusin") {
        current.querySelector(".tip")?.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
    });
  }

  const READABLE = 0.67; // of its size; smaller, it could be neither read nor hit
  let chosen = null; // what was asked for last, for the pictures to come

  function fitAll() {
    for (const picture of document.querySelectorAll(".picture")) {
      const size = picture.parentElement.querySelector(".picture-size");
      const drawing = picture.querySelector(".diagram");
      const style = getComputedStyle(picture);
      const room = picture.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      const scale = room / parseFloat(drawing.getAttribute("width"));
      const shrinks = picture.matches(".picture-overview") && !drawing.matches(".diagram-large");
      const fits = scale >= 1 || shrinks;
      const fit = !fits && (chosen ?? scale >= READABLE);
      picture.classList.toggle("fit", fit);
      size.hidden = fits;
      size.firstElementChild.textContent = fit ? "Show at full size" : "Show as a whole";
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".picture-size button");
    if (button) {
      chosen = !button.closest("section").querySelector(".picture").matches(".fit");
      fitAll();
    }
  });
  document.addEventListener("htmx:afterSwap", fitAll);
  document.addEventListener("htmx:oobAfterSwap", fitAll);
  addEventListener("resize", fitAll);
  fitAll();
})();

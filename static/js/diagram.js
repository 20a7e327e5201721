/* Escape puts away what a diagram shows of the part that is pointed at, until another part is. */
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
})();

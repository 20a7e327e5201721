/* Escape puts away what a diagram shows of the part that is pointed at, until another part is. */
"use strict";

(() => {
  const quieten = (quiet) => {
    for (const diagram of document.querySelectorAll(".diagram")) {
      diagram.classList.toggle("quiet", quiet);
    }
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      quieten(true);
    }
  });
  for (const name of ["focusin", "mouseover"]) {
    document.addEventListener(name, (event) => {
      const target = event.target.closest(".diagram .target");
      if (target) {
        quieten(false);
        if (name === "focusin") {
          target.querySelector(".tip")?.scrollIntoView({ block: "nearest", inline: "nearest" });
        }
      }
    });
  }
})();

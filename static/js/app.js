/* What plain HTML can't do: keyboard shortcuts and announcements. Every page works without this file. */
"use strict";

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const search = document.querySelector("input[type=search]:not([disabled])");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
});

/* A failed request is said out loud and in sight; the page stays as it was. */
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    const state = document.getElementById("state");
    const saving = event.detail?.requestConfig?.verb === "post";
    const text = saving
      ? "Not saved: the service can't be reached. Your input is still here; try again."
      : "The service can't be reached; what you see may be out of date.";
    if (state) {
      state.textContent = text;
      state.dataset.state = "failed";
    }
    document.getElementById("live").textContent = text;
  });
}

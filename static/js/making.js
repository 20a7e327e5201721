/* A file that is being made: what is being done is read out once, and the file is saved when it is there. */

import { announce } from "./live.js";

let told = "";

function look() {
  const said = document.getElementById("making-said")?.textContent?.trim() ?? "";
  const step = said.replace(/, \d+ of \d+/, ""); // a count that goes up is not read out
  if (step && step !== told) {
    told = step;
    announce(said);
  }
}

document.addEventListener("htmx:afterSwap", () => {
  const over = document.querySelector("#making[data-over]");
  if (!(over instanceof HTMLElement)) {
    look();
    return;
  }
  const lead = over.querySelector(".lead")?.textContent?.trim() ?? "";
  announce(`${lead} ${over.querySelector(".notice")?.textContent ?? ""}`);
  const first = over.querySelector("a");
  if (document.activeElement === document.body || over.contains(document.activeElement)) {
    first?.focus(); // where the button to cancel had been
  }
  if (first instanceof HTMLAnchorElement && first.id === "made") {
    window.location.assign(first.href);
  }
});
look();

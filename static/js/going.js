/* What goes from a page goes in one piece. htmx takes leave of each element that goes: it asks all that it stands in for
   extensions, and tells of it by two events, which for a report of thousands takes as long as to show the next one. Only
   what is asked for by a clock, or by something outside of it, has to be let go of, and says so by `hx-trigger`: that is
   all that htmx still finds in there. */

import { all } from "./dom.js";

document.addEventListener("htmx:beforeCleanupElement", ({ target }) => {
  if (target instanceof Element && target.firstElementChild) {
    target.replaceChildren(...all("[hx-trigger]", target));
  }
});

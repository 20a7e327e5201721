/* Existing rules: a firewall of the plan says what wrote its configuration, and what has been answered can be left. */

import { need } from "./dom.js";

const form = need("existing-form", HTMLFormElement);

form.addEventListener("change", ({ target }) => {
  if (target instanceof HTMLSelectElement && target.name === "firewall") {
    const format = target.selectedOptions[0]?.dataset.writtenBy;
    if (format) {
      need("existing-format", HTMLSelectElement).value = format;
    }
  }
});

/* The form stays with what was sent; leaving.js asks nothing about it until something else is typed. */
document.addEventListener("htmx:afterSettle", () => {
  form.toggleAttribute("data-answered", Boolean(document.querySelector("#existing-answer > [role=status]")));
});
form.addEventListener("input", () => form.removeAttribute("data-answered"));

/* What is typed into a form with `data-keeps` and meets the login in place of an answer is in the form again afterwards. */

import { all } from "./dom.js";
import { isField } from "./fields.js";
import { announce } from "./live.js";
import { keepSent, takeSent } from "./sent.js";

const GUARDS = ["csrfmiddlewaretoken", "operation"];

/**
 * A form is known by where it is sent to and by what its hidden fields say that it is about.
 * @param {HTMLFormElement} form
 */
function keyOf(form) {
  const hidden = /** @type {HTMLInputElement[]} */ (all("input[type=hidden]", form));
  const about = hidden.filter(({ name }) => !GUARDS.includes(name)).map(({ value }) => value);
  return ["sent", new URL(form.action).pathname, ...about].join(" ");
}

/** @param {HTMLFormElement} form */
const textsOf = (form) => all("textarea, input:not([type])", form).filter(isField);

/** @param {HTMLFormElement} form */
function putBack(form) {
  const kept = /** @type {Record<string, string> | null} */ (takeSent(keyOf(form))) ?? {};
  const lost = textsOf(form).filter((field) => kept[field.name] && field.value !== kept[field.name]);
  for (const field of lost) {
    field.value = kept[field.name] ?? "";
    for (let fold = field.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) {
      fold.open = true;
    }
  }
  if (lost.length) {
    lost[0]?.focus();
    announce("What you sent is in the form again, as no answer to it was seen.");
  }
}

for (const form of all("form[data-keeps]")) {
  if (form instanceof HTMLFormElement) {
    putBack(form);
  }
}

/* A form may have come since, with a part of the page or by going back. */
document.addEventListener("submit", ({ target: form }) => {
  if (form instanceof HTMLFormElement && form.matches("[data-keeps]")) {
    keepSent(keyOf(form), Object.fromEntries(textsOf(form).map((field) => [field.name, field.value])));
  }
});

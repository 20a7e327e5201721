/* The forms of a plan whose input is kept: what is typed into them, and how to put it there again. */

import { all } from "./dom.js";
import { isBox, isChanged, isField } from "./fields.js";

/** @typedef {import("./fields.js").Field} Field */

const WORDS = ["about", "target", "service", "choice", "caveat", "firewall", "module"]; // hidden: what a form is about
const IDENTITY = ["key", ...WORDS]; // rows without a name of their own have a key
const SKIPPED = "[type=hidden], [type=password], [type=file]"; // never tokens or files

/**
 * The name of a form that outlives its page.
 * @param {string} path that it is sent to
 * @param {(name: string) => string | undefined} value what its field of a name says
 */
export const nameOf = (path, value) => `${path} ${IDENTITY.map(value).find(Boolean) ?? ""}`;

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 */
function hiddenField(form, name) {
  const field = form.elements.namedItem(name);
  return field instanceof HTMLInputElement ? field : null;
}

/** @param {HTMLFormElement} form */
export const keyOf = (form) => nameOf(new URL(form.action).pathname, (name) => hiddenField(form, name)?.value);

/**
 * What a form is about, in words; empty where its fields say it.
 * @param {HTMLFormElement} form
 */
export const aboutOf = (form) => WORDS.map((name) => hiddenField(form, name)?.value).find(Boolean) ?? "";

/**
 * The forms on the page whose input is kept: those that one can fill in. What an import would do is made anew from its
 * table, and goes where that goes: one key for both would put the one's input into the other.
 * @returns {HTMLFormElement[]}
 */
export function draftForms() {
  return all("#panel form[method=post]:not(#import-preview)")
    .filter((form) => form instanceof HTMLFormElement)
    .filter((form) => hiddenField(form, "base") && group(form).size);
}

/** @param {string} key */
export const findForm = (key) => draftForms().find((form) => keyOf(form) === key);

/**
 * The revision that a form was made for.
 * @param {HTMLFormElement} form
 */
export const baseOf = (form) => hiddenField(form, "base")?.value ?? "";

/**
 * @param {HTMLFormElement} form
 * @param {string} base
 */
function setBase(form, base) {
  const field = hiddenField(form, "base");
  if (field) {
    field.value = base;
  }
}

/**
 * The fields of a form by their names.
 * @param {HTMLFormElement} form
 */
function group(form) {
  /** @type {Map<string, Field[]>} */
  const groups = new Map();
  for (const field of form.elements) {
    if (isField(field) && field.name && !field.matches(SKIPPED)) {
      groups.set(field.name, [...(groups.get(field.name) ?? []), field]);
    }
  }
  return groups;
}

/** @param {Field[]} fields of one name */
const valuesOf = (fields) => fields.filter((field) => !isBox(field) || field.checked).map((field) => field.value);

/**
 * What is typed into a form and differs from the server's; of one that nothing stored says, everything.
 * @param {HTMLFormElement} form
 * @returns {Record<string, string[]>}
 */
export function typedInto(form) {
  const isAll = form.closest("[data-unsaved=whole]");
  const typed = [...group(form)].filter(([, fields]) => isAll || fields.some(isChanged));
  return Object.fromEntries(typed.map(([name, fields]) => [name, valuesOf(fields)]));
}

/** @param {Field} field */
function labelOf(field) {
  const legend = isBox(field) ? field.closest("fieldset")?.querySelector("legend") : null;
  const label = legend ?? (isBox(field) ? null : field.labels?.[0]);
  const words = field.getAttribute("aria-label") ?? label?.textContent ?? "";
  return words.replaceAll(/\s+/g, " ").trim().replace(/\.$/, ""); // it becomes a part of a sentence
}

/**
 * What fields of a form are called on the page; of boxes, what their group is.
 * @param {HTMLFormElement} form
 * @param {string[]} names
 * @returns {Record<string, string>} by name; without those that are called nothing
 */
export function labelsOf(form, names) {
  const groups = group(form);
  const labels = names.map((name) => [name, (groups.get(name) ?? []).map(labelOf).find(Boolean)]);
  return Object.fromEntries(labels.filter(([, label]) => label));
}

/**
 * Whether a form says just that.
 * @param {HTMLFormElement} form
 * @param {Record<string, string[]>} fields
 */
export function stands(form, fields) {
  const now = group(form);
  return Object.entries(fields).every(([name, values]) => String(valuesOf(now.get(name) ?? [])) === String(values));
}

/**
 * Put the values of a name into its fields; of those that aren't boxes each has its own, in their order.
 * @param {Field[]} fields
 * @param {string[]} values
 */
function fillAll(fields, values) {
  const own = fields.filter((field) => !isBox(field));
  return fields.map((field) => fill(field, values, values[own.indexOf(field)]));
}

/**
 * @param {Field} field
 * @param {string[]} values of its name
 * @param {string} [value] its own
 * @returns {boolean} whether its value is still offered
 */
function fill(field, values, value = "") {
  if (isBox(field)) {
    field.checked = values.includes(field.value);
  } else if (field instanceof HTMLSelectElement && ![...field.options].some((option) => option.value === value)) {
    return false;
  } else {
    field.value = value;
  }
  return true;
}

/**
 * Put kept input into its form again, and the focus there.
 * @param {HTMLFormElement} form
 * @param {import("./draft_store.js").Draft} draft
 * @returns {boolean} whether every value is still offered by the form
 */
export function restoreInto(form, draft) {
  const groups = group(form);
  const entries = Object.entries(draft.fields);
  const filled = entries.flatMap(([name, values]) => fillAll(groups.get(name) ?? [], values));
  setBase(form, draft.base);
  const first = groups.get(entries[0]?.[0] ?? "")?.[0];
  for (let fold = first?.closest("details"); fold; fold = fold.parentElement?.closest("details")) {
    fold.open = true;
  }
  first?.focus();
  return filled.every(Boolean) && entries.every(([name]) => groups.has(name));
}

/**
 * Send a form that a click on its choice sends: it has no button.
 * @param {HTMLFormElement} form
 */
export function sendChoice(form) {
  const box = [...form.elements].find((field) => isField(field) && isBox(field));
  if (box && !form.querySelector("button:not(noscript *)")) {
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

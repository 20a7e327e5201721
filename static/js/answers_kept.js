/* The answers of the guided start over a reload and a step back: kept in sessionStorage of this tab, and put back only
   when the page is read again. Storage may be full or forbidden; then nothing is kept, and everything else works. */

import { all } from "./dom.js";
import { forgetNames } from "./kept_answers.js";

const KEY = `answers:${location.pathname}${location.search}`;
const form = document.getElementById("guided-form");

/** @returns {[string, string][]} what the form says, but for what guards it */
function read() {
  const found = form instanceof HTMLFormElement ? [...new FormData(form)] : [];
  return /** @type {[string, string][]} */ (
    found.filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken")
  );
}

function keep() {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(read()));
  } catch {
    // full or forbidden
  }
}

/** @returns {[string, string][]} */
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
  } catch {
    return [];
  }
}

/**
 * @param {HTMLFormElement} where
 * @param {[string, string][]} pairs
 */
function putBack(where, pairs) {
  const names = new Set(pairs.map(([name]) => name));
  for (const field of all("input, textarea", where)) {
    if (field instanceof HTMLInputElement && ["radio", "checkbox"].includes(field.type) && names.has(field.name)) {
      field.checked = pairs.some(([name, value]) => name === field.name && value === field.value);
    } else if (field instanceof HTMLTextAreaElement || (field instanceof HTMLInputElement && field.type === "text")) {
      field.value = pairs.find(([name]) => name === field.name)?.[1] ?? field.value;
    }
  }
  // What the answers leave open is asked only once they are weighed: until then its answers go along unseen.
  const there = new Set([...new FormData(where).keys()]);
  const unseen = pairs.filter(([name]) => !there.has(name));
  const carried = unseen.map(([name, value]) => {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    where.append(field);
    return field;
  });
  // The form is sent by itself once the page shows (its trigger `pageshow`).
  const clear = () => {
    for (const field of carried) {
      field.remove();
    }
  };
  document.addEventListener("htmx:afterRequest", clear, { once: true });
}

const [entry] = performance.getEntriesByType("navigation");
const isAgain = entry instanceof PerformanceNavigationTiming && entry.type !== "navigate"; // by a reload, or back
if (!isAgain) {
  forgetNames(); // the way back by their button carries them in the form
}
if (form instanceof HTMLFormElement) {
  if (isAgain && kept().length > 0) {
    putBack(form, kept());
  }
  for (const happens of ["input", "change"]) {
    form.addEventListener(happens, keep);
  }
  document.addEventListener("htmx:afterSettle", keep);
}

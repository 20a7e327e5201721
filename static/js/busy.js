/* Which parts of a plan's page must stay as they are, because someone is working in them. */

import { need } from "./dom.js";
import { fieldsOf, isBox, isChanged, isField } from "./fields.js";

/**
 * Whether someone types in a part. A box that is only looked at gets the focus back when its part is replaced, if it can
 * be found again.
 * @param {Element} part
 */
function isTyping(part) {
  const active = document.activeElement;
  return part.contains(active) && isField(active) && !(isBox(active) && active.id);
}

/**
 * Someone types in the panel, or it holds what the server refused, or an endpoint is on its way to another zone.
 * @param {boolean} isOld whether the panel is older than the page: then it stays for what is typed, not for the focus
 */
function isPanelBusy(isOld) {
  const panel = need("panel", HTMLElement);
  const keeps = panel.matches("[data-unsaved]") || panel.querySelector("[data-unsaved]");
  const drags = document.documentElement.classList.contains("is-dragging");
  return Boolean(keeps) || drags || (isTyping(panel) && !isOld) || fieldsOf(panel).some(isChanged);
}

/* Someone sets the state of rules, or has been refused: the form and its boxes stay, whatever rows come in. */
function isStateBusy() {
  const form = document.getElementById("state-form");
  const isRefused = form?.querySelector(".error");
  return form !== null && (Boolean(isRefused) || isTyping(form) || fieldsOf(form).some(isChanged));
}

function isFilterBusy() {
  const forms = ["filters", "ask"].map((id) => document.getElementById(id));
  return forms.some((form) => form !== null && isTyping(form)) || isStateBusy();
}

/**
 * The ids of the parts that must stay.
 * @param {boolean} [isOld] whether the panel is older than the page
 */
export function busyParts(isOld = false) {
  const parts = [];
  if (isPanelBusy(isOld)) {
    parts.push("panel");
  }
  if (isFilterBusy()) {
    parts.push("filters");
  }
  return parts;
}

/* What a change of the plan must not move: how far one has scrolled, what is unfolded, what stands in the filter. */

import { all } from "./dom.js";
import { isBox, isField } from "./fields.js";

/** @typedef {ReturnType<typeof takeNote>} Note */

const STATES = "/rules/state/"; // where the states of rules are sent; its answer has what stays of them

const side = () => /** @type {HTMLElement} */ (document.querySelector(".side"));

/** @returns {HTMLDetailsElement[]} */
function folds() {
  return all("#panel details[id], #report details[id]").filter((fold) => fold instanceof HTMLDetailsElement);
}

/**
 * The ids of what is around an element, from the inside out.
 * @param {Element | null} element
 */
function listAround(element) {
  const ids = [];
  for (let part = element?.parentElement; part && part !== document.body; part = part.parentElement) {
    if (part.id) {
      ids.push(part.id);
    }
  }
  return ids;
}

/**
 * What stands in the fields of a form that have an id.
 * @param {string} form
 */
function listValues(form) {
  return all(`${form} :is(input, select, textarea)[id]`)
    .filter(isField)
    .filter((field) => !isBox(field))
    .map(({ id, value }) => ({ id, value }));
}

/** @param {HtmxRequest} [request] */
function takeNote(request) {
  const active = document.activeElement;
  const task = active?.closest("#todo li");
  const isText = active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement;
  return {
    active: active?.id ?? "",
    around: listAround(active),
    task: task ? all("#todo li").indexOf(/** @type {HTMLElement} */ (task)) : -1,
    side: side().scrollTop,
    page: window.scrollY,
    folds: new Map(folds().map((fold) => [fold.id, fold.open])),
    filters: all("#filters input[id]")
      .filter((field) => field instanceof HTMLInputElement)
      .map(({ id, value }) => ({ id, value })),
    typed: [...listValues("#ask"), ...(request?.path.endsWith(STATES) ? [] : listValues("#state-form"))],
    selection: isText ? { start: active.selectionStart, end: active.selectionEnd } : null,
  };
}

/**
 * What the answer unfolded itself, for an error or for the focus, stays unfolded.
 * @param {Note} note
 */
function restoreFolds(note) {
  for (const fold of folds()) {
    if (!fold.querySelector(".error, [autofocus]")) {
      fold.open = note.folds.get(fold.id) ?? fold.open;
    }
  }
}

/**
 * What was typed into the filter and not sent yet isn't in the address, so the server doesn't know it.
 * @param {Note} note
 */
function restoreFilters(note) {
  const changed = note.filters.filter(({ id, value }) => {
    const field = document.getElementById(id);
    const differs = field instanceof HTMLInputElement && field.value !== value;
    if (differs) {
      field.value = value;
    }
    return differs;
  });
  if (changed.length) {
    const active = document.activeElement;
    if (active instanceof HTMLInputElement && active.id === note.active && note.selection?.start != null) {
      active.setSelectionRange(note.selection.start, note.selection.end);
    }
    htmx.trigger("#filters", "submit");
  }
}

const isLost = () => document.activeElement === document.body || document.activeElement === null;

/**
 * Nor does it know what was typed to be asked, or to be said of rules. That waits until it is sent.
 * @param {Note} note
 */
function restoreTyped(note) {
  for (const { id, value } of note.typed) {
    const field = document.getElementById(id);
    if (isField(field) && field.value !== value) {
      field.value = value; // a date that is half typed says nothing, and would lose its half
    }
  }
}

/**
 * After the last undo there is nothing more to undo, and a button that is off can't have the focus. What is done is no
 * longer among what is to be done: the next has its place.
 * @param {Note} note
 */
function restoreFocus(note) {
  if (isLost() && (note.active === "undo" || note.active === "redo")) {
    all("#undo:enabled, #redo:enabled")[0]?.focus();
  }
  if (isLost() && note.task >= 0) {
    const tasks = all("#todo li");
    const next = tasks[Math.min(note.task, tasks.length - 1)]?.querySelector("a, button");
    const goal = next ?? document.getElementById("todo-done");
    if (goal instanceof HTMLElement) {
      goal.focus();
    }
  }
}

/**
 * Whatever had the focus is gone, and nothing new has taken it: it goes to what is left around there, never to nothing.
 * @param {string[]} around
 */
function catchFocus(around) {
  const part = around.map((id) => document.getElementById(id)).find((part) => part?.isConnected && !part.hidden);
  const goal = part?.querySelector("h2[tabindex], a[aria-current]") ?? part ?? document.getElementById("main");
  if (goal instanceof HTMLElement) {
    goal.matches("a, button, [tabindex]") || goal.setAttribute("tabindex", "-1");
    goal.focus({ preventScroll: true });
  }
}

/** @param {Note} note */
function restore(note) {
  restoreFolds(note);
  restoreFilters(note);
  restoreTyped(note);
  restoreFocus(note);
  if ((document.activeElement?.id ?? "") === note.active) {
    side().scrollTop = note.side;
    window.scrollTo(window.scrollX, note.page);
  } // else the focus has gone to something new, and the page to it
}

/* What is new has taken the focus by the time that the answer is through (`loadend`), which is before anything is painted. */
document.addEventListener("htmx:beforeSwap", ({ detail: { requestConfig: request, xhr } }) => {
  const around = isLost() ? null : listAround(document.activeElement);
  const isKept = request?.verb === "post" || request?.headers?.["X-Pulse"] !== undefined;
  const note = isKept ? takeNote(request) : null;
  xhr.addEventListener("loadend", () => {
    if (note) {
      restore(note);
    }
    if (isLost() && around) {
      catchFocus(around);
    }
  });
});

/* What is typed and not saved yet outlives a reload or a crash: it is kept in this tab and offered back.

   Of each form, the fields that differ from the server's, with the revision that they were typed on: sent later, they
   clash with what others have changed in between as if they had been sent then. */

import { closest, need } from "./dom.js";
import {
  aboutOf,
  baseOf,
  draftForms,
  findForm,
  keyOf,
  nameOf,
  restoreInto,
  sendChoice,
  stands,
  typedInto,
} from "./draft_forms.js";
import { dropDraft, goBack, readDrafts, takeComingBack, writeDrafts } from "./draft_store.js";
import { isField } from "./fields.js";
import { announce } from "./live.js";
import { isWaiting } from "./saving.js";

/** @typedef {import("./draft_store.js").Draft} Draft */

let timer = 0;

/**
 * A form that came back with errors has the refused values for its own; they are not saved all the same.
 * @param {HTMLFormElement} form
 * @param {string} href where it is
 */
function keep(form, href) {
  const drafts = readDrafts();
  const key = keyOf(form);
  const refused = form.closest("[data-unsaved]") ? drafts[key]?.fields : {};
  const fields = { ...refused, ...typedInto(form) };
  if (Object.keys(fields).length) {
    drafts[key] = { base: baseOf(form), about: aboutOf(form), href, fields };
  } else {
    delete drafts[key];
  }
  writeDrafts(drafts);
}

function flush() {
  clearTimeout(timer);
  timer = 0;
  for (const form of draftForms()) {
    const href = form.dataset.typed;
    if (href !== undefined) {
      delete form.dataset.typed;
      keep(form, href);
    }
  }
}

for (const name of ["input", "change"]) {
  document.addEventListener(name, (event) => {
    const form = event.target instanceof Element && isField(event.target) ? event.target.form : null;
    if (form && draftForms().includes(form)) {
      form.dataset.typed = location.pathname + location.search; // by `popstate` that is where one goes back to
      timer ||= window.setTimeout(flush, 200);
    }
  });
}
window.addEventListener("pagehide", flush);
window.addEventListener("popstate", flush); // htmx replaces the page by the one that one goes back to

/**
 * What came back refused stands in its form, on the revision of that.
 * @param {string} key
 */
function stay(key) {
  const drafts = readDrafts();
  const form = findForm(key);
  const draft = drafts[key];
  if (form?.closest("[data-unsaved]") && draft) {
    draft.base = baseOf(form);
    writeDrafts(drafts);
  }
}

document.addEventListener("edit-answered", ({ detail: { request, isTaken } }) => {
  const key = nameOf(request.path, (name) => request.parameters[name]);
  if (isTaken) {
    dropDraft(key);
  } else {
    stay(key);
  }
  offer();
});

// --- offering it back ------------------------------------------------------------------------------------------------

/* Looked up at each use: going back in the browser replaces all that is in the page. */
const findBox = () => need("draft", HTMLElement);

/* The first input that is kept and stands in no form; its words, when its form is gone. */
function findLost() {
  return Object.entries(readDrafts()).find(([key, draft]) => {
    const form = findForm(key);
    return !form || !(stands(form, draft.fields) || Object.keys(typedInto(form)).length);
  });
}

/** @param {Draft} draft */
function describe(draft) {
  const fields = Object.keys(draft.fields).map((name) => name.replaceAll("_", " "));
  return `${fields.join(", ")}${draft.about ? ` of ${draft.about}` : ""}.`;
}

/** @param {Draft} draft */
function quote(draft) {
  return Object.entries(draft.fields)
    .map(([name, values]) => `${name}: ${values.join(", ")}`)
    .join("\n");
}

/** @param {string} [gone] the key of a draft whose form was looked for and isn't there any more */
function offer(gone) {
  flush();
  const [key, draft] = findLost() ?? [];
  const box = findBox();
  box.hidden = !draft || isWaiting();
  box.dataset.key = key ?? "";
  const isGone = draft !== undefined && key === gone;
  need("draft-restore", HTMLElement).hidden = isGone;
  need("draft-words", HTMLElement).textContent = isGone
    ? "Input that was not saved. Its form isn't there any more; this is what it said:"
    : draft
      ? `Input that was not saved: ${describe(draft)}`
      : "";
  need("draft-text", HTMLElement).textContent = isGone ? quote(draft) : "";
}

/**
 * @param {HTMLFormElement} form
 * @param {Draft} draft
 */
function putBack(form, draft) {
  const isAll = restoreInto(form, draft);
  announce(isAll ? "Restored. It isn't saved yet." : "Restored but for what is no longer offered. It isn't saved yet.");
  sendChoice(form);
}

function restore() {
  const { key = "" } = findBox().dataset;
  const draft = readDrafts()[key];
  const form = findForm(key);
  if (form && draft) {
    putBack(form, draft);
    offer();
  } else if (draft) {
    goBack(key, draft);
  }
}

function discard() {
  dropDraft(findBox().dataset.key ?? "");
  offer();
  announce("Discarded.");
}

document.addEventListener("click", (event) => {
  if (closest(event, "#draft-restore")) {
    restore();
  } else if (closest(event, "#draft-discard")) {
    discard();
  }
});

/* By then htmx knows the forms of the page: putting a choice back sends it. */
document.addEventListener("DOMContentLoaded", () => {
  const key = takeComingBack();
  const form = key && findForm(key);
  const draft = key && readDrafts()[key];
  if (form && draft) {
    putBack(form, draft);
  }
  offer(key);
});
document.addEventListener("htmx:beforeRequest", flush); // its answer may take the form away
document.addEventListener("htmx:afterSettle", () => offer());

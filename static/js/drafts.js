/* What is typed and not saved yet outlives a reload or a crash: it is kept in this tab and offered back.

   Of each form, the fields that differ from the server's, with the revision that they were typed on: sent later, they
   clash with what others have changed in between as if they had been sent then. */

import { need } from "./dom.js";
import {
  aboutOf,
  baseOf,
  draftForms,
  findForm,
  keyOf,
  labelsOf,
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
import { revision } from "./state_line.js";

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
    const labels = labelsOf(form, Object.keys(fields));
    drafts[key] = { base: baseOf(form), about: aboutOf(form), href, fields, labels };
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

/**
 * What is taken is no draft any more; what was typed since it was sent is one on what that has left.
 * @param {string} key
 * @param {HtmxRequest} request
 */
function settle(key, { parameters }) {
  const drafts = readDrafts();
  const draft = drafts[key];
  const entries = Object.entries(draft?.fields ?? {});
  if (draft && entries.some(([name, values]) => String([parameters[name] ?? []].flat()) !== String(values))) {
    draft.base = String(revision());
  } else {
    delete drafts[key];
  }
  writeDrafts(drafts);
}

document.addEventListener("edit-answered", ({ detail: { request, isTaken } }) => {
  const key = nameOf(request.path, (name) => request.parameters[name]);
  if (isTaken) {
    settle(key, request);
  } else {
    stay(key);
  }
  offer();
});

// --- offering it back ------------------------------------------------------------------------------------------------

/* Looked up at each use: going back in the browser replaces all that is in the page. */
const findBox = () => need("draft", HTMLElement);

/* The input that is kept and stands in no form. */
function findLost() {
  return Object.entries(readDrafts()).filter(([key, draft]) => {
    const form = findForm(key);
    return !form || !(stands(form, draft.fields) || Object.keys(typedInto(form)).length);
  });
}

/**
 * @param {Draft} draft
 * @param {string} name of one of its fields
 */
const callField = (draft, name) => draft.labels?.[name] ?? name.replaceAll("_", " ");

/** @param {Draft} draft */
function describe(draft) {
  const fields = Object.keys(draft.fields).map((name) => callField(draft, name));
  return `${fields.join(", ")}${draft.about ? ` of ${draft.about}` : ""}.`;
}

/** @param {Draft} draft */
function quote(draft) {
  return Object.entries(draft.fields)
    .map(([name, values]) => `${callField(draft, name)}: ${values.join(", ")}`)
    .join("\n");
}

/**
 * @param {string} key
 * @param {Draft} draft
 * @param {boolean} isGone whether its form was looked for and isn't there any more
 */
function makeOffer(key, draft, isGone) {
  const { content } = need("draft-offer", HTMLTemplateElement);
  const offered = /** @type {DocumentFragment} */ (content.cloneNode(true));
  const find = (/** @type {string} */ name) => /** @type {HTMLElement} */ (offered.querySelector(`.draft-${name}`));
  find("words").textContent = isGone
    ? "Input that was not saved. Its form isn't there any more; this is what it said:"
    : `Input that was not saved: ${describe(draft)}`;
  find("text").textContent = isGone ? quote(draft) : "";
  find("restore").hidden = isGone;
  find("restore").addEventListener("click", () => restore(key));
  find("discard").addEventListener("click", () => discard(key));
  return offered;
}

/** @type {{ box: HTMLElement | null, words: string }} */
let shown = { box: null, words: "" };

/** @param {string} [gone] the key of a draft whose form was looked for and isn't there any more */
function offer(gone) {
  flush();
  const box = findBox();
  const lost = isWaiting() ? [] : findLost();
  const words = JSON.stringify([lost, gone]);
  if (box !== shown.box || words !== shown.words) {
    shown = { box, words }; // what is offered already stays as it is, and the focus there
    box.replaceChildren(...lost.map(([key, draft]) => makeOffer(key, draft, key === gone)));
    box.hidden = lost.length === 0;
  }
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

/** @param {string} key */
function restore(key) {
  const draft = readDrafts()[key];
  const form = findForm(key);
  if (form && draft) {
    putBack(form, draft);
    offer();
  } else if (draft) {
    goBack(key, draft);
  }
}

/** @param {string} key */
function discard(key) {
  dropDraft(key);
  offer();
  announce("Discarded.");
}

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
document.addEventListener("htmx:beforeSwap", flush); // with what was typed meanwhile
document.addEventListener("htmx:afterSettle", () => offer());

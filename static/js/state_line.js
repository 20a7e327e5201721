/* The line on the page of a plan that says "Saved": the server's own words, unless an edit is on its way or something is
   wrong at the moment. What it shows anew is read out as well. */

import { announce } from "./live.js";

/** @typedef {"saving" | "unsent" | "refused" | "connection" | "reading"} Kind */

/** @type {Kind[]} */
const WEIGHT = ["saving", "unsent", "refused", "connection", "reading"]; // the first that there is is said
/** @type {Map<Kind, string>} */
const sentences = new Map();
/** @type {string | null} */
let shown = null; // what it said last
let refused = ""; // what the server said of the last edit, while the form that it sent back is there

const find = () => document.getElementById("state");

/* The server's own words stay with the line; a line that has just come from the server has nothing else. */
function show(isNew = false) {
  const line = find();
  if (!line) {
    return;
  }
  const before = shown ?? line.textContent;
  line.dataset.said ??= line.textContent ?? "";
  line.dataset.was ??= line.dataset.state ?? "";
  const isBack = document.querySelector("#panel[data-unsaved], #panel [data-unsaved]");
  refused = line.dataset.was === "failed" ? line.dataset.said : isBack ? refused : "";
  const kind = WEIGHT.find((kind) => sentences.has(kind));
  shown = (kind && sentences.get(kind)) || refused || line.dataset.said;
  line.textContent = shown;
  const state = refused ? "failed" : line.dataset.was;
  line.dataset.state = kind === undefined ? state : kind === "saving" ? "saving" : "failed";
  if (shown !== before || (isNew && kind === undefined)) {
    announce(shown);
  }
}

/* The server's new words are read out, as a line that is replaced as a whole isn't; they hide nothing still true. */
document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id === "state") {
    show(true);
  }
});

/* Of two edits the last answer counts, whatever of the first is there still. */
document.addEventListener("htmx:beforeSwap", ({ detail: { requestConfig: request } }) => {
  if (request?.verb === "post" && request.parameters?.operation) {
    refused = "";
  }
});

/* By now the panel is what the answer has made of it. */
document.addEventListener("htmx:afterSettle", () => show());

/**
 * Say something until it is cleared.
 * @param {Kind} kind
 * @param {string} sentence
 */
export function say(kind, sentence) {
  sentences.set(kind, sentence);
  show();
}

/**
 * It isn't so any more.
 * @param {Kind} kind
 */
export function clear(kind) {
  sentences.delete(kind);
  show();
}

/**
 * The same, where what is shown instead follows with the answer, or with what is said next.
 * @param {Kind} kind
 */
export function forget(kind) {
  sentences.delete(kind);
}

/** Whether the page has the line: without it nothing that is said here is in sight. */
export const hasLine = () => find() !== null;

/** Whether the server's last word on an edit of this page is that it wasn't taken. */
export const isRefused = () => (find()?.dataset.was ?? find()?.dataset.state) === "failed";

/** The revision that the page shows. */
export const revision = () => Number(find()?.dataset.revision);

/** The latest state of a rule that the page shows, by its number. */
export const newestState = () => Number(find()?.dataset.states);

/** When somebody commented last, or resolved a comment, as the page knows it. */
export const newestSaid = () => Number(find()?.dataset.comments);

/** Where to ask for the newest one. */
export const pulse = () => find()?.dataset.pulse ?? "";

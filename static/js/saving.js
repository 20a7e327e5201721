/* Edits on their way to the server: what doesn't arrive is kept and sent again, under the same id, so it counts once. */

import { closest, need } from "./dom.js";
import { submitterOf, wordsOf } from "./fields.js";
import { canBeRead, post, takeDown } from "./posting.js";
import { clear, forget, pulse, revision, say } from "./state_line.js";

/**
 * @typedef {object} Flight a request that hasn't been answered
 * @property {HtmxRequest} request
 * @property {HTMLFormElement | null} form that it comes from
 * @property {string} words what the form said then
 * @property {FormData | null} next what the form has said since, if that is something else
 * @property {boolean} isAsked whether someone has just asked for it
 * @property {boolean} isAnswered
 */
/** @typedef {import("./posting.js").Edit & { operation: string, status: number }} Waiting */

/** No answer, or one for now only: it may be another in a moment. */
export const PASSING = [0, 408, 425, 429, 502, 503, 504];
/** What is said where cookies of this browser are gone by which it may open the plan. */
export const FORGOTTEN =
  "this browser doesn't know the plan any more. Copy what you typed. Opened again in this tab, by its link or by " +
  "logging in, the plan offers it back.";
/** @type {Record<number, string>} */
const REFUSED = {
  401: "you are logged out. Log in; what you typed is then offered back.",
  403: "this page is too old. Reload it; what you typed is then offered back.",
  404: FORGOTTEN,
  410: "this plan has been deleted. Reload the page to restore it.",
  413: "that is more than the service takes in one go. Shorten it, or send it in parts.",
};
const OWN = ["operation", "base", "csrfmiddlewaretoken"]; // what a form carries along without saying anything
/** @type {Set<Flight>} */
const flights = new Set();
/** @type {Waiting[]} */
let waiting = []; // edits that did not arrive, oldest first
let tries = 0;
let notBefore = 0;

/** @param {HtmxRequest} request */
const isEdit = (request) => request.verb === "post" && Boolean(request.parameters.operation);
const isUnderWay = () => [...flights].some((flight) => flight.isAsked && !flight.isAnswered);

// --- on the way ------------------------------------------------------------------------------------------------------

/* Heard from the request itself: the form may have left the page by then, and htmx's events with it. */
document.addEventListener("htmx:beforeSend", ({ detail: { requestConfig: request, xhr } }) => {
  if (request.verb !== "post") {
    return;
  }
  const form = request.elt instanceof HTMLFormElement ? request.elt : null;
  const words = form ? wordsOf(form, submitterOf(request.triggeringEvent), OWN) : "";
  const isAsked = !request.elt.matches("[data-unasked]");
  /** @type {Flight} */
  const flight = { request, form, words, next: null, isAsked, isAnswered: false };
  flights.add(flight);
  if (isAsked) {
    say("saving", "Saving…");
  }
  /* This comes before the answer is shown, which says how it went; what comes after it has another answer. */
  xhr.addEventListener("readystatechange", () => {
    flight.isAnswered ||= xhr.readyState === XMLHttpRequest.DONE;
    if (flight.isAnswered && !isUnderWay()) {
      forget("saving");
    }
  });
  if (isEdit(request)) {
    xhr.addEventListener("load", () => land(flight, xhr));
    for (const name of /** @type {const} */ (["error", "timeout", "abort"])) {
      xhr.addEventListener(name, () => keep(flight, 0));
    }
  }
  xhr.addEventListener("loadend", () => {
    flights.delete(flight);
    if (!isUnderWay()) {
      clear("saving");
    }
  });
});

/* What a form says while its last edit is on its way waits for the answer, which replaces the form. htmx would keep it
   with the form and let it fall, or send it although it says nothing new. */
document.addEventListener("htmx:confirm", (event) => {
  const { elt: form, triggeringEvent } = event.detail;
  const flight = [...flights].find((flight) => flight.form === form && isEdit(flight.request));
  if (flight?.form) {
    event.preventDefault();
    const submitter = submitterOf(triggeringEvent);
    const isSame = wordsOf(flight.form, submitter, OWN) === flight.words;
    flight.next = isSame ? null : new FormData(flight.form, submitter);
  }
});

/**
 * An answer may be about a form that wasn't taken: it stands on what its sender saw then, and so does what it says next.
 * @param {Flight} flight
 * @param {XMLHttpRequest} xhr its answer
 */
function land(flight, xhr) {
  const { status } = xhr;
  if (status >= 500 || PASSING.includes(status)) {
    keep(flight, status);
    return;
  }
  const isTaken = status < 400 && !xhr.getResponseHeader("X-Not-Saved");
  if (status < 400) {
    arrive(flight.request, isTaken);
  } else {
    refuse(flight.request, status);
  }
  follow(flight, isTaken);
}

/**
 * @param {HtmxRequest} request
 * @param {boolean} isTaken whether what it says is in the plan now
 */
function arrive(request, isTaken) {
  clear("refused");
  waiting = waiting.filter((edit) => edit.operation !== request.parameters.operation);
  tries = 0;
  show();
  document.dispatchEvent(new CustomEvent("edit-answered", { detail: { request, isTaken } }));
}

/**
 * Sent again as it is, it would be refused again; so it stays in its form only, and in the draft of that.
 * @param {HtmxRequest} request
 * @param {number} status
 */
function refuse(request, status) {
  waiting = waiting.filter((edit) => edit.operation !== request.parameters.operation);
  show();
  say("refused", `Not saved: ${REFUSED[status] ?? `the service refused it (${status}). Reload the page.`}`);
  if (status === 403) {
    sayIfForgotten();
  }
}

/* Without its cookies a browser is refused as an old page is, and reloading would lose more. */
async function sayIfForgotten() {
  const reply = await fetch(pulse(), { cache: "no-store" }).catch(() => null);
  if (reply?.status === 404) {
    say("refused", `Not saved: ${FORGOTTEN}`);
  }
}

/**
 * What a form has said in between is another edit, made on what the first one left.
 * @param {Flight} flight
 * @param {boolean} isTaken whether the first one was
 */
function follow({ request, next }, isTaken) {
  if (next) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    next.set("operation", Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));
    if (isTaken) {
      next.set("base", String(revision()));
    }
    post(takeDown(request, next), true);
  }
}

// --- what did not arrive ---------------------------------------------------------------------------------------------

/* What is sent anew takes the place of what didn't arrive of the same form; the server tells them apart. */
document.addEventListener("htmx:configRequest", ({ detail: request }) => {
  if (isEdit(request) && request.elt.matches("form")) {
    waiting = waiting.filter((edit) => edit.operation !== request.parameters.operation);
  }
});

/**
 * What the form has said in the meantime takes its place.
 * @param {Flight} flight
 * @param {number} status
 */
function keep({ request, next }, status) {
  const { operation = "" } = request.parameters;
  waiting = waiting.filter((edit) => edit.operation !== operation);
  waiting.push({ ...takeDown(request, next ?? undefined), operation, status });
  tries += 1;
  notBefore = Date.now() + Math.min(60_000, 1000 * 2 ** tries);
  show();
}

function show() {
  const last = waiting.at(-1);
  need("retry", HTMLButtonElement).hidden = !last;
  if (!last) {
    clear("unsent");
    return;
  }
  say(
    "unsent",
    PASSING.includes(last.status)
      ? "Not saved: no connection. It is kept and sent again by itself."
      : `Not saved: the service answered with an error (${last.status}). It is kept.`,
  );
}

/**
 * What is on its way already isn't sent again: its second answer might come after what was typed since.
 * @param {boolean} isAsked
 */
async function resendAll(isAsked) {
  for (const edit of [...waiting]) {
    if (!waiting.includes(edit)) {
      continue; // it has been answered meanwhile
    }
    const flight = [...flights].find(({ request }) => request.parameters.operation === edit.operation);
    if (flight) {
      flight.isAsked ||= isAsked;
      if (isAsked) {
        say("saving", "Saving…");
      }
    } else if (await canBeRead(edit)) {
      await post(edit, isAsked);
    } else {
      waiting = waiting.filter((other) => other !== edit);
      show();
      say("refused", "Not saved: the file has changed or gone since it was chosen. Choose it again.");
    }
  }
}

/* Going back in the browser replaces all that is in the page; what waits goes on waiting. */
document.addEventListener("click", (event) => {
  if (closest(event, "#retry")) {
    resendAll(true);
  }
});
document.addEventListener("htmx:historyRestore", show);

/** The service answers: what can pass goes out again, in its order, not more often than it makes sense. */
export async function resend() {
  if (waiting.length && Date.now() >= notBefore && waiting.every((edit) => PASSING.includes(edit.status))) {
    await resendAll(false);
  }
}

/** Whether there are edits that did not arrive. */
export const isWaiting = () => waiting.length > 0;

/** Whether there is something on its way. */
export const isSending = () => flights.size > 0;

window.addEventListener("beforeunload", (event) => {
  if (isWaiting()) {
    event.preventDefault();
  }
});

/* Asks every two seconds whether the plan has changed, and brings in what others did without disturbing anyone. */

import { busyParts } from "./busy.js";
import { announce } from "./live.js";
import { FORGOTTEN, isSending, PASSING, resend } from "./saving.js";
import { clear, newestSaid, newestState, pulse, revision, say } from "./state_line.js";
import { showViewers, whereIAm } from "./viewers.js";

const INTERVAL = 2000;
const LOST = "Connection lost; trying again…";
const LOGGED_OUT = "You are logged out. Reload the page and log in; what you typed is then offered back.";
let tag = "";
let newest = 0; // the revision that the server has
let newestThere = 0; // and the latest state of a rule
let newestComment = 0; // and what was said last
let isMissed = false; // an answer was thrown away, because someone began to type
let isOld = false; // an answer that is shown may be older than the page
/** @type {string[]} */
let older = []; // the parts that are older than the plan, because someone is working in them
let next = 0;

async function refresh() {
  older = busyParts(isOld);
  await htmx.ajax("GET", location.href, { swap: "none", headers: { "X-Pulse": older.join(" ") } });
}

/* Someone may have begun to type between question and answer. */
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const kept = detail.requestConfig?.headers?.["X-Pulse"];
  if (kept === undefined) {
    return;
  }
  if (busyParts(isOld).some((part) => !kept.includes(part))) {
    detail.shouldSwap = false;
    isMissed = true;
  } else if (detail.shouldSwap) {
    isOld = false;
  }
});

/** @type {WeakMap<XMLHttpRequest, string>} */
const shownBefore = new WeakMap(); // what the page showed as it asked for more
const whatIsShown = () => `${revision()} ${newestState()} ${newestSaid()}`;

document.addEventListener("htmx:beforeSend", ({ detail: { requestConfig: request, xhr } }) => {
  if (request.verb === "get") {
    shownBefore.set(xhr, whatIsShown());
  }
});

/* What was made before an edit may come after its answer: it shows what was before, beside a line that has the newest
   revision, and nobody would miss anything. */
document.addEventListener("htmx:beforeSwap", ({ detail: { xhr } }) => {
  const before = shownBefore.get(xhr);
  isOld ||= before !== undefined && before !== whatIsShown();
});

async function ask() {
  const headers = tag ? { "If-None-Match": tag } : undefined;
  const reply = await fetch(`${pulse()}${whereIAm()}`, { headers, cache: "no-store" });
  if (reply.redirected) {
    say("connection", LOGGED_OUT); // to the login, whose page is no news
    return;
  }
  if (reply.status === 200) {
    tag = reply.headers.get("ETag") ?? "";
    const news = await reply.json();
    newest = news.revision;
    newestThere = news.states;
    newestComment = news.comments;
    showViewers(news.viewers);
  } else if (reply.status === 410) {
    say("connection", "This plan has been deleted; reload the page.");
    return;
  } else if (reply.status === 404) {
    say("connection", FORGOTTEN.charAt(0).toUpperCase() + FORGOTTEN.slice(1));
    return;
  } else if (reply.status !== 304) {
    say(
      "connection",
      PASSING.includes(reply.status) ? LOST : `The service answered with an error (${reply.status}); trying again…`,
    );
    return;
  }
  clear("connection");
  await resend();
  if (isSending()) {
    return; // the answer to one's own edit brings what is new
  }
  if (newest > revision()) {
    await refresh();
    announce("The plan was changed by someone else.");
  } else if (newestThere > newestState()) {
    await refresh();
    announce("Someone else set the state of rules.");
  } else if (newestComment > newestSaid()) {
    await refresh();
    announce("Someone else commented.");
  } else if (isMissed || isOld || older.some((part) => !busyParts().includes(part))) {
    isMissed = false;
    await refresh();
  }
}

async function beat() {
  next = 0; // one at a time
  try {
    await ask();
  } catch {
    say("connection", LOST);
  }
  next = window.setTimeout(beat, document.hidden ? 5 * INTERVAL : INTERVAL);
}

/* Who comes back to this tab sees the plan of now, not of the last slow beat. */
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && next) {
    clearTimeout(next);
    beat();
  }
});

next = window.setTimeout(beat, INTERVAL / 4);

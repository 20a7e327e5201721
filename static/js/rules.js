/* Working with the rules of a report: their links and texts on the clipboard, from one rule to the next by keyboard, and
   everything unfolded on paper. */

import { copyText } from "./clipboard.js";
import { all, closest } from "./dom.js";
import { announce } from "./live.js";
import { areKeysOff } from "./shortcuts.js";

const SHOWN = 2000; // how long a button says that it has copied

/**
 * @param {HTMLElement} button that was pressed
 * @param {Promise<string>} text
 * @param {string} what was copied
 */
async function copy(button, text, what) {
  let copied = false;
  try {
    copied = await copyText(text);
  } catch {
    // the text couldn't be fetched
  }
  announce(copied ? `${what} was copied.` : "It couldn’t be copied; follow the link beside the button instead.");
  button.classList.toggle("copied", copied);
  setTimeout(() => button.classList.remove("copied"), SHOWN);
}

/** @param {string} address */
async function read(address) {
  const reply = await fetch(address);
  if (!reply.ok || reply.redirected) {
    // to the login, whose page is no rules
    throw new Error(`rules ${reply.status}`);
  }
  return reply.text();
}

document.addEventListener("click", (event) => {
  const link = closest(event, "[data-copies-link]");
  const anchor = link?.closest("tr")?.querySelector(".rule-link");
  if (link && anchor instanceof HTMLAnchorElement) {
    copy(link, Promise.resolve(anchor.href), "The link");
  }
  const command = closest(event, "[data-copies-command]");
  const line = command?.previousElementSibling;
  if (command && line) {
    copy(command, Promise.resolve(line.textContent ?? ""), "The command");
  }
  const text = closest(event, "[data-copies-text]");
  if (text) {
    copy(text, read(text.dataset.copiesText ?? ""), "The table");
  }
});

/** @returns {HTMLElement | undefined} the rule that has the focus or the address, else the first in sight */
function here() {
  const rules = all(".rules tr[id]");
  const focused = document.activeElement?.closest(".rules tr[id]");
  const target = document.querySelector(".rules tr[id]:target");
  return rules.find((rule) => rule === (focused ?? target));
}

/** @param {number} step */
function go(step) {
  const rules = all(".rules tr[id]");
  const current = here();
  const first = rules.findIndex((rule) => rule.getBoundingClientRect().top >= 0);
  const place = current ? rules.indexOf(current) + step : Math.max(first, 0);
  const rule = rules[place];
  const link = rule?.querySelector(".rule-link");
  if (rule && link instanceof HTMLElement) {
    link.focus({ preventScroll: true });
    rule.scrollIntoView({ block: "nearest" });
  }
}

document.addEventListener("keydown", (event) => {
  const typing = closest(event, "input, select, textarea, [contenteditable], dialog");
  const step = { n: 1, p: -1 }[event.key];
  if (!step || typing || event.ctrlKey || event.metaKey || event.altKey || areKeysOff()) {
    return;
  }
  go(step);
});

/** @type {HTMLDetailsElement[]} */
let folded = [];
window.addEventListener("beforeprint", () => {
  folded = all("#report details:not([open], .menu, .more-filters), .changes details:not([open], .menu)").filter(
    (fold) => fold instanceof HTMLDetailsElement,
  );
  for (const fold of folded) {
    fold.open = true;
  }
});
window.addEventListener("afterprint", () => {
  for (const fold of folded.splice(0)) {
    fold.open = false;
  }
});

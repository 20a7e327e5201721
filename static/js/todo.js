/* What is to be done: folded it stays folded, and when nothing is left, that is said once. */

import { announce } from "./live.js";

const FOLDED = "todo-folded";
const FOLDS = ["todo-fold", "todo-rest"];
let isDone = false; // the last answer left nothing to do

/* Storage may be forbidden; then it is unfolded on every page. */
function isFolded() {
  try {
    return localStorage.getItem(FOLDED) === "1";
  } catch {
    return false;
  }
}

/** @param {boolean} folded */
function remember(folded) {
  try {
    localStorage.setItem(FOLDED, folded ? "1" : "0");
  } catch {
    // it holds for this page
  }
}

/** @param {string} id @param {ParentNode} [root] */
function find(id, root = document) {
  const fold = root.querySelector(`#${id}`);
  return fold instanceof HTMLDetailsElement ? fold : null;
}

document.addEventListener("htmx:oobBeforeSwap", ({ detail: { target, fragment } }) => {
  if (target?.id !== "todo") {
    return;
  }
  for (const id of FOLDS) {
    const [old, fresh] = [find(id, target), find(id, fragment)];
    if (fresh) {
      fresh.open = old ? old.open : id === "todo-fold" && !isFolded();
    }
  }
  const empty = fragment.querySelector("#todo[data-empty]");
  isDone = empty !== null && !target.matches("[data-empty]");
  empty?.toggleAttribute("hidden", !isDone);
});

/* After what the state line says, which would take its place. */
document.addEventListener("htmx:afterSettle", () => {
  if (isDone) {
    isDone = false;
    announce(document.getElementById("todo-done")?.textContent ?? "");
  }
});

document.addEventListener(
  "toggle",
  ({ target }) => {
    // A page that comes unfolded says so too, sooner or later than this listens: nobody has done anything then.
    const isFold = target instanceof HTMLDetailsElement && target.id === "todo-fold" && target.isConnected;
    if (isFold && isFolded() === target.open) {
      remember(!target.open);
    }
  },
  true, // it doesn't bubble
);

function foldAgain() {
  const fold = find("todo-fold");
  if (fold && isFolded()) {
    fold.open = false;
  }
}

document.addEventListener("htmx:historyRestore", foldAgain);
foldAgain();

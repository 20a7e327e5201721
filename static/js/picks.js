/* Choosing rules to set their state: all at once, how many, and again after others have changed the page. */

import { all } from "./dom.js";

/** @returns {HTMLInputElement[]} */
const boxes = () => all("input[name=rule][form=state-form]").filter((box) => box instanceof HTMLInputElement);

/** @param {string} id */
function box(id) {
  const found = document.getElementById(id);
  return found instanceof HTMLInputElement ? found : null;
}

/** @type {Map<string, boolean>} which rules are there while the rows are replaced, and whether they are ticked */
let before = new Map();

/** @param {string} [remark] */
function show(remark = "") {
  const shown = boxes();
  const count = shown.filter((one) => one.checked).length;
  const words = count ? `${count.toLocaleString("en")} selected` : "";
  const picked = document.getElementById("picked");
  const save = document.querySelector("#state-form #state-save");
  const every = box("pick-all");
  if (picked) {
    picked.textContent = [remark, words].filter(Boolean).join(" ");
  }
  if (save) {
    save.textContent = count ? `Set state of ${count.toLocaleString("en")} rule${count === 1 ? "" : "s"}` : "Set state";
  }
  if (every) {
    every.checked = count > 0 && count === shown.length;
    every.indeterminate = count > 0 && count < shown.length;
  }
}

/* On narrow pages the fields would cover the rules that one is choosing. */
function unfold() {
  if (!window.matchMedia("(width > 56.25rem)").matches) {
    return;
  }
  const fields = document.getElementById("state-fields");
  if (fields instanceof HTMLDetailsElement && boxes().some((one) => one.checked)) {
    fields.open = true;
  }
}

document.addEventListener("change", ({ target }) => {
  if (!(target instanceof HTMLInputElement)) {
    return;
  }
  if (target.id === "pick-all") {
    const most = Number(document.getElementById("picked")?.dataset.most) || 1;
    boxes().forEach((one, place) => {
      one.checked = target.checked && place < most;
    });
  } else if (!boxes().includes(target)) {
    return;
  }
  unfold();
  show();
});

for (const name of /** @type {const} */ (["htmx:beforeSwap", "htmx:historyCacheMissLoad"])) {
  document.addEventListener(name, () => {
    before = new Map(boxes().map((one) => [one.value, one.checked]));
  });
}

/* A rule that says something else by now, or has another state, has another value: it has to be looked at again, and is
   ticked only where the answer has it so. */
document.addEventListener("htmx:afterSettle", () => {
  for (const one of boxes()) {
    one.checked = before.get(one.value) ?? one.defaultChecked;
  }
  show();
});

show();

/* Files of results that are dropped anywhere on a page are sent by its form for them, as if they had been chosen there. */

import { closest } from "./dom.js";

const LIT = "is-dropping"; // while files are over the page

/** @param {DragEvent} event */
function carriesFiles(event) {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

function findForm() {
  const form = document.querySelector("form[data-takes-files]");
  return form instanceof HTMLFormElement ? form : null;
}

/** @param {boolean} isOver */
function light(isOver) {
  const form = findForm();
  const fold = form?.closest("details");
  if (fold && isOver) {
    fold.open = true;
  }
  if (form && isOver && !form.classList.contains(LIT)) {
    form.querySelector(".drop-zone")?.scrollIntoView({ block: "nearest" });
  }
  form?.classList.toggle(LIT, isOver);
}

/**
 * Whether files are over a field of another form, which takes them itself.
 * @param {DragEvent} event
 */
function isElsewhere(event) {
  const field = closest(event, "input[type=file]");
  return field !== null && !findForm()?.contains(field);
}

document.addEventListener("dragover", (event) => {
  if (isElsewhere(event)) {
    light(false);
  } else if (carriesFiles(event) && findForm() && event.dataTransfer) {
    event.preventDefault(); // else the browser would leave the page for the file
    event.dataTransfer.dropEffect = "copy";
    light(true);
  }
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) {
    light(false); // they have left the window
  }
});

document.addEventListener("drop", (event) => {
  const form = findForm();
  const field = form?.querySelector("input[type=file]");
  if (
    isElsewhere(event) ||
    !carriesFiles(event) ||
    !form ||
    !(field instanceof HTMLInputElement) ||
    !event.dataTransfer
  ) {
    return;
  }
  event.preventDefault();
  light(false);
  field.files = event.dataTransfer.files;
  form.requestSubmit();
});

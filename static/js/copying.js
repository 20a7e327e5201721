/* Copies the address of a link; where the clipboard is out of reach, selects it for the person to copy. */

import { all, need } from "./dom.js";
import { announce } from "./live.js";

/** @param {HTMLInputElement} field whose text is selected */
async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return document.execCommand("copy"); // without TLS there is no other way
  }
}

for (const button of all("[data-copies]")) {
  button.addEventListener("click", async () => {
    const field = need(button.dataset.copies ?? "", HTMLInputElement);
    field.select();
    const copied = await copy(field);
    button.textContent = copied ? "Copied" : "Press Ctrl+C";
    announce(copied ? "The address was copied." : "The address is selected; copy it with the keyboard.");
  });
}

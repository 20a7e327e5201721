/* Copies the address of a link; where the clipboard is out of reach, selects it for the person to copy. */
"use strict";

for (const button of document.querySelectorAll("[data-copies]")) {
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copies);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = "Copied";
      announce("The address was copied.");
    } catch {
      announce("The address is selected; copy it with the keyboard.");
    }
  });
}

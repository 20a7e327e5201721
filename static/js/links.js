/* Copies the address of a link; where the clipboard is out of reach, selects it for the person to copy. */
"use strict";

for (const button of document.querySelectorAll("[data-copies]")) {
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copies);
    field.select();
    let copied;
    try {
      await navigator.clipboard.writeText(field.value);
      copied = true;
    } catch {
      copied = document.execCommand("copy"); // without TLS there is no other way
    }
    button.textContent = copied ? "Copied" : "Press Ctrl+C";
    announce(copied ? "The address was copied." : "The address is selected; copy it with the keyboard.");
  });
}

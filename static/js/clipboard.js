/* The clipboard, with a way for browsers that keep it from pages without TLS. */

/**
 * Copies a text that may have to be fetched first.
 * @param {Promise<string>} text
 * @returns {Promise<boolean>} whether it is on the clipboard
 */
export async function copyText(text) {
  try {
    // With a promise in it, as a browser may forget the click while the text is on its way.
    const blob = text.then((said) => new Blob([said], { type: "text/plain" }));
    blob.catch(() => undefined); // what can’t be fetched is told by the text itself
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    return true;
  } catch {
    return copySelected(await text);
  }
}

/** @param {string} text */
function copySelected(text) {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) {
    before.focus();
  }
  return copied;
}

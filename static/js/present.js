/* A plan on the wall by keyboard: the keys press the links that the page has anyway. */

const LINKS = new Map([
  ["ArrowRight", "next"],
  ["ArrowDown", "next"],
  ["PageDown", "next"],
  [" ", "next"],
  ["ArrowLeft", "previous"],
  ["ArrowUp", "previous"],
  ["PageUp", "previous"],
  ["Backspace", "previous"],
  ["Escape", "leave"],
]);

document.addEventListener("keydown", (event) => {
  const taken = event.target instanceof Element && event.target.closest("summary, .folded");
  if (taken || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) {
    return;
  }
  const link = document.getElementById(LINKS.get(event.key) ?? "");
  if (link instanceof HTMLAnchorElement) {
    event.preventDefault();
    link.click();
  }
});

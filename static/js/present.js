/* A plan on the wall by keyboard: the keys press the links that the page has anyway. Those that scroll do that first: a
   page that is larger than its window, as with large letters, can be read to its end by keyboard (WCAG 2.1.1). */

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

/** @type {Record<string, 1 | -1>} */
const SCROLLS = { ArrowDown: 1, PageDown: 1, " ": 1, ArrowUp: -1, PageUp: -1 };

/**
 * Whether the page goes on above or below.
 * @param {1 | -1 | undefined} way
 */
function canScroll(way) {
  const { scrollTop, clientHeight, scrollHeight } = document.documentElement;
  return way === 1 ? scrollTop + clientHeight < scrollHeight - 1 : way === -1 && scrollTop > 0;
}

document.addEventListener("keydown", (event) => {
  const taken = event.target instanceof Element && event.target.closest("summary, .folded");
  if (taken || canScroll(SCROLLS[event.key]) || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) {
    return;
  }
  const link = document.getElementById(LINKS.get(event.key) ?? "");
  if (link instanceof HTMLAnchorElement) {
    event.preventDefault();
    link.click();
  }
});

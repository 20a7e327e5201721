/* What takes something from others is asked about once, before its form is sent. */

document.addEventListener(
  "submit",
  (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.dataset.asks && !window.confirm(form.dataset.asks)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  },
  true,
);

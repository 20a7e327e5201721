/* What plain HTML can't do on any page: announcements, and trouble with the service. Every page works without it. */
"use strict";

function announce(text) {
  document.getElementById("live").textContent = text;
}

/* Whether a field holds something else than what the server put there. */
function isChanged(field) {
  if (field.matches("[type=radio], [type=checkbox]")) {
    return field.checked !== field.defaultChecked;
  }
  if (field.matches("select")) {
    const first = Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
    return field.options.length > 0 && field.selectedIndex !== first;
  }
  return field.value !== field.defaultValue;
}

/* The line that says "Saved": the server's own words, unless something is wrong at the moment. */
const stateLine = (() => {
  const troubles = new Map();
  const weight = ["unsent", "refused", "connection", "reading"]; // the first that there is is said

  function show() {
    const state = document.getElementById("state");
    const sentence = weight.map((kind) => troubles.get(kind)).find(Boolean);
    if (!state) {
      return;
    }
    if (sentence) {
      state.dataset.said ??= state.textContent;
      state.dataset.was ??= state.dataset.state ?? "";
      state.textContent = sentence;
      state.dataset.state = "failed";
    } else if (state.dataset.said !== undefined) {
      state.textContent = state.dataset.said;
      state.dataset.state = state.dataset.was;
      delete state.dataset.said;
      delete state.dataset.was;
    }
  }

  function set(kind, sentence) {
    if (troubles.get(kind) === sentence) {
      return;
    }
    troubles.set(kind, sentence);
    show();
    if (sentence) {
      announce(sentence);
    }
  }

  /* The server's new words are read out, as a line that is replaced as a whole isn't; they hide nothing still wrong. */
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.detail.target.id === "state") {
      show();
      announce(document.getElementById("state").textContent);
    }
  });
  return { set, clear: (kind) => set(kind, undefined) };
})();

/* A page that can't be read is said out loud and in sight; what is on the screen stays as it was. */
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (event.detail?.requestConfig?.verb === "post" && document.getElementById("retry")) {
      return; // saving.js knows more
    }
    const status = event.detail?.xhr?.status;
    stateLine.set(
      "reading",
      status
        ? `The service answered with an error (${status}); what you see may be out of date.`
        : "The service can't be reached; what you see may be out of date.",
    );
  });
}

/* Between question and answer another answer may have replaced the part that this one is for: it goes to what is there
   in its place. Otherwise htmx would put it, with the errors in it, where nobody sees it. */
document.addEventListener("htmx:beforeSend", (event) => {
  const answer = event.detail;
  answer.xhr.addEventListener("readystatechange", () => {
    if (!answer.target.isConnected) {
      answer.target = document.getElementById(answer.target.id) ?? answer.target;
    }
  });
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) {
    stateLine.clear("reading");
  }
});

/* What is typed and not sent yet is not lost by a stray click. */
(() => {
  let leaving = null; // the form that leads away

  document.addEventListener("submit", (event) => {
    leaving = event.defaultPrevented ? null : event.target;
  });

  window.addEventListener("beforeunload", (event) => {
    const forms = [...document.querySelectorAll("main form[method=post]")].filter((form) => form !== leaving);
    const fields = forms.flatMap((form) => [...form.querySelectorAll("input:not([type=hidden]), select, textarea")]);
    if (fields.some(isChanged)) {
      event.preventDefault();
    }
  });
})();

/* A menu lies on top of what is beside it, so it closes when one goes elsewhere, and on Escape. */
(() => {
  const close = (keep) => {
    for (const menu of document.querySelectorAll(".menu[open]")) {
      menu.open = menu.contains(keep);
    }
  };

  document.addEventListener("pointerdown", (event) => close(event.target));
  document.addEventListener("focusin", (event) => close(event.target));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest(".menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
})();

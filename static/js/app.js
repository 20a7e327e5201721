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

/* What a form says, as a text that can be compared with what it says at another time, and with nothing else: what is
   sent of it may leave out more. Of files what tells them apart; a field for files without one says nothing. */
function wordsOf(form, submitter = null, except = []) {
  const entries = [...new FormData(form, submitter)].filter(([name]) => !except.includes(name));
  const words = entries.map(([name, value]) => [name, value instanceof File ? markOf(value) : value]);
  return JSON.stringify(words.filter(([, value]) => value));
}

const markOf = (file) => file.name && [file.name, file.size, file.lastModified];

/* The line that says "Saved": the server's own words, unless an edit is on its way or something is wrong at the moment.
   What it shows anew is read out as well. */
const stateLine = (() => {
  const words = new Map();
  const weight = ["saving", "unsent", "refused", "connection", "reading"]; // the first that there is is said
  const find = () => document.getElementById("state");

  let shown = null; // what it said last

  /* The server's own words stay with the line; a line that has just come from the server has nothing else. */
  function show(isNew = false) {
    const state = find();
    if (!state) {
      return;
    }
    const before = shown ?? state.textContent;
    state.dataset.said ??= state.textContent;
    state.dataset.was ??= state.dataset.state ?? "";
    const kind = weight.find((kind) => words.has(kind));
    state.textContent = shown = words.get(kind) ?? state.dataset.said;
    state.dataset.state = kind === undefined ? state.dataset.was : kind === "saving" ? "saving" : "failed";
    if (shown !== before || (isNew && kind === undefined)) {
      announce(shown);
    }
  }

  /* The server's new words are read out, as a line that is replaced as a whole isn't; they hide nothing still true. */
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.detail.target.id === "state") {
      show(true);
    }
  });

  return {
    set(kind, sentence) {
      words.set(kind, sentence);
      show();
    },
    /* It isn't so any more: what is shown instead follows with the answer, or with what is said next. */
    forget: (kind) => words.delete(kind),
    clear(kind) {
      words.delete(kind);
      show();
    },
    /* Whether the server's last word on an edit of this page is that it wasn't taken. */
    isRefused: () => (find().dataset.was ?? find().dataset.state) === "failed",
  };
})();

/* A page that can't be read is said out loud and in sight; what is on the screen stays as it was. */
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (event.detail?.requestConfig?.parameters?.operation) {
      return; // an edit: saving.js knows more
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

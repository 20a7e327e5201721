/* A plan with others: asks whether it changed, shows who is looking, and brings changes in without disturbing anyone. */
"use strict";

(() => {
  const INTERVAL = 2000;
  let tag = "";
  let newest = 0; // the revision that the server has
  let missed = false; // an answer was thrown away, because someone began to type
  let older = ""; // the parts that are older than the plan, because someone is working in them

  const state = () => document.getElementById("state");
  const revision = () => Number(state().dataset.revision);
  /* A box that is only looked at gets the focus back when its part is replaced, if it can be found again. */
  const isTyping = (part) =>
    part.contains(document.activeElement) &&
    document.activeElement.matches("input:not([type=radio][id], [type=checkbox][id]), textarea, select");
  const fieldsOf = (part) => [...part.querySelectorAll("input:not([type=hidden]), textarea, select")];

  /* Someone types in the panel, or it holds what the server refused, or an endpoint is on its way to another zone. */
  function isPanelBusy() {
    const panel = document.getElementById("panel");
    const keeps = panel.matches("[data-unsaved]") || panel.querySelector("[data-unsaved]");
    const drags = document.documentElement.classList.contains("is-dragging");
    return Boolean(keeps) || drags || isTyping(panel) || fieldsOf(panel).some(isChanged);
  }

  function isFilterBusy() {
    const filters = document.getElementById("filters");
    return Boolean(filters) && isTyping(filters);
  }

  /* The parts that must stay as they are. */
  function busyParts() {
    return [isPanelBusy() && "panel", isFilterBusy() && "filters"].filter(Boolean).join(" ");
  }

  async function refresh() {
    older = busyParts();
    await htmx.ajax("GET", location.href, { swap: "none", headers: { "X-Pulse": older } });
  }

  /* Someone may have begun to type between question and answer. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const kept = event.detail.requestConfig?.headers?.["X-Pulse"];
    if (kept !== undefined && busyParts().split(" ").some((part) => part && !kept.includes(part))) {
      event.detail.shouldSwap = false;
      missed = true;
    }
  });

  function makeBadge(viewer) {
    const badge = document.createElement("span");
    badge.className = `viewer colour-${Number(viewer.colour)}`;
    badge.dataset.other = "";
    badge.title = viewer.name;
    badge.textContent = [...viewer.name.replace(/^Guest /, "")].slice(0, 2).join("");
    return badge;
  }

  function showViewers(viewers) {
    const names = viewers.map((viewer) => viewer.name);
    const line = document.getElementById("viewer-names");
    line.textContent = names.length ? `Also looking: ${names.join(", ")}.` : "Nobody else is looking.";
    const badges = document.getElementById("viewers");
    badges.querySelectorAll("[data-other]").forEach((badge) => badge.remove());
    badges.append(...viewers.slice(0, 5).map(makeBadge));
  }

  async function ask() {
    const headers = tag ? { "If-None-Match": tag } : {};
    const reply = await fetch(state().dataset.pulse, { headers, cache: "no-store" });
    if (reply.status === 200) {
      tag = reply.headers.get("ETag");
      const pulse = await reply.json();
      newest = pulse.revision;
      showViewers(pulse.viewers);
    } else if (reply.status === 410) {
      stateLine.set("connection", "This plan has been deleted; reload the page.");
      return;
    } else if (reply.status !== 304) {
      throw new Error(`pulse ${reply.status}`);
    }
    stateLine.clear("connection");
    await saving.resend();
    if (saving.isSending()) {
      return; // the answer to one's own edit brings what is new
    }
    if (newest > revision()) {
      await refresh();
      announce("The plan was changed by someone else.");
    } else if (missed || older.split(" ").some((part) => part && !busyParts().includes(part))) {
      missed = false;
      await refresh();
    }
  }

  async function beat() {
    next = 0; // one at a time
    try {
      await ask();
    } catch {
      stateLine.set("connection", "Connection lost; trying again …");
    }
    next = setTimeout(beat, document.hidden ? 5 * INTERVAL : INTERVAL);
  }

  let next = 0;

  document.addEventListener("DOMContentLoaded", () => {
    next = setTimeout(beat, INTERVAL / 4);
  });

  /* Who comes back to this tab sees the plan of now, not of the last slow beat. */
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && next) {
      clearTimeout(next);
      beat();
    }
  });

  /* What a change of the plan must not move: how far one has scrolled, what is unfolded, what stands in the filter. */
  function takeNote() {
    const folds = [...document.querySelectorAll("#panel details[id], #report details[id]")];
    return {
      active: document.activeElement?.id,
      side: document.querySelector(".side").scrollTop,
      page: window.scrollY,
      folds: new Map(folds.map((fold) => [fold.id, fold.open])),
      filters: [...document.querySelectorAll("#filters [id]")].map((field) => [field.id, field.value]),
      selection: [document.activeElement?.selectionStart, document.activeElement?.selectionEnd],
    };
  }

  /* What the answer unfolded itself, for an error or for the focus, stays unfolded. */
  function restoreFolds(note) {
    for (const fold of document.querySelectorAll("#panel details[id], #report details[id]")) {
      if (note.folds.has(fold.id) && !fold.querySelector(".error, [autofocus]")) {
        fold.open = note.folds.get(fold.id);
      }
    }
  }

  /* What was typed into the filter and not sent yet isn't in the address, so the server doesn't know it. */
  function restoreFilters(note) {
    const changed = note.filters.filter(([id, value]) => {
      const field = document.getElementById(id);
      const differs = field?.matches("input") && field.value !== value;
      if (differs) {
        field.value = value;
      }
      return differs;
    });
    if (changed.length) {
      if (document.activeElement?.id === note.active && note.selection[0] != null) {
        document.activeElement.setSelectionRange(...note.selection);
      }
      htmx.process(document.getElementById("filters")); // htmx would get to know the new form a moment later
      htmx.trigger("#filters", "submit");
    }
  }

  /* After the last undo there is nothing more to undo, and a button that is off can't have the focus. */
  function restoreFocus(note) {
    if (document.activeElement === document.body && (note.active === "undo" || note.active === "redo")) {
      document.querySelector("#undo:enabled, #redo:enabled")?.focus();
    }
  }

  function restore(note) {
    restoreFolds(note);
    restoreFilters(note);
    restoreFocus(note);
    if ((document.activeElement?.id ?? "") === (note.active ?? "")) {
      document.querySelector(".side").scrollTop = note.side;
      window.scrollTo(window.scrollX, note.page);
    } // else the focus has gone to something new, and the page to it
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig: config, xhr } = event.detail;
    if (config?.verb === "post" || config?.headers?.["X-Pulse"] !== undefined) {
      const note = takeNote();
      xhr.addEventListener("loadend", () => restore(note)); // right after the swap, before anything is painted
    }
  });

  /* Each press of the keys counts: one that comes while a step is on its way waits for the answer. */
  let steps = [];
  let isStepping = false;

  function step() {
    const button = document.getElementById(steps.shift());
    if (button.disabled) {
      steps = [];
      return;
    }
    htmx.process(document.getElementById("history")); // htmx would get to know the new forms a moment later
    button.click();
  }

  document.addEventListener("htmx:beforeSend", (event) => {
    const { requestConfig: config, xhr } = event.detail;
    if (document.getElementById("history").contains(config.elt)) {
      isStepping = true;
      xhr.addEventListener("loadend", () => {
        isStepping = false;
        if (steps.length && xhr.status === 200 && !stateLine.isRefused()) {
          step();
        } else {
          steps = []; // what is wrong with one is wrong with those behind it
        }
      });
    }
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=radio], [type=checkbox]), select, textarea, dialog");
    if (!typing && (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "z") {
      event.preventDefault();
      if (!event.repeat) {
        steps.push(event.shiftKey ? "redo" : "undo");
      }
      if (!event.repeat && !isStepping) {
        step();
      }
    }
  });

  window.addEventListener("beforeunload", (event) => {
    if (saving.isWaiting()) {
      event.preventDefault();
    }
  });
})();

/* A plan with others: asks whether it changed, shows who is looking, and brings changes in without disturbing typing. */
"use strict";

(() => {
  const INTERVAL = 2000;
  let tag = "";
  let missed = false; // an answer was thrown away, because someone began to type
  let waiting = false; // the panel is older than the report, because someone is typing in it

  const state = () => document.getElementById("state");
  const revision = () => Number(state().dataset.revision);

  function isBusy() {
    const panel = document.getElementById("panel");
    if (panel.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) {
      return true;
    }
    return [...panel.querySelectorAll("input:not([type=hidden]), textarea")].some((field) =>
      field.matches("[type=radio], [type=checkbox]")
        ? field.checked !== field.defaultChecked
        : field.value !== field.defaultValue,
    );
  }

  /* The panel's answer brings the report along; while someone types, the report comes alone. */
  async function refresh() {
    const busy = isBusy();
    waiting = busy;
    const target = busy ? "#report" : "#panel";
    await htmx.ajax("GET", location.href, { target, swap: "outerHTML", headers: { "X-Pulse": "1" } });
  }

  /* Someone may have begun to type between question and answer. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig, target } = event.detail;
    if (requestConfig?.headers?.["X-Pulse"] && target.id === "panel" && isBusy()) {
      event.detail.shouldSwap = false;
      missed = true;
    }
  });

  function showViewers(viewers) {
    const names = viewers.map((viewer) => viewer.name);
    const line = document.getElementById("viewer-names");
    line.textContent = names.length ? `Also looking: ${names.join(", ")}.` : "Nobody else is looking.";
    const badges = document.getElementById("viewers");
    badges.querySelectorAll("[data-other]").forEach((badge) => badge.remove());
    for (const viewer of viewers.slice(0, 5)) {
      const badge = document.createElement("span");
      badge.className = `viewer colour-${Number(viewer.colour)}`;
      badge.dataset.other = "";
      badge.title = viewer.name;
      badge.textContent = viewer.name.replace(/^Guest /, "").slice(0, 2);
      badges.append(badge);
    }
  }

  async function ask() {
    const headers = tag ? { "If-None-Match": tag } : {};
    const reply = await fetch(state().dataset.pulse, { headers, cache: "no-store" });
    if (reply.status === 200) {
      tag = reply.headers.get("ETag");
      const pulse = await reply.json();
      showViewers(pulse.viewers);
      missed = false;
      if (pulse.revision > revision()) {
        await refresh();
        document.getElementById("live").textContent = "The plan was changed by someone else.";
      }
    } else if (reply.status !== 304) {
      throw new Error(`pulse ${reply.status}`);
    }
    if (missed || (waiting && !isBusy())) {
      missed = false;
      await refresh();
    }
  }

  let lost = "";
  async function beat() {
    try {
      await ask();
      if (lost && state().textContent === "Connection lost; trying again …") {
        state().textContent = lost;
        state().dataset.state = "saved";
      }
      lost = "";
    } catch {
      if (!lost) {
        lost = state().textContent;
      }
      state().textContent = "Connection lost; trying again …";
      state().dataset.state = "failed";
    }
    setTimeout(beat, document.hidden ? 5 * INTERVAL : INTERVAL);
  }

  document.addEventListener("DOMContentLoaded", () => setTimeout(beat, INTERVAL / 4));

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=radio], [type=checkbox]), select, textarea");
    if (!typing && (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "z") {
      event.preventDefault();
      document.getElementById(event.shiftKey ? "redo" : "undo").click();
    }
  });

  /* What is typed and not sent yet is not lost by a stray click. */
  window.addEventListener("beforeunload", (event) => {
    const panel = document.getElementById("panel");
    const unsent = [...panel.querySelectorAll("input:not([type=hidden], [type=radio], [type=checkbox]), textarea")].some(
      (field) => field.value !== field.defaultValue,
    );
    if (unsent) {
      event.preventDefault();
    }
  });
})();

// Live updates of the admin site's pages. Texts are only set as text; HTML comes from the server as it is.
"use strict";
(() => {
  const STEP = 2000;

  function show(card, state) {
    for (const key of ["title", "detail", "folder"]) {
      const place = card.querySelector(`[data-nd="${key}"]`);
      if (place && place.textContent !== state[key]) place.textContent = state[key];
    }
    for (const [key, text] of Object.entries(state.values)) {
      const place = card.querySelector(`[data-nd="${key}"]`);
      if (place && place.textContent !== text) place.textContent = text;
    }
    const bar = card.querySelector("progress");
    if (!bar) return;
    if (state.percent === null) bar.removeAttribute("value");
    else bar.value = state.percent;
  }

  // a scan began or ended: the page has another form, which the server knows best
  async function renew(board) {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(board.id);
    if (!fresh) {
      location.reload();
      return false;
    }
    const focused = board.contains(document.activeElement);
    if (!focused) {
      board.replaceChildren(...fresh.childNodes);
      board.dataset.ndActive = fresh.dataset.ndActive || "";
      load(board);
    }
    return !focused;
  }

  function shownState(board) {
    const cards = [...board.querySelectorAll("[data-nd-library]")];
    return new Map(cards.map((card) => [card.dataset.ndLibrary, card.querySelector("progress") !== null]));
  }

  async function follow(board) {
    try {
      if (!document.hidden) {
        const answer = await fetch(board.dataset.ndLive, { credentials: "same-origin", headers: { Accept: "application/json" } });
        if (answer.status === 403 || answer.redirected) return;
        if (answer.ok) {
          const { libraries } = await answer.json();
          const known = shownState(board);
          const changed = libraries.some((state) => known.has(String(state.id)) && known.get(String(state.id)) !== state.active);
          if (changed) await renew(board);
          for (const state of libraries) {
            const card = board.querySelector(`[data-nd-library="${Number(state.id)}"]`);
            if (card) show(card, state);
          }
        }
      }
    } catch {
      // the server is being restarted, or the network is gone: try again
    }
    setTimeout(() => follow(board), STEP);
  }

  function load(root) {
    for (const place of root.querySelectorAll("[data-nd-load]")) {
      fetch(place.dataset.ndLoad, { credentials: "same-origin" })
        .then((answer) => (answer.ok ? answer.text() : ""))
        .then((text) => {
          if (text) place.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
        })
        .catch(() => {});
    }
  }

  function selectAll(box) {
    const boxes = document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(box.dataset.ndAll)}"]`);
    box.addEventListener("change", () => boxes.forEach((other) => { other.checked = box.checked; }));
  }

  // the theme shows the page after the browser looked for something to focus
  window.addEventListener("load", () => {
    const first = document.querySelector("[autofocus]");
    if (first && document.activeElement === document.body) first.focus();
  });

  document.addEventListener("DOMContentLoaded", () => {
    const board = document.getElementById("nd-dashboard");
    if (board && board.dataset.ndLive) setTimeout(() => follow(board), STEP);
    load(document);
    document.querySelectorAll("[data-nd-all]").forEach(selectAll);
  });
})();

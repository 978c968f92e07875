// The form of a library: choose its folder, check it while typing, see what the patterns would hide.
"use strict";
(() => {
  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  async function ask(address, query) {
    const answer = await fetch(`${address}?${new URLSearchParams(query)}`, {
      credentials: "same-origin", headers: { Accept: "application/json" },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  function picker(tools, path) {
    const text = tools.dataset;
    const where = make("h2", { class: "nd-path", tabindex: "-1" });
    const note = make("p", { class: "nd-soft", role: "status" });
    const list = make("ul", { class: "nd-folders" });
    const up = make("button", { type: "button", class: "nd-button" }, text.up);
    const use = make("button", { type: "button", class: "nd-button nd-main" }, text.use);
    const close = make("button", { type: "button", class: "nd-button" }, text.close);
    const dialog = make("dialog", { class: "nd-picker", "aria-label": text.choose }, make("div", { class: "nd" }, where, note,
      make("div", { class: "nd-buttons" }, use, up, close), list));
    let now = { path: "", parent: "" };

    async function open(folder) {
      try {
        const found = await ask(text.browse, { path: folder, library: text.library });
        if (found.error && folder && !dialog.dataset.opened) {
          dialog.dataset.opened = "1";
          return open("");
        }
        dialog.dataset.opened = "1";
        now = found;
        where.textContent = found.path || text.choose;
        note.textContent = [found.error, found.note].filter(Boolean).join(" ");
        use.disabled = !found.path || Boolean(found.error);
        up.disabled = !found.parent;
        list.replaceChildren(...found.folders.map((item) => {
          const button = make("button", { type: "button", class: "nd-folder" },
            make("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, "folder"), make("bdi", {}, item.name));
          button.addEventListener("click", () => open(item.path).then(() => where.focus()));
          return make("li", {}, button);
        }));
      } catch {
        note.textContent = text.failed;
      }
      return undefined;
    }

    up.addEventListener("click", () => open(now.parent));
    close.addEventListener("click", () => dialog.close());
    use.addEventListener("click", () => {
      path.value = now.path;
      path.dispatchEvent(new Event("input", { bubbles: true }));
      dialog.close();
      path.focus();
    });
    document.body.append(dialog);
    return () => {
      dialog.showModal();
      open(path.value.trim());
    };
  }

  function checker(tools, path, overlap) {
    const state = document.getElementById("nd-path-state");
    let timer = 0;
    let turn = 0;
    async function check() {
      const mine = ++turn;
      try {
        const query = { path: path.value, library: tools.dataset.library, overlap: Boolean(overlap && overlap.checked) };
        const found = await ask(tools.dataset.check, query);
        if (mine !== turn) return; // an answer to what was typed before
        state.textContent = found.text;
        state.className = found.ok ? "nd-good" : "nd-error";
        path.setAttribute("aria-invalid", String(!found.ok));
      } catch {
        state.textContent = "";
      }
    }
    function later() {
      clearTimeout(timer);
      timer = setTimeout(() => { if (path.value.trim()) check(); }, 300);
    }
    path.setAttribute("aria-describedby", `${path.getAttribute("aria-describedby") || ""} nd-path-state`.trim());
    path.addEventListener("input", later);
    if (overlap) overlap.addEventListener("change", later);
    later();
  }

  function preview(tools, button) {
    const result = document.getElementById("nd-preview-result");
    button.addEventListener("click", async (event) => {
      event.preventDefault();
      button.disabled = true;
      try {
        const answer = await fetch(tools.dataset.preview, {
          method: "POST", credentials: "same-origin", body: new FormData(button.form), headers: { "X-Requested-With": "fetch" },
        });
        if (!answer.ok) throw new Error(String(answer.status));
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        result.replaceChildren(...page.body.childNodes);
      } catch {
        result.textContent = tools.dataset.failed;
      }
      button.disabled = false;
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    const tools = document.getElementById("nd-tools");
    const path = document.getElementById("id_path");
    if (!tools || !path) return;
    // each tool beside its field; without this script they stand together below the form
    path.parentElement.after(make("div", { class: "nd nd-beside" }, document.getElementById("nd-pick"), document.getElementById("nd-path-state")));
    const patterns = document.getElementById("id_patterns");
    if (patterns) patterns.parentElement.after(make("div", { class: "nd nd-beside" }, document.getElementById("nd-preview"), document.getElementById("nd-preview-result")));
    const open = picker(tools, path);
    document.getElementById("nd-pick").addEventListener("click", (event) => {
      event.preventDefault();
      open();
    });
    checker(tools, path, document.getElementById("id_allow_overlap"));
    if (patterns) preview(tools, document.getElementById("nd-preview"));
  });
})();

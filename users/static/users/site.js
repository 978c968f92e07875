// What the pages for everybody do beside working without a script: copying, and following a scan.
"use strict";
(() => {
  async function copy(button) {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      // browsers allow it on https and localhost only
      await navigator.clipboard.writeText(field.value);
    } catch {
      if (!document.execCommand("copy")) return;
    }
    button.textContent = button.dataset.done;
  }

  // the server knows best what the page looks like now
  async function follow(part) {
    const step = Number(part.dataset.renew);
    if (!step) return;
    await new Promise((done) => setTimeout(done, step));
    try {
      if (!document.hidden) {
        const answer = await fetch(location.href, { credentials: "same-origin" });
        const page = new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
        const fresh = page.getElementById(part.id);
        if (fresh) {
          part.dataset.renew = fresh.dataset.renew;
          for (const old of part.querySelectorAll("[data-part]")) {
            const now = fresh.querySelector(`[data-part="${old.dataset.part}"]`);
            // only what changed is read aloud
            if (now && old.innerHTML !== now.innerHTML) old.replaceChildren(...now.childNodes);
          }
        }
      }
    } catch {
      // the server is being restarted, or the network is gone: try again
    }
    follow(part);
  }

  document.querySelectorAll("[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  });
  document.querySelectorAll("[data-renew]").forEach(follow);
})();

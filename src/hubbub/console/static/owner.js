// The owner's pages: colours, copying, and telling what went wrong. Everything else is htmx.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const words = byId("words").dataset, toast = byId("toast");
  let toastEnds;
  const say = (sentence) => {
    toast.textContent = sentence;
    toast.hidden = false;
    clearTimeout(toastEnds);
    toastEnds = setTimeout(() => { toast.hidden = true; }, 8000);
  };
  document.querySelector(".bar [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  document.body.addEventListener("htmx:responseError", (event) => {
    const answer = event.detail.xhr;
    say((answer.getResponseHeader("content-type") || "").startsWith("text/plain") ? answer.responseText : words.failed);
  });
  document.body.addEventListener("htmx:sendError", () => say(words.offline));
  document.body.addEventListener("htmx:sseError", () => say(words.offline));
  document.body.addEventListener("htmx:sseOpen", () => { toast.hidden = true; });
  document.body.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    const code = button.closest(".code").querySelector("code");
    try {
      await navigator.clipboard.writeText(code.innerText);
    } catch { // not on a plain http address
      const range = document.createRange();
      range.selectNodeContents(code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      if (!document.execCommand("copy")) return;
    }
    const before = button.textContent;
    button.textContent = words.copied;
    setTimeout(() => { button.textContent = before; }, 1500);
  });
  byId("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    root.dataset.theme = dark ? "light" : "dark";
    document.cookie = "hubbub-theme=" + root.dataset.theme + "; path=/; max-age=31536000; samesite=strict";
  });
})();

// The chat page: what only the browser can do. Everything else is written by the hub and put in place by htmx.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const text = byId("text"), form = byId("composer"), turns = byId("turns"), scroll = byId("scroll");
  const words = byId("words").dataset, pictures = byId("pictures"), file = byId("file");
  const PENDING = "hubbub.pending", DAY = 86400000, EDGE = 1568, MOST = 4;

  // --- keeping the end in sight, unless the reader looked up
  let follow = true;
  const toEnd = () => { scroll.scrollTop = scroll.scrollHeight; };
  scroll.addEventListener("scroll", () => {
    follow = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  }, { passive: true });
  new ResizeObserver(() => { if (follow) toEnd(); }).observe(turns);

  // --- writing
  const fit = () => { text.style.height = "auto"; text.style.height = Math.min(text.scrollHeight, innerHeight * 0.4) + "px"; };
  const live = () => turns.querySelector(".live");
  const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  const refresh = () => {
    const busy = live() !== null;
    byId("stop").hidden = !busy;
    byId("send").hidden = busy;
    byId("send").disabled = !text.value.trim() && !pictures.children.length;
    fit();
  };
  text.addEventListener("input", refresh);
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    if (matchMedia("(pointer: coarse)").matches) return; // a phone's Enter makes a new line
    event.preventDefault();
    if (!live() && !byId("send").disabled) form.requestSubmit();
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (document.body.classList.contains("side")) side(false);
    else if (live()) byId("stop").click();
    else if (byId("behind").value) endEdit(true);
  });

  // --- pictures, made small enough before they are sent
  const addPicture = async (blob) => {
    if (pictures.children.length >= MOST) return say(words.toomany);
    let url;
    try {
      const bitmap = await createImageBitmap(blob);
      const scale = Math.min(1, EDGE / Math.max(bitmap.width, bitmap.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.max(1, Math.round(bitmap.width * scale));
      canvas.height = Math.max(1, Math.round(bitmap.height * scale));
      canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      const png = blob.type === "image/png" && blob.size < 400000;
      url = canvas.toDataURL(png ? "image/png" : "image/jpeg", 0.88);
    } catch { return say(words.nopicture); }
    const box = document.createElement("div"), image = new Image(), remove = document.createElement("button");
    const field = document.createElement("input");
    box.className = "picture";
    image.src = url;
    image.alt = blob.name || "";
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", words.remove);
    remove.addEventListener("click", () => { box.remove(); refresh(); text.focus(); });
    field.type = "hidden";
    field.name = "picture";
    field.value = url;
    box.append(image, remove, field);
    pictures.append(box);
    refresh();
  };
  const addAll = (files) => { for (const each of files) if (each.type.startsWith("image/")) addPicture(each); };
  byId("attach").addEventListener("click", () => file.click());
  file.addEventListener("change", () => { addAll(file.files); file.value = ""; });
  text.addEventListener("paste", (event) => addAll(event.clipboardData.files));
  scroll.addEventListener("dragover", (event) => event.preventDefault());
  scroll.addEventListener("drop", (event) => { event.preventDefault(); addAll(event.dataTransfer.files); });

  // --- telling
  let toastEnds;
  const say = (sentence) => {
    const toast = byId("toast");
    toast.textContent = sentence;
    toast.hidden = false;
    clearTimeout(toastEnds);
    toastEnds = setTimeout(() => { toast.hidden = true; }, 8000);
  };

  // --- editing an earlier question: the conversation goes on from there as another version
  const endEdit = (clear) => {
    byId("behind").value = "";
    byId("editing").hidden = true;
    if (clear) text.value = "";
    refresh();
  };
  byId("edit-cancel").addEventListener("click", () => endEdit(true));

  turns.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.classList.contains("edit")) {
      const turn = button.closest(".turn");
      text.value = turn.querySelector(".bubble").textContent;
      byId("behind").value = turn.dataset.parent;
      byId("editing").hidden = false;
      refresh();
      text.focus();
    } else if (button.classList.contains("copy") || button.classList.contains("copy-turn")) {
      const from = button.classList.contains("copy")
        ? button.closest(".code").querySelector("code")
        : button.closest(".turn").querySelector(".bubble, .acts ~ .md, .md:not(.thoughts .md)");
      if (await copy(from.innerText)) {
        button.classList.add("done");
        const before = button.innerHTML;
        button.textContent = words.copied;
        setTimeout(() => { button.innerHTML = before; button.classList.remove("done"); }, 1500);
      }
    }
  });
  const copy = async (what) => {
    try { await navigator.clipboard.writeText(what); return true; } catch { /* not on a plain http address */ }
    const area = document.createElement("textarea");
    area.value = what;
    area.className = "hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };

  // --- what is under way survives a reload, and a restart of the hub
  const pending = () => { try { return JSON.parse(localStorage.getItem(PENDING)) || {}; } catch { return {}; } };
  const remember = (change) => {
    const held = pending();
    change(held);
    for (const name of Object.keys(held)) if (Date.now() - held[name].time > DAY) delete held[name];
    try { localStorage.setItem(PENDING, JSON.stringify(held)); } catch { /* full or forbidden: then without */ }
  };
  const remembered = (node) => {
    const question = node.querySelector(".bubble");
    const known = pending()[node.dataset.c];
    if (question && !question.textContent && known && known.live === node.dataset.live) question.textContent = known.text;
    remember((held) => {
      held[node.dataset.c] = { live: node.dataset.live, text: question ? question.textContent : "", time: Date.now() };
    });
  };

  document.body.addEventListener("htmx:load", (event) => {
    const node = event.detail.elt;
    if (!(node instanceof Element)) return;
    if (node.matches(".live")) {
      const c = byId("c");
      c.value = node.dataset.c;
      remembered(node);
      follow = true;
      toEnd();
    } else if (node.matches("[data-reload]")) {
      location.reload();
    } else if (node.matches("[data-changed]")) {
      location.assign(byId("c").value ? "/?c=" + encodeURIComponent(byId("c").value) : "/");
    }
    refresh();
  });
  document.body.addEventListener("htmx:sseBeforeMessage", (event) => {
    if (event.detail.type !== "done") return;
    remember((held) => { delete held[byId("c").value]; });
    setTimeout(() => { // what is put in place now is there then
      htmx.trigger(document.body, "listed");
      refresh();
      if (!matchMedia("(pointer: coarse)").matches) text.focus({ preventScroll: true });
    }, 30);
  });

  // --- sending: again and again with the same key while the hub cannot be reached
  let again;
  form.addEventListener("htmx:configRequest", () => clearTimeout(again));
  form.addEventListener("submit", () => { if (!byId("key").value) byId("key").value = newKey(); }, true);
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.target !== form || !event.detail.successful) return;
    byId("offline").hidden = true;
    byId("toast").hidden = true;
    byId("key").value = "";
    text.value = "";
    pictures.replaceChildren();
    endEdit(false);
  });
  form.addEventListener("htmx:sendError", () => {
    byId("offline").hidden = false;
    again = setTimeout(() => form.requestSubmit(), 2000);
  });
  document.body.addEventListener("htmx:responseError", (event) => {
    const answer = event.detail.xhr;
    byId("key").value = "";
    say((answer.getResponseHeader("content-type") || "").startsWith("text/plain") ? answer.responseText : words.failed);
  });
  document.body.addEventListener("htmx:sseError", () => { byId("offline").hidden = false; });
  document.body.addEventListener("htmx:sseOpen", () => { byId("offline").hidden = true; });

  // --- another language of the page that is shown now
  document.querySelector('form[action="/page/language"]').addEventListener("submit", (event) => {
    event.target.elements.next.value = location.pathname + location.search;
  });

  // --- the list on a phone, and the colours
  const side = (open) => {
    document.body.classList.toggle("side", open);
    byId("side-open").setAttribute("aria-expanded", String(open));
    (open ? byId("side-close") : byId("side-open")).focus();
  };
  byId("side-open").addEventListener("click", () => side(true));
  byId("side-close").addEventListener("click", () => side(false));
  byId("veil").addEventListener("click", () => side(false));
  byId("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    root.dataset.theme = dark ? "light" : "dark";
    document.cookie = "hubbub-theme=" + root.dataset.theme + "; path=/; max-age=31536000; samesite=strict";
  });
  const model = byId("model");
  if (model) {
    const chosen = localStorage.getItem("hubbub.model");
    if (chosen && Array.from(model.options).some((each) => each.value === chosen)) model.value = chosen;
    model.addEventListener("change", () => localStorage.setItem("hubbub.model", model.value));
  }

  // --- the start
  const name = byId("c").value, known = name && pending()[name];
  if (known && !live() && Date.now() - known.time < DAY) {
    htmx.ajax("GET", "/page/turns?c=" + encodeURIComponent(name) + "&live=" + encodeURIComponent(known.live), { target: turns, swap: "beforeend" });
  } else if (live()) {
    remembered(live());
  }
  refresh();
  toEnd();
})();

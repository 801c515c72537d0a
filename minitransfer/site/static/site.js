// What a page does: predictions that answer, words on hover, the ledger's filter, one cell at a time.
"use strict";

(function () {
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

  // Predict before you run. What is chosen stays in this browser, and is shown again by the result.
  function cellsAfter(form) {
    // The code cells up to the next prose: their output answers the question.
    const order = all("article .cell-mark, article div.cell, article form.predict");
    const found = [];
    for (const one of order.slice(order.indexOf(form) + 1)) {
      if (!one.matches("div.cell")) break;
      found.push(one);
    }
    return found;
  }

  function kept(key, value) {
    try { // a browser may refuse to keep anything for a file
      if (value !== undefined) localStorage.setItem(key, value);
      return localStorage.getItem(key);
    } catch { return value ?? null; }
  }

  function predict(form, number) {
    const key = `guess ${location.pathname} ${number}`;
    const cells = cellsAfter(form).filter((cell) => cell.querySelector(".cell_output"));
    const reply = form.querySelector(".reply");
    const buttons = all("button", form);
    let note = null;
    if (cells.length) {
      note = make("p", { className: "waiting-note" });
      note.append("The result waits for your guess. ");
      const look = make("button", { type: "button", textContent: "Show it without" });
      look.addEventListener("click", show);
      note.append(look);
      cells[0].querySelector(".cell_output").before(note);
      cells.forEach((cell) => cell.classList.add("waits"));
    }
    function show() {
      note?.remove();
      cells.forEach((cell) => cell.classList.remove("waits"));
    }
    function recall(text) {
      show();
      if (!cells.length) return;
      const hidden = cells.at(-1).classList.contains("off") ? " off" : ""; // one cell at a time
      cells.at(-1).after(make("p", { className: `recalled${hidden}`, textContent: `Your guess was: ${text}` }));
    }
    function choose(at) {
      const told = JSON.parse(form.dataset.answer);
      buttons.forEach((button, i) => {
        button.disabled = true;
        button.classList.toggle("chosen", i === at);
        button.setAttribute("aria-pressed", String(i === at));
        if (i === told.right) button.classList.add("right");
        else if (i === at) button.classList.add("wrong");
      });
      const right = buttons[told.right].textContent;
      const measured = `Measured: ${told.measured}.`;
      reply.textContent = at === told.right ? `Yes. ${measured}` : `It is “${right}”. ${measured}`;
      recall(buttons[at].textContent);
    }
    const before = kept(key);
    buttons.forEach((button, i) => button.addEventListener("click", () => { kept(key, i); choose(i); }));
    form.addEventListener("submit", (event) => event.preventDefault());
    if (before !== null && buttons[before]) choose(Number(before));
  }

  // The sentence of a word, where the pointer or the keyboard rests on it.
  function words() {
    if (!document.querySelector("a.word")) return;
    const tip = make("div", { id: "tip", hidden: true });
    tip.setAttribute("role", "tooltip");
    document.body.append(tip);
    function show(event) {
      const word = event.target.closest?.("a.word");
      if (!word) return;
      tip.textContent = word.dataset.tip;
      tip.hidden = false;
      word.setAttribute("aria-describedby", "tip");
      const box = word.getBoundingClientRect();
      const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
      tip.style.left = `${Math.max(8, left) + scrollX}px`;
      const below = box.bottom + tip.offsetHeight + 12 < innerHeight;
      tip.style.top = `${(below ? box.bottom + 6 : box.top - tip.offsetHeight - 6) + scrollY}px`;
    }
    const hide = () => { tip.hidden = true; };
    for (const name of ["mouseover", "focusin"]) document.addEventListener(name, show);
    for (const name of ["mouseout", "focusout"]) document.addEventListener(name, hide);
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  }

  // The ledger, by article, verdict and words; what is chosen stands in the address.
  function ledger(form) {
    const rows = all(".ledger .row");
    const names = ["article", "verdict", "words"];
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const name of names) form.elements[name].value = asked.get(name) ?? "";
    function filter() {
      const [article, verdict, text] = names.map((name) => form.elements[name].value);
      let count = 0;
      for (const row of rows) {
        const claim = row.querySelector(".claim");
        row.hidden = !(
          (!article || row.dataset.article === article) &&
          (!verdict || claim.dataset.verdict === verdict) &&
          claim.textContent.toLowerCase().includes(text.toLowerCase())
        );
        count += !row.hidden;
      }
      form.querySelector("output").textContent = `${count} of ${rows.length}`;
    }
    form.addEventListener("input", () => {
      const chosen = names.map((name) => [name, form.elements[name].value]).filter((pair) => pair[1]);
      history.replaceState(null, "", `#${new URLSearchParams(chosen)}`);
      filter();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    filter();
  }

  // A figure alone, as large as the window: by a click, and by Z in step mode.
  function alone(image) {
    const before = document.querySelector("img.alone");
    before?.classList.remove("alone");
    if (image && image !== before) image.classList.add("alone");
    return before;
  }

  function figures() {
    for (const image of all(".cell_output img, img.headline")) {
      image.addEventListener("click", (event) => {
        event.preventDefault(); // of the link to the picture's file
        alone(image);
      });
    }
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && alone()) event.stopImmediatePropagation();
    }, true);
  }

  // Step mode: one cell at a time. A cell is a piece of prose or a code cell with its output.
  function steps(start) {
    const article = document.querySelector("article");
    const cells = [[]];
    (function walk(element) {
      for (const child of element.children) {
        if (child.matches("section")) walk(child);
        else if (child.matches(".cell-mark")) cells.push([]);
        else {
          if (child.matches("div.cell")) cells.push([]);
          cells.at(-1).push(child);
        }
      }
    })(article.querySelector("section"));
    const shown = cells.filter((cell) => cell.length);
    const bar = make("div", { id: "steps", hidden: true });
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", "Step through the lesson");
    const place = make("output");
    const button = (text, title, action, wide = "") => {
      const one = make("button", { type: "button", textContent: text, title, className: wide });
      one.setAttribute("aria-label", title);
      one.addEventListener("click", action);
      return one;
    };
    bar.append(
      button("←", "Back (left arrow)", () => go(at - 1)), place,
      button("→", "On (right arrow)", () => go(at + 1)),
      button("Larger", "Size of a projector (P)", large, "wide"),
      button("Figure", "The figure alone (Z)", zoom, "wide"),
      button("Full screen", "Full screen (F)", full, "wide"),
      button("End", "Back to the page (Escape)", end),
    );
    const more = make("span", { className: "more", textContent: "↓ more" }); // below the window
    bar.append(more);
    document.body.append(bar);
    let at = -1;
    const left = () => document.documentElement.scrollHeight - innerHeight - scrollY;
    const look = () => more.classList.toggle("none", left() < 8);
    for (const name of ["scroll", "resize"]) addEventListener(name, look, { passive: true });
    // What pages with a clicker reads a long cell to its end first.
    function turn(way) {
      const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
      if (way > 0 ? left() > 8 : scrollY > 8) {
        scrollBy({ top: way * 0.75 * innerHeight, behavior });
        look();
      } else go(at + way);
    }
    function go(to, keep = true) {
      at = Math.max(0, Math.min(shown.length - 1, to));
      alone();
      document.body.classList.add("steps");
      bar.hidden = false;
      shown.forEach((cell, i) => cell.forEach((one) => one.classList.toggle("off", i !== at)));
      // Headings of the sections stay with their first cell; what was guessed hides with the others.
      all(".recalled", article).forEach((note) => {
        note.classList.toggle("off", !note.previousElementSibling || note.previousElementSibling.classList.contains("off"));
      });
      place.textContent = `${at + 1} of ${shown.length}`;
      if (keep) history.replaceState(null, "", `#step=${at + 1}`);
      scrollTo({ top: 0, behavior: "instant" });
      look();
    }
    function large() {
      document.body.classList.toggle("large");
      look();
    }
    function zoom() {
      alone(shown[at].flatMap((part) => all("img", part)).find((image) => image.offsetWidth));
    }
    function full() {
      if (document.fullscreenElement) document.exitFullscreen();
      else document.documentElement.requestFullscreen?.().catch(() => {});
    }
    function end() {
      document.body.classList.remove("steps", "large");
      all(".off", article).forEach((one) => one.classList.remove("off"));
      bar.hidden = true;
      history.replaceState(null, "", location.pathname + location.search);
      shown[Math.max(0, at)][0].scrollIntoView();
      at = -1;
    }
    document.addEventListener("keydown", (event) => {
      if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.target.closest?.("input, select, textarea")) return;
      const keys = {
        ArrowRight: () => go(at + 1), ArrowLeft: () => go(at - 1), PageDown: () => turn(1),
        PageUp: () => turn(-1), Home: () => go(0), End: () => go(shown.length - 1),
        p: large, P: large, z: zoom, Z: zoom, f: full, F: full, Escape: end,
      };
      if (keys[event.key]) { event.preventDefault(); event.stopImmediatePropagation(); keys[event.key](); }
    }, true);
    start.addEventListener("click", () => go(0));
    const fromAddress = () => {
      const asked = /^#step=(\d+)$/.exec(location.hash);
      if (asked) go(Number(asked[1]) - 1, false);
    };
    addEventListener("hashchange", fromAddress);
    fromAddress();
  }

  // What scrolls sideways is reached by the keyboard, and fades where it goes on.
  function sideways() {
    const broad = all("div.highlight pre, div.math, .table-wrapper, .cell_output pre, .cell_output, .path-map-frame");
    function look(one) {
      if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
      one.classList.toggle("goes-on", one.scrollLeft + one.clientWidth < one.scrollWidth - 2);
    }
    const seen = new ResizeObserver((entries) => entries.forEach((entry) => look(entry.target)));
    for (const one of broad) {
      seen.observe(one);
      one.addEventListener("scroll", () => look(one), { passive: true });
    }
  }

  function begin() {
    sideways();
    all("form.predict").forEach(predict);
    words();
    figures();
    all("form.filter").forEach(ledger);
    const start = document.querySelector(".start-steps");
    if (start) steps(start);
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();

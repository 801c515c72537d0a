// The four panels: the network of lessons 1 to 4, transfer, filters, and the chain of lesson 5.
"use strict";

(function () {
  const root = document.getElementById("panels");
  if (!root) return;
  const { STATES, TABLES, Small, Learner, glyphConv, edges, surprise, BELIEFS, possible } = Networks;
  const BLUE = "#0072b2", ORANGE = "#d55e00", GREEN = "#009e73", GREY = "#8a8a86", PURPLE = "#a8578a";

  // Little helpers for pages
  const pages = JSON.parse(root.dataset.lessons); // number → address, of the lessons that there are
  const lesson = (number, words = `lesson ${number}`) => (pages[number] ? `<a href="${pages[number]}">${words}</a>` : words);
  function make(tag, properties = {}, ...children) {
    const { style, ...rest } = properties;
    const one = Object.assign(document.createElement(tag), rest);
    if (style) one.style.cssText = style;
    one.append(...children);
    return one;
  }
  const button = (text, action, more = {}) => {
    const one = make("button", { type: "button", textContent: text, ...more });
    one.addEventListener("click", action);
    return one;
  };
  function choice(label, options, chosen, action) {
    const select = make("select", {}, ...Object.entries(options).map(([value, text]) => make("option", { value, textContent: text })));
    select.value = chosen;
    select.addEventListener("change", action);
    return [make("label", {}, `${label} `, select), select];
  }
  function panel(id, title, lead) {
    const section = make("section", { id, className: "panel" }, make("h2", { textContent: title }), make("p", { innerHTML: lead }));
    root.append(section);
    return section;
  }
  function board(wide, high, label) {
    const canvas = make("canvas", { className: "board", width: 2 * wide, height: 2 * high });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label);
    const pen = canvas.getContext("2d");
    pen.scale(2, 2);
    return [canvas, pen];
  }
  const PAPER = "#f6f5f1", INK = "#1f1f1f", FAINT = "#b5b3ac";
  function wipe(pen, wide, high) {
    pen.fillStyle = PAPER;
    pen.fillRect(0, 0, wide, high);
    pen.fillStyle = INK;
    pen.font = "12px system-ui, sans-serif";
    pen.textAlign = "left";
  }
  function dot(pen, x, y, r, fill, stroke = INK) {
    pen.beginPath();
    pen.arc(x, y, r, 0, 7);
    pen.fillStyle = fill;
    pen.fill();
    pen.lineWidth = 1.5;
    pen.strokeStyle = stroke;
    pen.stroke();
  }
  function line(pen, points, colour, width = 2) {
    pen.beginPath();
    points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.stroke();
  }
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  // 1. Two switches, a hidden layer, a lamp
  (function () {
    const home = panel("panel-xor", "1 · Two switches and a lamp",
      `The network of ${lesson(1, "lessons 1")} to ${lesson(4, "4")}: two switches h1 and h2, hidden nodes g1, g2, …, and a lamp. Train it, and look at its lines: blue ones add, orange ones take away, wide ones are strong. ` +
      "A node that swings less than a fiftieth of all is a free rider, and turns grey.");
    const number = (label, value, min, max, step) => {
      const input = make("input", { type: "number", value, min, max, step });
      input.style.width = "5.5em";
      return [make("label", {}, `${label} `, input), input];
    };
    const [tableLabel, table] = choice("Truth table", { XOR: "XOR", OR: "OR", AND: "AND", own: "your own" }, "XOR", retable);
    const own = STATES.map(([a, b], s) => {
      const box = make("input", { type: "checkbox", checked: TABLES.XOR[s] === 1 });
      box.addEventListener("change", () => { table.value = "own"; draw(); });
      return [make("label", {}, box, ` ${a}${b}`), box];
    });
    const [widthLabel, width] = number("Hidden nodes", 4, 1, 8, 1);
    const [activationLabel, activation] = choice("Activation", { sigmoid: "sigmoid", tanh: "tanh", relu: "ReLU" }, "sigmoid", fresh);
    const [rateLabel, rate] = number("Learning rate", 0.5, 0.01, 5, 0.01);
    const [decayLabel, decay] = number("L2", 0, 0, 0.1, 0.0005);
    const [seedLabel, seed] = number("Seed", 0, 0, 999, 1);
    for (const input of [width, seed]) input.addEventListener("change", fresh);
    const status = make("p", { className: "status" });
    status.setAttribute("role", "status");
    const run = button("Train", toggle, { className: "go" });
    const [netBoard, net] = board(380, 250, "The network: lines for weights, grey for nodes that ride free");
    const [planeBoard, plane] = board(250, 250, "The plane of two hidden nodes, with the four states in it");
    const [lossBoard, loss] = board(300, 250, "The loss over the steps");
    const planeKey = make("p", { className: "legend" });
    const many = make("div", { className: "many" });
    const manyStatus = make("p", { className: "status" });
    manyStatus.setAttribute("role", "status");
    home.append(
      make("div", { className: "controls" }, tableLabel, make("span", { className: "own" }, "lamp on for", ...own.map((pair) => pair[0])), widthLabel, activationLabel, rateLabel, decayLabel, seedLabel),
      make("div", { className: "controls" }, run, button("One step", () => { advance(1); draw(); }), button("New weights", () => { seed.value = (Number(seed.value) + 1) % 1000; fresh(); }), button("200 seeds at once", all, { className: "all" })),
      status, make("div", { className: "boards" }, netBoard, planeBoard, lossBoard), planeKey, manyStatus, many,
    );
    let network, losses, steps, timer = null;
    const wanted = () => own.map(([, box]) => Number(box.checked));
    const within = (input, least, most, otherwise) => {
      const value = Number(input.value);
      return Number.isFinite(value) && input.value !== "" ? Math.min(most, Math.max(least, value)) : otherwise;
    };
    function retable() {
      if (TABLES[table.value]) own.forEach(([, box], s) => { box.checked = TABLES[table.value][s] === 1; });
      draw();
    }
    function fresh() {
      stop();
      network = new Small(Math.round(within(width, 1, 8, 4)), activation.value, Math.round(within(seed, 0, 999, 0)));
      losses = [network.loss(wanted())];
      steps = 0;
      draw();
    }
    function advance(count) {
      const target = wanted(), speed = within(rate, 0, 5, 0.5), l2 = within(decay, 0, 0.1, 0);
      for (let i = 0; i < count; i++) {
        network.step(target, speed, l2);
        steps += 1;
        if (steps % 10 === 0) losses.push(network.loss(target));
      }
    }
    function toggle() { if (timer) stop(); else { run.textContent = "Pause"; tick(); } }
    function stop() { cancelAnimationFrame(timer); timer = null; run.textContent = "Train"; }
    function tick() {
      advance(still ? 500 : 25);
      draw();
      const done = network.loss(wanted()) < 0.01 || steps >= 20000;
      if (done) stop(); else timer = requestAnimationFrame(tick);
    }
    function draw() {
      const target = wanted(), swings = network.swings(), idle = swings.map((share) => share < 0.02);
      // The network
      wipe(net, 380, 250);
      const w = network.width, at = (j) => [190, 250 * ((j + 1) / (w + 1))], ins = [[50, 85], [50, 165]], out = [330, 125];
      const relation = (a, b, weight, faded) => {
        net.globalAlpha = faded ? 0.25 : 0.9;
        line(net, [a, b], faded ? GREY : weight > 0 ? BLUE : ORANGE, Math.min(9, 0.4 + Math.abs(weight)));
        net.globalAlpha = 1;
      };
      for (let j = 0; j < w; j++) {
        ins.forEach((spot, i) => relation(spot, at(j), network.below[2 * j + i], idle[j]));
        relation(at(j), out, network.above[j], idle[j]);
      }
      ins.forEach(([x, y], i) => { dot(net, x, y, 15, "#fff"); net.fillStyle = INK; net.fillText(`h${i + 1}`, x - 7, y + 4); });
      for (let j = 0; j < w; j++) { const [x, y] = at(j); dot(net, x, y, 12, idle[j] ? "#cfcfca" : "#fff", idle[j] ? GREY : INK); net.fillStyle = idle[j] ? "#5c5c58" : INK; net.fillText(`g${j + 1}`, x - 7, y + 4); }
      dot(net, ...out, 16, "#fff");
      net.fillStyle = INK;
      net.fillText("lamp", out[0] - 13, out[1] + 4);
      // The plane of the two hidden nodes that swing most
      wipe(plane, 250, 250);
      const order = swings.map((share, j) => [share, j]).sort((a, b) => b[0] - a[0]).map((pair) => pair[1]);
      const [p, q] = w > 1 ? order.slice(0, 2).sort((a, b) => a - b) : [0, 0];
      const values = network.hidden.flatMap((h) => [h[p], h[q]]);
      const low = activation.value === "tanh" ? -1 : 0, high = activation.value === "relu" ? Math.max(1, ...values) : 1;
      const x = (v) => 25 + 200 * ((v - low) / (high - low)), y = (v) => 225 - 200 * ((v - low) / (high - low));
      if (w <= 2) { // the line on which the output says one half
        const cells = 25;
        for (let i = 0; i < cells; i++) for (let k = 0; k < cells; k++) {
          const u = low + ((i + 0.5) / cells) * (high - low), v = low + ((k + 0.5) / cells) * (high - low);
          const on = network.offset[0] + network.above[p] * u + (w > 1 ? network.above[q] * v : 0) > 0;
          plane.fillStyle = on ? "#cfe3f1" : "#f8dfcf";
          plane.fillRect(25 + 8 * i, 217 - 8 * k, 8.3, 8.3);
        }
      }
      plane.strokeStyle = FAINT;
      plane.strokeRect(25, 25, 200, 200);
      const placed = [];
      network.hidden.forEach((h, s) => {
        const spot = [x(h[p]), y(h[q])];
        const shift = placed.filter(([a, b]) => Math.hypot(a - spot[0], b - spot[1]) < 16).length;
        placed.push(spot);
        dot(plane, ...spot, 7, target[s] ? INK : "#fff");
        plane.fillStyle = INK;
        plane.textAlign = spot[0] > 200 ? "right" : "left"; // within the frame
        plane.fillText(STATES[s].join(""), spot[0] + (spot[0] > 200 ? -10 : 10), spot[1] - 6 - 13 * shift);
      });
      planeKey.textContent = `In the plane: nodes g${p + 1} (across) and g${q + 1} (up)${w > 2 ? ", the two that swing most" : ""}; full circles want the lamp on.`;
      // The loss
      wipe(loss, 300, 250);
      const most = Math.max(0.8, ...losses);
      line(loss, [[34, 20], [34, 225], [290, 225]], INK, 1);
      loss.fillText("loss (nats)", 38, 16);
      loss.fillText(most.toFixed(1), 8, 26);
      loss.fillText("0", 20, 229);
      loss.textAlign = "right";
      loss.fillText(`${steps.toLocaleString("en")} steps`, 290, 242);
      const last = Math.max(1, losses.length - 1);
      line(loss, losses.map((value, i) => [34 + (256 * i) / last, 225 - (205 * value) / most]), BLUE);
      const now = network.loss(target), good = network.logits.reduce((n, z, s) => n + (z > 0 === target[s] > 0.5), 0);
      const free = idle.filter(Boolean).length;
      status.textContent = `Step ${steps.toLocaleString("en")}: loss ${now.toFixed(4)}, ${good} of 4 states right` + (free ? `, ${free} free rider${free > 1 ? "s" : ""}` : "");
      home.dataset.right = String(good);
    }
    // 200 seeds, in small multiples: four squares each, the states; a green frame: all right
    let turn = 0;
    function all() {
      stop();
      const mine = ++turn, target = wanted(), speed = within(rate, 0, 5, 0.5), l2 = within(decay, 0, 0.1, 0);
      const nets = Array.from({ length: 200 }, (_, s) => new Small(network.width, activation.value, s));
      const tiles = nets.map((_, s) => {
        const one = make("canvas", { width: 20, height: 20, title: `seed ${s}` });
        one.addEventListener("click", () => { seed.value = s; fresh(); home.scrollIntoView(); });
        return one;
      });
      many.replaceChildren(...tiles);
      many.setAttribute("role", "img");
      many.setAttribute("aria-label", "200 networks, one small square each; a green frame means that all four states are right");
      let done = 0;
      (function chunk() {
        if (mine !== turn) return;
        const started = performance.now();
        do { for (const one of nets) for (let i = 0; i < 25; i++) one.step(target, speed, l2); done += 25; } while (performance.now() - started < 30 && done < 5000);
        let solved = 0;
        nets.forEach((one, s) => {
          const pen = tiles[s].getContext("2d"), right = one.right(target);
          solved += right;
          one.logits.forEach((z, k) => {
            const share = 1 / (1 + Math.exp(-z));
            pen.fillStyle = `rgb(${213 - 213 * share},${94 + 20 * share},${178 * share})`;
            pen.fillRect(2 + 8 * (k & 1), 2 + 8 * (k >> 1), 8, 8);
          });
          pen.lineWidth = 2;
          pen.strokeStyle = right ? GREEN : "#d9d7cf";
          pen.strokeRect(1, 1, 18, 18);
        });
        manyStatus.textContent = `After ${done.toLocaleString("en")} steps ${solved} of 200 have all four states right (green frame). A square is one network, its quarters the states 00 and 01, below them 10 and 11: blue for a lamp that is on, orange for one that is off. Click on a network to see it above.`;
        home.dataset.solved = String(solved);
        if (done < 5000) setTimeout(chunk, 0); else home.dataset.done = "yes";
      })();
    }
    fresh();
  })();

  // 2a. Transfer between gates
  (function () {
    const home = panel("panel-transfer", "2 · Carry it over",
      "First between gates: train on one, hold the hidden layer still, put a fresh head on and train it on another. " +
      "Beside it the same network without the first task, and a held hidden layer of random numbers.");
    const names = { XOR: "XOR", OR: "OR", AND: "AND", NOR: "NOR", XNOR: "XNOR" };
    const [fromLabel, from] = choice("Learn first", names, "XOR", () => {});
    const [toLabel, to] = choice("then", names, "XNOR", () => {});
    const result = make("div", { className: "steps-needed" });
    const status = make("p", { className: "status" });
    status.setAttribute("role", "status");
    const GOAL = 0.1, MOST = 6000, SEEDS = 40;
    function needed(network, table, frozen) {
      for (let step = 0; step <= MOST; step += 20) {
        if (network.loss(table) < GOAL) return step;
        for (let i = 0; i < 20; i++) network.step(table, 0.5, 0, frozen);
      }
      return Infinity;
    }
    let turn = 0;
    function compare() {
      const mine = ++turn, rows = { borrowed: [], scratch: [], random: [] };
      let seed = 0;
      (function next() {
        if (mine !== turn) return;
        const body = new Small(4, "sigmoid", seed);
        for (let i = 0; i < 6000 && body.loss(TABLES[from.value]) > 0.05; i++) body.step(TABLES[from.value], 0.5);
        body.freshHead(1000 + seed);
        rows.borrowed.push(needed(body, TABLES[to.value], true));
        rows.scratch.push(needed(new Small(4, "sigmoid", 2000 + seed), TABLES[to.value], false));
        rows.random.push(needed(new Small(4, "sigmoid", 2000 + seed), TABLES[to.value], true));
        seed += 1;
        const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
        const told = { borrowed: "body held, learnt first", scratch: "all trained, from scratch", random: "body held, random" };
        result.replaceChildren(...Object.entries(rows).map(([name, values]) => {
          const one = middle(values), ever = values.filter(Number.isFinite).length;
          const bar = make("span", { className: `bar ${name}`, style: `width:${Math.min(100, (100 * Math.min(one, MOST)) / MOST)}%` });
          const words = `${ever} of ${values.length} get there` + (Number.isFinite(one) ? `, median ${one.toLocaleString("en")} steps` : ` within ${MOST.toLocaleString("en")} steps`);
          return make("div", {}, make("b", { textContent: told[name] }), make("span", { className: "track" }, bar), make("span", { textContent: words }));
        }));
        status.textContent = `Steps until the loss is below ${GOAL}, over ${seed} seeds.`;
        if (seed < SEEDS) setTimeout(next, 0); else home.dataset.gates = "done";
      })();
    }
    home.append(make("div", { className: "controls" }, fromLabel, toLabel, button("Compare", compare, { className: "compare" })), status, result);

    // 2b. The published network, and ten drawings
    const glyphs = glyphConv(Weights.characters.length).load(Networks.floats16(Weights.glyphs));
    const digits = (name) => {
      const raw = Networks.bytes(Weights[name]);
      return Weights[`${name}Labels`].map((label, n) => ({ label, picture: Float32Array.from(raw.subarray(784 * n, 784 * (n + 1)), (v) => v / 255) }));
    };
    const pool = digits("learn"), test = digits("test");
    home.append(make("h3", { textContent: "Then with pictures" }), make("p", { innerHTML:
      "Below works a network that knows a thousand printed characters and has never seen a handwritten digit. Draw digits, at least one of each kind, and say with a button what each is; " +
      "or take ten that others have written. Then let two networks learn these few: <em>option 1</em> holds the borrowed body and trains a fresh head, <em>scratch</em> has the same architecture and nothing else. " +
      "Both are asked for a hundred digits that neither has seen; draw another one, and all will say what they take it for." }));
    const pad = new DrawingPad("Draw here; the label is chosen beside it", guess);
    const kinds = make("div", { className: "kinds" });
    const shown = make("div", { className: "shown" }), said = make("p", { className: "status" }), learnt = make("div", { className: "learnt" });
    said.setAttribute("role", "status");
    let examples = [], option1 = null, scratch = null, round = 0;
    for (let label = 0; label < 10; label++) kinds.append(button(String(label), () => add(label), { title: `Keep the drawing as ${label}` }));
    function add(label, picture = null) {
      if (!picture && pad.empty) { said.textContent = "Draw something first."; return; }
      examples.push({ label, picture: picture ?? pad.picture() });
      if (!picture) pad.clear(false);
      list();
    }
    function list() {
      shown.replaceChildren(...examples.map(({ label, picture }, n) => {
        const one = button("", () => { examples.splice(n, 1); list(); }, { className: "example", title: `Take this ${label} away` });
        one.append(thumbnail(picture, 28, 28, { label: `drawing ${n + 1}` }), String(label));
        return one;
      }));
      learn.disabled = examples.length < 2;
      home.dataset.examples = String(examples.length);
    }
    const learn = button("Learn these", train, { className: "learn", disabled: true });
    function take(count) {
      const found = [];
      const start = Math.floor(Math.random() * pool.length);
      for (let label = 0; label < 10; label++) {
        const some = pool.filter((digit) => digit.label === label);
        for (let i = 0; i < count / 10; i++) found.push(some[(start + i) % some.length]);
      }
      examples = found;
      list();
    }
    const share = (read) => test.filter(({ label, picture }, n) => read(picture, n) === label).length / test.length;
    const best = (logits) => logits.indexOf(Math.max(...logits));
    let features = null; // of the test digits, once
    function train() {
      const mine = ++round, labels = examples.map((one) => one.label), pictures = examples.map((one) => one.picture);
      const started = performance.now();
      option1 = glyphConv(10);
      option1.layers.splice(0, option1.layers.length - 1, ...glyphs.layers.slice(0, -1)); // the same body, not a copy
      option1.layers.at(-1).weight = option1.layers.at(-1).weight.map(() => 0);
      const last = option1.layers.length - 1, seen = pictures.map((one) => option1.features(one));
      const head = new Learner(option1, 5e-3, last);
      for (let i = 0; i < 200; i++) head.step(seen, labels);
      const took = performance.now() - started;
      features ??= test.map((one) => glyphs.features(one.picture));
      const right1 = share((_, n) => best(option1.layers[last].forward(features[n])));
      home.dataset.option1 = String(right1);
      home.dataset.fits = String(seen.filter((one, n) => best(option1.layers[last].forward(one)) === labels[n]).length);
      scratch = glyphConv(10).draw(0);
      const all = new Learner(scratch, 1e-3);
      let steps = 0;
      const tell = (right2, ended) => {
        const row = (name, value, words, colour) => make("div", {}, make("b", { textContent: name }), make("span", { className: "track" }, make("span", { className: "bar", style: `width:${100 * (value ?? 0)}%;background:${colour}` })), make("span", { textContent: words }));
        const per = (value) => `${Math.round(100 * value)} of 100 unseen digits`;
        learnt.replaceChildren(
          row("option 1", right1, `${per(right1)}, after ${(took / 1000).toFixed(1)} s`, BLUE),
          row("scratch", right2, `${right2 === null ? "…" : per(right2)}, ${ended ? "after" : "still training:"} ${((performance.now() - started) / 1000).toFixed(0)} s, ${steps} steps`, PURPLE),
        );
      };
      tell(null, false);
      (function more() {
        if (mine !== round) return;
        const began = performance.now();
        let value = 1;
        do { value = all.step(pictures, labels); steps += 1; } while (performance.now() - began < 100);
        const ended = steps >= 100 || value < 0.005;
        if (ended) { const right2 = share((picture) => best(scratch.logits(picture))); tell(right2, true); home.dataset.scratch = String(right2); }
        else { tell(null, false); setTimeout(more, 0); }
        guess();
      })();
      guess();
    }
    function guess() {
      if (pad.empty) { said.textContent = ""; return; }
      const picture = pad.picture(), logits = glyphs.logits(picture), { shares } = surprise(logits, 0);
      const top = shares.map((p, i) => [p, i]).sort((a, b) => b[0] - a[0]).slice(0, 4).filter(([p], n) => n === 0 || p >= 0.005);
      let text = `Among printed characters it looks like ${top.map(([p, i]) => `${Weights.characters[i]} (${Math.round(100 * p)}%)`).join(", ")}.`;
      if (option1) {
        const told = (network) => { const found = surprise(network.logits(picture), 0).shares; const at = best(found); return `${at} (${Math.round(100 * found[at])}%)`; };
        text += ` Option 1 says ${told(option1)}, scratch says ${told(scratch)}.`;
      }
      said.textContent = text;
    }
    home.append(make("div", { className: "draw" }, make("div", {}, pad.canvas, make("div", { className: "controls" }, button("Clear", () => pad.clear()))),
      make("div", { className: "side" }, make("p", { textContent: "Draw on the black square, then say what it is:" }), kinds,
        make("div", { className: "controls" }, button("Take ten handwritten digits", () => take(10), { className: "take" }), button("Start over", () => { examples = []; option1 = scratch = null; round += 1; learnt.replaceChildren(); list(); }), learn))),
      said, shown, learnt);
    globalThis.Playground = { glyphs, pool, test };
  })();

  // 3. Filters, and what each layer answers
  (function () {
    const home = panel("panel-filters", "3 · What the layers answer",
      `The network of ${lesson(12)}. Its first layer looks through sixteen filters of 7 × 7 dots: where a dot is orange, ink makes the unit louder, where it is blue, quieter. Draw, and see which units answer, and where: bright is loud, black is silent.`);
    const network = edges().load(Networks.floats32(Weights.edges));
    globalThis.Playground.edges = network;
    const filters = make("div", { className: "maps" });
    const first = network.layers[0];
    for (let unit = 0; unit < 16; unit++) filters.append(thumbnail(first.weight.subarray(49 * unit, 49 * (unit + 1)), 7, 7, { signed: true, scale: 6, label: `filter ${unit + 1}` }));
    const LAYERS = [[2, "What each of them answers (layer 1)"], [5, "Layer 2, after pooling"], [8, "Layer 3, after pooling"], [10, "Layer 4, all of the picture"]];
    const strips = LAYERS.map(([, title]) => { const maps = make("div", { className: "maps" }); return [make("div", {}, make("h3", { textContent: title }), maps), maps]; });
    const pad = new DrawingPad("Draw a digit here", answer);
    function answer() {
      const found = network.answers(pad.picture());
      LAYERS.forEach(([at], l) => {
        const [units, high, wide] = network.shapes[at], values = found[at];
        const loudest = Math.max(1e-9, ...values);
        const maps = [];
        if (high === 1) maps.push(thumbnail(values, 4, units / 4, { scale: 12, label: `${units} units of the fourth layer` }));
        else for (let u = 0; u < units; u++) {
          const own = values.subarray(u * high * wide, (u + 1) * high * wide);
          // Quiet units stay dimmer than loud ones, and bright enough to be made out.
          maps.push(thumbnail(own, high, wide, { scale: 42 / wide, light: 0.25 + (0.75 * Math.max(...own)) / loudest, label: `unit ${u + 1}` }));
        }
        strips[l][1].replaceChildren(...maps);
      });
      home.dataset.answered = "yes";
    }
    const { pool } = globalThis.Playground;
    let next = 0;
    home.append(make("div", { className: "draw" },
      make("div", {}, pad.canvas, make("div", { className: "controls" }, button("Clear", () => pad.clear()), button("Take a digit", () => pad.show(pool[next++ % pool.length].picture)))),
      make("div", { className: "side" }, make("h3", { textContent: "The sixteen filters" }), filters, strips[0][0])), ...strips.slice(1).map((pair) => pair[0]));
    pad.show(pool[next++].picture);
  })();

  // 4. The chain of lesson 5
  (function () {
    const home = panel("panel-chain", "4 · What is still possible",
      `Three yes-or-no decisions have eight states, and there are 256 truth tables for them. Show examples, and see which tables are left for each of the three beliefs of ${lesson(5)}. A click shows a state with the answer of parity (is the number of ones odd?), a second click gives it the other answer, a third takes it back.`);
    const shown = {};
    const states = make("div", { className: "chain-states" }), grids = make("div", { className: "grids" });
    const parity = (s) => (s ^ (s >> 1) ^ (s >> 2)) & 1;
    const name = (s) => s.toString(2).padStart(3, "0");
    const boxes = Array.from({ length: 8 }, (_, s) => button(name(s), () => {
      if (!(s in shown)) shown[s] = parity(s);
      else if (shown[s] === parity(s)) shown[s] = 1 - parity(s);
      else delete shown[s];
      draw();
    }));
    states.append(...boxes);
    const answers = (some) => Object.fromEntries(some.map((s) => [s, parity(s)]));
    const fours = Array.from({ length: 256 }, (_, n) => Array.from({ length: 8 }, (_, s) => s).filter((s) => (n >> s) & 1)).filter((some) => some.length === 4);
    const enough = fours.find((some) => possible("one cell", answers(some)).length === 1);
    function show(some) {
      Object.keys(shown).forEach((s) => delete shown[s]);
      Object.assign(shown, answers(some));
      draw();
    }
    const beliefs = Object.entries({ memory: "memory: anything is possible", chain: "chain: two cells, one after the other", "one cell": "one cell, used twice" }).map(([belief, words]) => {
      const [canvas, pen] = board(200, 200, `256 tables, and which of them ${belief} leaves possible`);
      const count = make("p", { className: "count" });
      grids.append(make("div", {}, make("h3", { textContent: words }), canvas, count));
      return [belief, pen, count];
    });
    function draw() {
      boxes.forEach((box, s) => {
        box.textContent = s in shown ? `${name(s)} → ${shown[s]}` : name(s);
        box.setAttribute("aria-pressed", String(s in shown));
      });
      for (const [belief, pen, count] of beliefs) {
        const left = possible(belief, shown), allowed = BELIEFS[belief], here = new Set(left);
        wipe(pen, 200, 200);
        for (let table = 0; table < 256; table++) {
          pen.fillStyle = here.has(table) ? BLUE : allowed.has(table) ? "#e3c5b3" : "#e9e7e0";
          pen.fillRect(4 + 12 * (table % 16), 4 + 12 * (table >> 4), 10.5, 10.5);
        }
        const unseen = Array.from({ length: 8 }, (_, s) => s).filter((s) => !(s in shown));
        const known = unseen.filter((s) => left.length && new Set(left.map((table) => (table >> (7 - s)) & 1)).size === 1).length;
        count.textContent = left.length === 0 ? "none: no such table says this" :
          `${left.length} of ${allowed.size} left` + (unseen.length ? `; ${known} of ${unseen.length} unseen answers are settled` : "");
        home.dataset[belief.replace(" ", "")] = String(left.length);
      }
    }
    home.append(make("div", { className: "controls" }, states),
      make("div", { className: "controls" }, button("Four that settle it", () => show(enough)), button("Four that do not", () => show([0, 3, 5, 6])), button("Nothing shown", () => show([]))),
      grids, make("p", { className: "legend", textContent: "A square is a table. Blue: still possible. Brown: struck out by an example. Pale: the belief never allowed it." }));
    draw();
  })();
})();

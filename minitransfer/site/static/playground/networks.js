// The library's mathematics, in JavaScript: a small network for truth tables, the networks of
// pictures, and their derivatives. A test trains the same seeds in both and compares the losses.
"use strict";

const Networks = (function () {
  const STATES = [[0, 0], [0, 1], [1, 0], [1, 1]];
  const TABLES = { OR: [0, 1, 1, 1], AND: [0, 0, 0, 1], XOR: [0, 1, 1, 0], NOR: [1, 0, 0, 0], XNOR: [1, 0, 0, 1] };
  const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
  const ACTIVATIONS = { // the value, and the slope as a function of the value
    sigmoid: [sigmoid, (y) => y * (1 - y)],
    tanh: [Math.tanh, (y) => 1 - y * y],
    relu: [(x) => Math.max(0, x), (y) => (y > 0 ? 1 : 0)],
  };

  // Two switches, a hidden layer, a lamp. Initial weights as in lesson 3, for the same seeds.
  class Small {
    constructor(width, activation, seed) {
      this.width = width;
      this.activation = activation;
      this.hidden = STATES.map(() => new Float64Array(width));
      this.logits = new Float64Array(4);
      const draws = new Numbers.Generator(seed);
      for (let i = 0; i < 3 * width + width + 1; i++) draws.random(); // what nn.Linear draws first
      const normal = (n) => Float64Array.from({ length: n }, () => Math.fround(draws.normal()));
      this.below = normal(2 * width); // [node][switch]
      this.bias = normal(width);
      this.above = normal(width);
      this.offset = new Float64Array(1);
      this.slopes = [new Float64Array(2 * width), new Float64Array(width), new Float64Array(width)];
      this.forward();
    }
    freshHead(seed) {
      const draws = new Numbers.Generator(seed);
      this.above = Float64Array.from(this.above, () => Math.fround(draws.normal()));
      this.offset[0] = 0;
      this.forward();
    }
    forward() {
      const [bend] = ACTIVATIONS[this.activation];
      STATES.forEach(([a, b], s) => {
        let sum = this.offset[0];
        for (let j = 0; j < this.width; j++) {
          const h = bend(this.below[2 * j] * a + this.below[2 * j + 1] * b + this.bias[j]);
          this.hidden[s][j] = h;
          sum += this.above[j] * h;
        }
        this.logits[s] = sum;
      });
    }
    loss(table) { // binary cross-entropy on logits, mean over the four states
      let total = 0;
      this.logits.forEach((x, s) => { total += Math.max(x, 0) - x * table[s] + Math.log1p(Math.exp(-Math.abs(x))); });
      return total / 4;
    }
    right(table) { return this.logits.every((x, s) => x > 0 === table[s] > 0.5); }
    // One step of gradient descent; returns the loss before it. `l2` acts on weights, not on biases.
    step(table, rate, l2 = 0, frozen = false) {
      const before = this.loss(table), slope = ACTIVATIONS[this.activation][1], w = this.width;
      const [onBelow, onBias, onAbove] = this.slopes;
      for (const one of this.slopes) one.fill(0);
      let onOffset = 0;
      for (let s = 0; s < 4; s++) {
        const [a, b] = STATES[s], g = (sigmoid(this.logits[s]) - table[s]) / 4;
        onOffset += g;
        for (let j = 0; j < w; j++) {
          onAbove[j] += g * this.hidden[s][j];
          const back = g * this.above[j] * slope(this.hidden[s][j]);
          onBelow[2 * j] += back * a;
          onBelow[2 * j + 1] += back * b;
          onBias[j] += back;
        }
      }
      for (let j = 0; j < w; j++) this.above[j] -= rate * (onAbove[j] + l2 * this.above[j]);
      this.offset[0] -= rate * onOffset;
      if (!frozen) {
        for (let i = 0; i < 2 * w; i++) this.below[i] -= rate * (onBelow[i] + l2 * this.below[i]);
        for (let j = 0; j < w; j++) this.bias[j] -= rate * onBias[j];
      }
      this.forward();
      return before;
    }
    // Share of each node in all swings of v h about its mean: below 2 % it rides free (lesson 4).
    swings() {
      const found = [];
      for (let j = 0; j < this.width; j++) {
        const parts = this.hidden.map((h) => h[j] * this.above[j]);
        const mean = parts.reduce((a, b) => a + b) / 4;
        found.push(Math.sqrt(parts.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4));
      }
      const all = found.reduce((a, b) => a + b) || 1;
      return found.map((x) => x / all);
    }
  }

  // Layers for pictures. Arrays are Float32Array, [channel][row][column]; sums are of doubles.
  class Conv {
    constructor(into, out, size, { stride = 1, padding = 1 } = {}) {
      Object.assign(this, { into, out, size, stride, padding });
      this.weight = new Float32Array(out * into * size * size);
      this.bias = new Float32Array(out);
      this.fan = into * size * size;
    }
    shape([, high, wide]) {
      const places = (n) => Math.floor((n + 2 * this.padding - this.size) / this.stride) + 1;
      return [this.out, places(high), places(wide)];
    }
    each(from, to, visit) { // calls visit(weight, input place, output place) for whole rows
      const [, high, wide] = from, [, h, w] = to, { size, stride, padding } = this;
      for (let o = 0; o < this.out; o++) for (let c = 0; c < this.into; c++)
        for (let p = 0; p < size; p++) for (let q = 0; q < size; q++) {
          const k = ((o * this.into + c) * size + p) * size + q;
          const first = Math.max(0, Math.ceil((padding - q) / stride));
          const last = Math.min(w - 1, Math.floor((wide - 1 + padding - q) / stride));
          for (let i = 0; i < h; i++) {
            const row = i * stride + p - padding;
            if (row < 0 || row >= high) continue;
            visit(k, (c * high + row) * wide + first * stride + q - padding, (o * h + i) * w + first, last - first + 1);
          }
        }
    }
    forward(x, from, to) {
      const sums = new Float64Array(to[0] * to[1] * to[2]), area = to[1] * to[2], { stride, weight } = this;
      for (let o = 0; o < this.out; o++) sums.fill(this.bias[o], o * area, (o + 1) * area);
      this.each(from, to, (k, at, y, n) => {
        const factor = weight[k];
        for (let i = 0; i < n; i++) sums[y + i] += factor * x[at + i * stride];
      });
      return Float32Array.from(sums);
    }
    backward(x, y, gradient, from, to, wanted) {
      const area = to[1] * to[2], { stride, weight, onWeight } = this;
      for (let i = 0; i < gradient.length; i++) this.onBias[Math.floor(i / area)] += gradient[i];
      const back = wanted ? new Float32Array(x.length) : null;
      this.each(from, to, (k, at, place, n) => {
        let sum = 0;
        const factor = weight[k];
        for (let i = 0; i < n; i++) {
          const g = gradient[place + i];
          sum += g * x[at + i * stride];
          if (back) back[at + i * stride] += factor * g;
        }
        onWeight[k] += sum;
      });
      return back;
    }
  }

  class Linear {
    constructor(into, out) {
      Object.assign(this, { into, out, fan: into });
      this.weight = new Float32Array(out * into);
      this.bias = new Float32Array(out);
    }
    shape() { return [this.out, 1, 1]; }
    forward(x) {
      const y = new Float32Array(this.out);
      for (let o = 0; o < this.out; o++) {
        let sum = this.bias[o];
        for (let i = 0, k = o * this.into; i < this.into; i++) sum += this.weight[k + i] * x[i];
        y[o] = sum;
      }
      return y;
    }
    backward(x, y, gradient, from, to, wanted) {
      const back = wanted ? new Float32Array(x.length) : null;
      for (let o = 0; o < this.out; o++) {
        const g = gradient[o];
        if (!g) continue;
        this.onBias[o] += g;
        for (let i = 0, k = o * this.into; i < this.into; i++) {
          this.onWeight[k + i] += g * x[i];
          if (back) back[i] += g * this.weight[k + i];
        }
      }
      return back;
    }
  }

  class ReLU {
    shape(from) { return from; }
    forward(x) { return x.map((value) => (value > 0 ? value : 0)); }
    backward(x, y, gradient) { return gradient.map((g, i) => (y[i] > 0 ? g : 0)); }
  }

  class MaxPool {
    shape([c, h, w]) { return [c, h >> 1, w >> 1]; }
    largest(x, [, high, wide], [c, h, w], visit) {
      for (let m = 0, o = 0; m < c; m++) for (let i = 0; i < h; i++) for (let j = 0; j < w; j++, o++) {
        let best = (m * high + 2 * i) * wide + 2 * j;
        for (const at of [best + 1, best + wide, best + wide + 1]) if (x[at] > x[best]) best = at;
        visit(o, best);
      }
    }
    forward(x, from, to) {
      const y = new Float32Array(to[0] * to[1] * to[2]);
      this.largest(x, from, to, (o, at) => { y[o] = x[at]; });
      return y;
    }
    backward(x, y, gradient, from, to) {
      const back = new Float32Array(x.length);
      this.largest(x, from, to, (o, at) => { back[at] += gradient[o]; });
      return back;
    }
  }

  class Network {
    constructor(layers, shape = [1, 28, 28]) {
      this.layers = layers;
      this.shapes = [shape];
      for (const layer of layers) this.shapes.push(layer.shape(this.shapes.at(-1)));
    }
    learning() { return this.layers.filter((layer) => layer.weight); }
    // All that the layers answer, the picture first.
    answers(picture, until = this.layers.length) {
      const found = [picture];
      for (let i = 0; i < until; i++) found.push(this.layers[i].forward(found[i], this.shapes[i], this.shapes[i + 1]));
      return found;
    }
    logits(picture) { return this.answers(picture).at(-1); }
    features(picture) { return this.answers(picture, this.layers.length - 1).at(-1); }
    load(values) { // weights and biases, layer by layer, as state_dict has them
      let at = 0;
      for (const layer of this.learning()) for (const name of ["weight", "bias"]) {
        layer[name].set(values.subarray(at, at + layer[name].length));
        at += layer[name].length;
      }
      if (at !== values.length) throw new Error(`${values.length} numbers for ${at} places`);
      return this;
    }
    draw(seed) { // He et al. 2015, and a head of small numbers, as zoo.glyph_conv draws them
      const draws = new Numbers.Generator(seed), layers = this.learning();
      for (const layer of layers) {
        const spread = layer === layers.at(-1) ? 0.05 : Math.sqrt(2 / layer.fan);
        layer.weight = layer.weight.map(() => spread * draws.normal());
        layer.bias.fill(0);
      }
      return this;
    }
  }

  function surprise(logits, label) { // soft-max and cross-entropy: loss, and gradient on the logits
    const top = Math.max(...logits), powers = Array.from(logits, (x) => Math.exp(x - top));
    const all = powers.reduce((a, b) => a + b);
    const shares = powers.map((p) => p / all);
    return { loss: -Math.log(shares[label]), shares, gradient: Float32Array.from(shares, (p, i) => p - (i === label)) };
  }

  // Adam (Kingma and Ba 2015) on some layers of a network; `start` is the first layer that learns.
  class Learner {
    constructor(network, rate, start = 0) {
      Object.assign(this, { network, rate, start, time: 0 });
      this.layers = network.layers.slice(start).filter((layer) => layer.weight);
      this.memory = this.layers.map((layer) => ["weight", "bias"].map((name) => ({
        name, mean: new Float32Array(layer[name].length), square: new Float32Array(layer[name].length),
      })));
    }
    step(inputs, labels) { // what the layers before `start` answer, and what is wanted
      const { network, start } = this, { layers, shapes } = network;
      for (const layer of this.layers) {
        layer.onWeight = new Float32Array(layer.weight.length);
        layer.onBias = new Float32Array(layer.bias.length);
      }
      let loss = 0;
      inputs.forEach((input, n) => {
        const found = [input];
        for (let i = start; i < layers.length; i++) found.push(layers[i].forward(found.at(-1), shapes[i], shapes[i + 1]));
        const told = surprise(found.at(-1), labels[n]);
        loss += told.loss / inputs.length;
        let gradient = told.gradient.map((g) => g / inputs.length);
        for (let i = layers.length - 1; i >= start; i--)
          gradient = layers[i].backward(found[i - start], found[i - start + 1], gradient, shapes[i], shapes[i + 1], i > start);
      });
      this.time += 1;
      const first = 1 - 0.9 ** this.time, second = 1 - 0.999 ** this.time;
      this.layers.forEach((layer, l) => {
        for (const { name, mean, square } of this.memory[l]) {
          const values = layer[name], slopes = name === "weight" ? layer.onWeight : layer.onBias;
          for (let i = 0; i < values.length; i++) {
            mean[i] = 0.9 * mean[i] + 0.1 * slopes[i];
            square[i] = 0.999 * square[i] + 0.001 * slopes[i] ** 2;
            values[i] -= (this.rate * (mean[i] / first)) / (Math.sqrt(square[i] / second) + 1e-8);
          }
        }
      });
      return loss;
    }
  }

  function glyphConv(classes) {
    const layers = [];
    for (const [into, out] of [[1, 16], [16, 32], [32, 64]]) layers.push(new Conv(into, out, 3), new ReLU(), new MaxPool());
    return new Network([...layers, new Linear(576, 128), new ReLU(), new Linear(128, classes)]);
  }
  function edges() { // the network of lesson 12
    return new Network([
      new Conv(1, 16, 7, { stride: 2, padding: 3 }), new ReLU(),
      new Conv(16, 24, 3), new ReLU(), new MaxPool(), new Conv(24, 32, 3), new ReLU(), new MaxPool(),
      new Linear(288, 64), new ReLU(), new Linear(64, 100),
    ]);
  }

  function bytes(text) { return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)); }
  function floats32(text) { return new Float32Array(bytes(text).buffer); }
  function floats16(text) { // half precision: sign, five bits of exponent, ten of fraction
    return Float32Array.from(new Uint16Array(bytes(text).buffer), (half) => {
      const sign = half >> 15 ? -1 : 1, power = (half >> 10) & 31, fraction = half & 1023;
      return sign * (power ? 2 ** (power - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
    });
  }

  // Lesson 5: the 256 tables of three bits, and which of them a belief allows.
  const gate = (number, a, b) => (number >> (3 - (2 * a + b))) & 1; // rows 00, 01, 10, 11 from the left
  function chained(first, second) {
    let table = 0;
    for (let s = 0; s < 8; s++) table = (table << 1) | gate(second, gate(first, s >> 2, (s >> 1) & 1), s & 1);
    return table;
  }
  const sixteen = Array.from({ length: 16 }, (_, i) => i);
  const BELIEFS = {
    memory: new Set(Array.from({ length: 256 }, (_, i) => i)),
    chain: new Set(sixteen.flatMap((f) => sixteen.map((s) => chained(f, s)))),
    "one cell": new Set(sixteen.map((g) => chained(g, g))),
  };
  // Tables that a belief allows and the examples (state → answer) do not contradict.
  function possible(belief, shown) {
    return [...BELIEFS[belief]].filter((table) =>
      Object.entries(shown).every(([state, answer]) => ((table >> (7 - state)) & 1) === answer));
  }

  return { STATES, TABLES, Small, Network, Learner, glyphConv, edges, surprise, bytes, floats16, floats32, BELIEFS, possible };
})();

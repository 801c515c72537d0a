// Somewhere to draw with mouse, pen or finger, and the drawing as a network wants it.
"use strict";

class DrawingPad {
  constructor(label, changed) {
    this.canvas = document.createElement("canvas");
    this.canvas.width = this.canvas.height = 224;
    this.canvas.className = "pad";
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", label);
    this.pen = this.canvas.getContext("2d", { willReadFrequently: true });
    this.changed = changed;
    this.clear(false);
    const place = (event) => {
      const box = this.canvas.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * 224, ((event.clientY - box.top) / box.height) * 224];
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.last = place(event);
      this.line(this.last, this.last);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.last) return;
      const next = place(event);
      this.line(this.last, next);
      this.last = next;
    });
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => {
      if (this.last) { this.last = null; this.changed?.(); }
    });
  }
  line([a, b], [c, d]) {
    Object.assign(this.pen, { strokeStyle: "#fff", lineWidth: 18, lineCap: "round", lineJoin: "round" });
    this.pen.beginPath();
    this.pen.moveTo(a, b);
    this.pen.lineTo(c + 0.01, d);
    this.pen.stroke();
    this.empty = false;
  }
  clear(tell = true) {
    this.pen.fillStyle = "#111";
    this.pen.fillRect(0, 0, 224, 224);
    this.empty = true;
    if (tell) this.changed?.();
  }
  // 28 × 28, ink 1 and paper 0: the ink is scaled to 20 × 20 and laid with its centre of mass in
  // the middle, as the digits of MNIST were made.
  picture() {
    const image = this.pen.getImageData(0, 0, 224, 224).data;
    const ink = (x, y) => (image[4 * (y * 224 + x)] - 17) / 238;
    let left = 224, right = -1, top = 224, bottom = -1;
    for (let y = 0; y < 224; y++) for (let x = 0; x < 224; x++) if (ink(x, y) > 0.3) {
      left = Math.min(left, x); right = Math.max(right, x); top = Math.min(top, y); bottom = Math.max(bottom, y);
    }
    const found = new Float32Array(784);
    if (right < 0) return found;
    const dot = Math.max(right - left + 1, bottom - top + 1) / 20; // pixels for one of 20 dots
    const high = Math.ceil((bottom - top + 1) / dot), wide = Math.ceil((right - left + 1) / dot);
    const small = new Float32Array(high * wide);
    let mass = 0, atX = 0, atY = 0;
    for (let i = 0; i < high; i++) for (let j = 0; j < wide; j++) {
      let sum = 0, count = 0;
      for (let y = Math.floor(top + i * dot); y < Math.min(224, top + (i + 1) * dot); y++)
        for (let x = Math.floor(left + j * dot); x < Math.min(224, left + (j + 1) * dot); x++) { sum += Math.max(0, ink(x, y)); count++; }
      const value = count ? Math.min(1, sum / count) : 0;
      small[i * wide + j] = value;
      mass += value; atX += value * j; atY += value * i;
    }
    const right0 = Math.round(13.5 - atX / mass), down = Math.round(13.5 - atY / mass);
    for (let i = 0; i < high; i++) for (let j = 0; j < wide; j++) {
      const y = i + down, x = j + right0;
      if (y >= 0 && y < 28 && x >= 0 && x < 28) found[y * 28 + x] = small[i * wide + j];
    }
    return found;
  }
  show(picture) { // a picture of the kind that `picture` returns, large
    this.clear(false);
    for (let y = 0; y < 28; y++) for (let x = 0; x < 28; x++) {
      const level = Math.round(17 + 238 * picture[y * 28 + x]);
      this.pen.fillStyle = `rgb(${level},${level},${level})`;
      this.pen.fillRect(8 * x, 8 * y, 8, 8);
    }
    this.empty = false;
    this.changed?.();
  }
}

// A small picture of numbers: ink, as bright as `light` says, or with `signed` orange for more
// than zero and blue for less.
function thumbnail(values, high, wide, { signed = false, scale = 2, light = 1, label = "" } = {}) {
  const canvas = document.createElement("canvas");
  canvas.width = wide; canvas.height = high;
  canvas.style.width = `${wide * scale}px`;
  canvas.className = "thumbnail";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const pen = canvas.getContext("2d"), image = pen.createImageData(wide, high);
  let most = 1e-9;
  for (const value of values) most = Math.max(most, Math.abs(value));
  for (let i = 0; i < high * wide; i++) {
    const share = values[i] / most;
    const colour = signed
      ? share > 0 ? [255 - 42 * share, 255 - 161 * share, 255 - 255 * share] : [255 + 255 * share, 255 + 141 * share, 255 + 77 * share]
      : Array(3).fill(17 + 238 * light * share);
    image.data.set([...colour, 255], 4 * i);
  }
  pen.putImageData(image, 0, 0);
  return canvas;
}

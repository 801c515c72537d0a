// Random numbers, the same ones as NumPy's default_rng gives for the same seed: O'Neill's PCG64
// (2014), seeded by SeedSequence, and normal numbers by the ziggurat of Marsaglia and Tsang (2000).
"use strict";

const Numbers = (function () {
  const MASK32 = 0xffffffffn, MASK64 = (1n << 64n) - 1n, MASK128 = (1n << 128n) - 1n;
  const MULTIPLIER = 47026247687942121848144207491837523525n;

  // A whole number becomes four words of 64 bits in which every bit of it has had a say.
  function spread(seeds) {
    const times = (a, b) => Math.imul(a, b) >>> 0;
    const words = [];
    for (let seed of [].concat(seeds)) do words.push(seed % 2 ** 32); while ((seed = Math.floor(seed / 2 ** 32)));
    let factor = 0x43b0d7e5;
    const hashed = (value) => {
      value = (value ^ factor) >>> 0;
      factor = times(factor, 0x931e8875);
      value = times(value, factor);
      return (value ^ (value >>> 16)) >>> 0;
    };
    const mixed = (x, y) => {
      const value = (times(0xca01f9dd, x) - times(0x4973f715, y)) >>> 0;
      return (value ^ (value >>> 16)) >>> 0;
    };
    const pool = [0, 1, 2, 3].map((i) => hashed(words[i] ?? 0));
    for (let from = 0; from < 4; from++)
      for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mixed(pool[to], hashed(pool[from]));
    for (let from = 4; from < words.length; from++)
      for (let to = 0; to < 4; to++) pool[to] = mixed(pool[to], hashed(words[from]));
    factor = 0x8b51f9dd;
    const halves = [];
    for (let i = 0; i < 8; i++) {
      let value = (pool[i % 4] ^ factor) >>> 0;
      factor = times(factor, 0x58f38ded);
      value = times(value, factor);
      halves.push(BigInt((value ^ (value >>> 16)) >>> 0));
    }
    return [0, 2, 4, 6].map((i) => halves[i] | (halves[i + 1] << 32n));
  }

  // The ziggurat: 256 layers of equal area under the bell, the lowest with the tail beyond R.
  const R = 3.6541528853610088, AREA = 0.004928673233974658, SCALE = 2 ** 52;
  const bell = (x) => Math.exp(-0.5 * x * x);
  const width = new Float64Array(256), height = new Float64Array(256), inside = new Float64Array(256);
  (function () {
    let x = R, before = R;
    const base = AREA / bell(R);
    inside[0] = Math.floor((R / base) * SCALE);
    inside[1] = 0;
    width[0] = base / SCALE;
    width[255] = R / SCALE;
    height[0] = 1;
    height[255] = bell(R);
    for (let i = 254; i >= 1; i--) {
      x = Math.sqrt(-2 * Math.log(AREA / x + bell(x)));
      inside[i + 1] = Math.floor((x / before) * SCALE);
      before = x;
      height[i] = bell(x);
      width[i] = x / SCALE;
    }
  })();

  class Generator {
    constructor(seed) {
      const [a, b, c, d] = spread(seed);
      this.step = ((((c << 64n) | d) << 1n) | 1n) & MASK128;
      this.state = 0n;
      this.next();
      this.state = (this.state + ((a << 64n) | b)) & MASK128;
      this.next();
    }
    next() { // 64 random bits
      this.state = (this.state * MULTIPLIER + this.step) & MASK128;
      const turn = this.state >> 122n;
      const folded = (this.state >> 64n) ^ (this.state & MASK64);
      return ((folded >> turn) | (folded << (64n - turn))) & MASK64;
    }
    random() { return Number(this.next() >> 11n) / 2 ** 53; }
    uniform(low, high) { return low + (high - low) * this.random(); }
    normal() {
      for (;;) {
        const bits = this.next();
        const layer = Number(bits & 0xffn), negative = (bits >> 8n) & 1n;
        const place = Number((bits >> 9n) & 0xfffffffffffffn);
        const x = place * width[layer] * (negative ? -1 : 1);
        if (place < inside[layer]) return x;
        if (layer === 0) {
          for (;;) {
            const beyond = -Math.log1p(-this.random()) / R, other = -Math.log1p(-this.random());
            if (other + other > beyond * beyond) return (place >> 8) & 1 ? -(R + beyond) : R + beyond;
          }
        }
        if ((height[layer - 1] - height[layer]) * this.random() + height[layer] < bell(x)) return x;
      }
    }
  }
  return { Generator };
})();

// The TIME_WAITs of one port over the last hour, small.

import { drawing, setAttribute } from "./dom.js";

const WIDTH = 72;
const HEIGHT = 18;
const SHORTEST_MS = 300e3;
const LONGEST_MS = 3600e3;
const STEP_MS = 30e3;

export class Sparkline {
  constructor() {
    this.line = drawing("polyline", { fill: "none" });
    this.picture = drawing("svg", {
      class: "spark", width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true",
    });
    this.picture.append(this.line);
    this.samples = [];
  }

  // Of a step only the highest is kept, so that drawing costs the same whatever the interval.
  add(at, value) {
    const last = this.samples.at(-1);
    if (last && at - last.at < STEP_MS) last.value = Math.max(last.value, value);
    else this.samples.push({ at, value });
    while (this.samples[0].at < at - LONGEST_MS) this.samples.shift();
    this.draw(at, value);
  }

  // The agent's own history, older than what was added so far.
  recall(samples) {
    const first = this.samples[0]?.at ?? Infinity;
    this.samples.unshift(...samples.filter((sample) => sample.at < first));
  }

  draw(now, value) {
    const most = Math.max(value, ...this.samples.map((sample) => sample.value));
    if (most === 0) {
      setAttribute(this.line, "points", "");
      return;
    }
    const span = Math.max(now - this.samples[0].at, SHORTEST_MS);
    const points = [...this.samples, { at: now, value }].map((sample) => {
      const x = Math.max(WIDTH * (1 - (now - sample.at) / span), 0);
      const y = HEIGHT - 1 - (sample.value / most) * (HEIGHT - 2);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
    setAttribute(this.line, "points", points.join(" "));
  }
}

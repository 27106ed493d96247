// Numbers by name and time. Of many names the largest are shown, each in the same place as long as it is.

const SHOWN = 8;
// Which names are the largest is looked at again after so long, and when there is a new one.
const STEADY_MS = 60e3;
// Closer than that only the latest is kept: an hour is so many points, whatever the interval.
const STEP_MS = 5e3;

export class Series {
  constructor() {
    this.rows = [];
    this.shown = [];
    this.names = new Set();
    this.steadyUntil = 0;
  }

  has(name) {
    return this.names.has(name);
  }

  // In any order of time; what has the same time becomes one row.
  add(at, values) {
    for (const name of Object.keys(values).filter((other) => !this.names.has(other))) {
      this.names.add(name);
      this.steadyUntil = 0;
    }
    if (at > this.rows.at(-1)?.at && at - this.rows.at(-2)?.at < STEP_MS) this.rows.pop();
    const place = this.rows.findLastIndex((row) => row.at <= at);
    if (place >= 0 && this.rows[place].at === at) Object.assign(this.rows[place].values, values);
    else this.rows.splice(place + 1, 0, { at, values: { ...values } });
  }

  forget(before) {
    const kept = this.rows.findIndex((row) => row.at >= before);
    if (kept > 0) this.rows.splice(0, kept);
  }

  choose() {
    const at = this.rows.at(-1)?.at ?? 0;
    if (at < this.steadyUntil) return;
    this.steadyUntil = at + STEADY_MS;
    const most = new Map();
    for (const { values } of this.rows)
      for (const [name, value] of Object.entries(values)) most.set(name, Math.max(most.get(name) ?? 0, value ?? 0));
    this.names = new Set(most.keys());
    const largest = [...most.keys()].sort((a, b) => most.get(b) - most.get(a)).slice(0, SHOWN);
    const places = this.shown.map((name) => (largest.includes(name) ? name : null));
    for (const name of largest.filter((other) => !places.includes(other))) {
      const free = places.indexOf(null);
      if (free >= 0) places[free] = name;
      else places.push(name);
    }
    this.shown = places.filter((name) => name !== null);
  }

  // As Dygraphs wants it, for the names that are shown.
  table() {
    if (this.rows.length === 0) return [[new Date(0), ...this.shown.map(() => null)]];
    return this.rows.map((row) => [new Date(row.at), ...this.shown.map((name) => row.values[name] ?? null)]);
  }

  last(name) {
    return this.rows.findLast((row) => row.values[name] !== undefined)?.values[name] ?? null;
  }
}

// Charts over one shared time range. The last hour comes from the agent's history, the rest from the rounds.

import { Chart, onScheme } from "./chart.js";
import { count, endpointName } from "./format.js";
import { get } from "./live.js";
import { key } from "./ports.js";

const KEPT_MS = 3600e3;
const DESTINATIONS_SHOWN = 8;
// Of so many ports, those with the most TIME_WAITs, the past is asked for, a few at a time.
const RECALLED_MAX = 64;
const REQUESTS_AT_A_TIME = 4;

const whole = (value) => (Number.isInteger(value) ? count(value) : value.toFixed(1));
const perSecond = (value) => `${value >= 10 ? count(Math.round(value)) : Number(value.toFixed(1))}/s`;
const percent = (value) => `${Number(value.toFixed(1))} %`;

function portName(port) {
  const name = endpointName(port.endpoint);
  return port.netns === "self" ? name : `${name} in ${port.netns}`;
}

function destinationName({ destination, destination_port: port }) {
  return `${destination.includes(":") ? `[${destination}]` : destination}:${port}`;
}

export class Trends {
  constructor(parent, events, zoomChanged) {
    this.spanMs = 900e3;
    this.zoomed = null;
    this.zoomChanged = zoomChanged;
    this.now = Date.now();
    this.forget();
    const shared = {
      range: () => this.zoomed ?? [this.now - this.spanMs, this.now],
      zoomed: (range) => this.zoom(range),
      marks: () => events.all.map((event) => event.time),
    };
    this.waiting = new Chart(parent, "TIME_WAIT by port", whole, shared);
    this.entered = new Chart(parent, "Connections entering TIME_WAIT, by port", perSecond, shared);
    this.filling = new Chart(parent, "Ephemeral ports used, by destination", percent, shared);
    this.queues = new Chart(parent, "Accept queues", whole, shared);
    this.charts = [this.waiting, this.entered, this.filling, this.queues];
    onScheme(() => this.draw());
    new ResizeObserver(() => this.charts.forEach((chart) => chart.resize())).observe(parent);
  }

  // After a restart the agent's counters begin anew; what was drawn stays.
  forget() {
    this.before = new Map();
    this.asked = new Set();
  }

  span(milliseconds) {
    this.spanMs = milliseconds;
    this.zoom(null);
  }

  zoom(range) {
    this.zoomed = range;
    this.zoomChanged(range !== null);
    this.draw();
  }

  // What a round adds.
  add(ports, destinations, takenAt) {
    this.now = takenAt;
    const rows = { waiting: {}, entered: {}, filling: {}, queues: {} };
    for (const port of ports.filter(({ endpoint }) => endpoint.address === "*" && endpoint.protocol === "tcp")) {
      const name = portName(port);
      rows.waiting[name] = port.states.time_wait;
      rows.entered[name] = this.rate(name, takenAt, port.time_wait_entered_total);
      if (port.accept_queue) rows.queues[name] = port.accept_queue.length;
    }
    for (const to of destinations.filter(({ usable }) => usable > 0).slice(0, DESTINATIONS_SHOWN))
      rows.filling[destinationName(to)] = (100 * (to.used.live + to.used.time_wait)) / to.usable;
    for (const [name, values] of Object.entries(rows)) this.keep(this[name].series, takenAt, values);
    this.draw();
  }

  // A port that has been at zero all the time is no line.
  keep(series, at, values) {
    const kept = Object.entries(values).filter(([name, value]) => value !== null && (value > 0 || series.has(name)));
    series.add(at, Object.fromEntries(kept));
    series.forget(at - KEPT_MS);
  }

  rate(name, at, total) {
    const before = this.before.get(name);
    this.before.set(name, { at, total });
    if (!before || total === null || before.total === null || at <= before.at || total < before.total) return null;
    return ((total - before.total) * 1000) / (at - before.at);
  }

  // The past of the ports that have one, each once; told(key, samples) for each of them.
  async recall(ports, told) {
    const wanted = ports.filter(({ endpoint, time_wait_entered_total: total }) => endpoint.address === "*" && total > 0);
    wanted.sort((a, b) => b.time_wait_entered_total - a.time_wait_entered_total);
    const fresh = wanted.slice(0, RECALLED_MAX).filter((port) => !this.asked.has(key(port)));
    for (const port of fresh) this.asked.add(key(port));
    for (let i = 0; i < fresh.length; i += REQUESTS_AT_A_TIME)
      await Promise.allSettled(fresh.slice(i, i + REQUESTS_AT_A_TIME).map((port) => this.recallOne(port, told)));
    if (fresh.length > 0) this.draw();
  }

  async recallOne(port, told) {
    const name = portName(port);
    const path = `api/v1/history/${port.endpoint.port}?netns=${encodeURIComponent(port.netns)}`;
    const { samples } = await (await get(path)).json();
    const past = samples.map((sample) => ({ ...sample, time: Date.parse(sample.at) })).filter(({ time }) => time < this.now);
    let before = null;
    for (const { time, states, accept_queue: queue, time_wait_entered_total: total } of past) {
      this.waiting.series.add(time, { [name]: states.time_wait });
      if (queue?.length > 0) this.queues.series.add(time, { [name]: queue.length });
      if (before !== null && total >= before.total)
        this.entered.series.add(time, { [name]: ((total - before.total) * 1000) / (time - before.time) });
      before = total === null ? null : { time, total };
    }
    told(key(port), past.map(({ time, states }) => ({ at: time, value: states.time_wait })));
  }

  draw() {
    for (const chart of this.charts) chart.draw();
  }
}

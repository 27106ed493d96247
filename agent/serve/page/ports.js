// The table of ports: the worst first unless the reader wants another order.

import { setAttribute, setText } from "./dom.js";
import { cause, endpointName, who } from "./format.js";
import { Row } from "./row.js";

const RANKS = { blocked: 0, unknown: 1, reusable: 2, served: 3, free: 4 };

export function key(port) {
  return `${port.netns} ${endpointName(port.endpoint)}`;
}

function fill(port) {
  return port.accept_queue ? port.accept_queue.length / (port.accept_queue.limit ?? Infinity) : -1;
}

// What is equal stays as in the report.
const ORDERS = {
  worst: (a, b) => RANKS[a.standing] - RANKS[b.standing],
  port: (a, b) => a.endpoint.port - b.endpoint.port,
  verdict: (a, b) => a.verdict.localeCompare(b.verdict) || String(a.cause).localeCompare(String(b.cause)),
  left: (a, b) => (b.frees_in_seconds.plain ?? -1) - (a.frees_in_seconds.plain ?? -1),
  owner: (a, b) => who(a).localeCompare(who(b)),
  established: (a, b) => (b.states.established ?? 0) - (a.states.established ?? 0),
  time_wait: (a, b) => (b.states.time_wait ?? 0) - (a.states.time_wait ?? 0),
  queue: (a, b) => fill(b) - fill(a),
  restart: (a, b) => String(a.restart_safe).localeCompare(String(b.restart_safe)),
};
const ASCENDING = new Set(["port", "verdict", "owner", "restart"]);

export class Ports {
  constructor(table, status) {
    this.body = table.tBodies[0];
    this.heads = [...table.tHead.querySelectorAll("button[data-order]")];
    this.status = status;
    this.rows = new Map();
    this.order = "worst";
    this.wanted = { words: "", only: "all", netns: "" };
    this.takenAt = 0;
    for (const head of this.heads) head.addEventListener("click", () => this.sortBy(head.dataset.order));
  }

  // The same again: the worst first.
  sortBy(order) {
    this.order = this.order === order ? "worst" : order;
    const direction = ASCENDING.has(order) ? "ascending" : "descending";
    for (const head of this.heads)
      setAttribute(head.closest("th"), "aria-sort", head.dataset.order === this.order ? direction : null);
    this.arrange();
  }

  filter(wanted) {
    Object.assign(this.wanted, wanted);
    this.arrange();
  }

  update(ports, takenAt) {
    this.takenAt = takenAt;
    this.rows = new Map(ports.map((port) => [key(port), this.row(port)]));
    for (const row of this.rows.values()) row.sample(takenAt);
    this.arrange();
    this.tick();
  }

  row(port) {
    const row = this.rows.get(key(port)) ?? new Row();
    row.set(port);
    return row;
  }

  matches({ port }) {
    const { words, only, netns } = this.wanted;
    if ((netns !== "" && port.netns !== netns) || (only !== "all" && port.standing !== only)) return false;
    const text = `${endpointName(port.endpoint)} ${port.verdict} ${port.cause} ${cause(port)} ${who(port)} ${port.netns}`;
    return text.toLowerCase().includes(words.trim().toLowerCase());
  }

  // Rows move only when their order has changed: moving one would take the focus away from it.
  arrange() {
    const shown = [...this.rows.values()].filter((row) => this.matches(row));
    shown.sort((a, b) => ORDERS[this.order](a.port, b.port));
    const wanted = shown.flatMap((row) => row.lines);
    const present = this.body.children;
    if (wanted.length !== present.length || wanted.some((line, i) => line !== present[i])) {
      const focused = document.activeElement;
      this.body.replaceChildren(...wanted);
      if (this.body.contains(focused)) focused.focus({ preventScroll: true });
    }
    const all = this.rows.size;
    setText(this.status, shown.length === all ? `${all}` : `${shown.length} of ${all}`);
  }

  tick() {
    for (const row of this.rows.values()) row.tick(this.takenAt);
  }
}

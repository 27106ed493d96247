// One row of the table of ports, and the one below it that it opens.

import { now } from "./clock.js";
import { details } from "./details.js";
import { element, setAttribute, setText } from "./dom.js";
import { NOTHING, cause, count, endpointName, seconds, who } from "./format.js";
import { Sparkline } from "./sparkline.js";

const COLUMNS = 8;
const OWN_NETNS = "self";

// Milliseconds until a plain bind works; null: waiting does not help.
export function leftMs(port, takenAt) {
  const left = port.frees_in_seconds.plain;
  return typeof left === "number" && left > 0 ? Math.max(takenAt + left * 1000 - now(), 0) : null;
}

function restart(port) {
  if (port.restart_safe !== null) return port.restart_safe ? "safe" : "unsafe";
  return port.accept_queue ? "not known" : NOTHING;
}

// What the opened part shows, but for what changes all the time.
function shapeOf({ explanation, holders, binds, remedies }) {
  const groups = holders.map(({ longest_remaining_seconds: _left, owners, ...group }) =>
    [group, owners.map(({ pid, alive }) => [pid, alive])]);
  return JSON.stringify([explanation, binds, remedies, groups]);
}

export class Row {
  constructor() {
    this.open = false;
    this.shape = null;
    this.name = element("button", { type: "button", class: "open", "aria-expanded": "false" });
    this.netns = element("span", { class: "netns" });
    this.chip = element("span", { class: "chip" });
    this.cause = element("span", { class: "cause" });
    this.left = element("td", { class: "left" });
    this.owner = element("td", { class: "owner" });
    this.established = element("td", { class: "number established" });
    this.waiting = element("span");
    this.spark = new Sparkline();
    this.queue = element("span");
    this.meter = element("meter", { min: 0 });
    this.restart = element("td", { class: "restart" });
    this.line = element("tr", {},
      element("th", { scope: "row" }, this.name, this.netns),
      element("td", {}, this.chip, " ", this.cause),
      this.left, this.owner, this.established,
      element("td", { class: "number waiting" }, this.spark.picture, this.waiting),
      element("td", { class: "number queue" }, this.meter, this.queue),
      this.restart);
    this.inside = element("td", { colspan: COLUMNS });
    this.more = element("tr", { class: "more" }, this.inside);
    this.name.addEventListener("click", () => this.toggle());
  }

  set(port) {
    const tcp = port.endpoint.protocol === "tcp";
    this.port = port;
    setText(this.name, endpointName(port.endpoint));
    setText(this.netns, port.netns === OWN_NETNS ? "" : port.netns);
    setText(this.chip, port.verdict);
    setAttribute(this.chip, "data-standing", port.standing);
    setText(this.cause, cause(port));
    const owner = who(port);
    setText(this.owner, owner);
    setAttribute(this.owner, "data-none", owner === NOTHING ? "" : null);
    setText(this.established, tcp ? count(port.states.established) : NOTHING);
    setText(this.waiting, tcp ? count(port.states.time_wait) : NOTHING);
    this.setQueue(port.accept_queue);
    setText(this.restart, restart(port));
    setAttribute(this.restart, "data-safe", port.restart_safe);
    this.fill();
  }

  setQueue(queue) {
    const limit = queue?.limit ?? null;
    const text = queue === null ? NOTHING : limit === null ? count(queue.length) : `${count(queue.length)}/${count(limit)}`;
    setText(this.queue, text);
    this.meter.hidden = limit === null;
    if (limit === null) return;
    // A backlog of 0 holds one connection.
    setAttribute(this.meter, "max", limit + 1);
    setAttribute(this.meter, "high", 0.8 * (limit + 1));
    setAttribute(this.meter, "value", queue.length);
    setAttribute(this.meter, "aria-label", `${queue.length} of ${limit} wait for accept()`);
  }

  toggle() {
    this.open = !this.open;
    setAttribute(this.name, "aria-expanded", this.open);
    this.fill();
    if (this.open) this.line.after(this.more);
    else this.more.remove();
  }

  // Built anew only when something in it has changed: a selection or the focus in it survives a round.
  fill() {
    const shape = this.open ? shapeOf(this.port) : null;
    if (shape === null || shape === this.shape) return;
    this.shape = shape;
    this.inside.replaceChildren(...details(this.port));
  }

  tick(takenAt) {
    const left = leftMs(this.port, takenAt);
    setText(this.left, left !== null ? seconds(left / 1000) : this.port.verdict === "free" ? "now" : NOTHING);
  }

  sample(at) {
    if (this.port.endpoint.protocol === "tcp") this.spark.add(at, this.port.states.time_wait);
  }

  get lines() {
    return this.open ? [this.line, this.more] : [this.line];
  }
}

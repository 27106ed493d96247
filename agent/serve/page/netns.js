// The namespace that is looked at. The choice stands in the page's address, so that a link to the page carries it.

import { setText } from "./dom.js";
import { count } from "./format.js";

const ALL = "";

// Both as the server writes them (page.c).
function options(names) {
  return [new Option("all", ALL), ...names.map((name) => new Option(name, name))];
}

function sum(rows, protocol, states) {
  const families = rows.flatMap(({ totals }) => Object.values(totals?.[protocol] ?? {}));
  return families.reduce((all, family) => states.reduce((some, state) => some + (family[state] ?? 0), all), 0);
}

function totals(rows) {
  const tcp = (state) => count(sum(rows, "tcp", [state]));
  const udp = count(sum(rows, "udp", ["established", "close"]));
  return `Sockets: ${tcp("established")} established, ${tcp("time_wait")} TIME_WAIT, ${tcp("listen")} listening, ${udp} UDP`;
}

export class Namespaces {
  // changed(name) is called with the namespace that is looked at from now on; "": all.
  constructor(selector, status, changed) {
    this.selector = selector;
    this.status = status;
    this.changed = changed;
    this.rows = [];
    selector.addEventListener("change", () => this.choose(selector.value));
    addEventListener("hashchange", () => this.show());
  }

  choose(name) {
    history.replaceState(null, "", name === ALL ? location.pathname : `#${new URLSearchParams({ netns: name })}`);
    this.show();
  }

  // Of a report.
  update(rows) {
    this.rows = rows;
    this.selector.parentElement.hidden = rows.length < 2;
    const names = rows.map(({ name }) => name);
    const offered = [...this.selector.options].slice(1).map(({ value }) => value);
    if (names.join() !== offered.join()) this.selector.replaceChildren(...options(names));
    this.show();
  }

  // One that is gone leaves all; the address still names it, for when it comes back.
  show() {
    const wanted = new URLSearchParams(location.hash.slice(1)).get("netns");
    const chosen = this.rows.filter(({ name }) => name === wanted);
    const name = chosen[0]?.name ?? ALL;
    this.selector.value = name;
    setText(this.status, totals(chosen.length > 0 ? chosen : this.rows));
    this.changed(name);
  }
}

// What happened, the latest first; also the marks on the charts.

import { element } from "./dom.js";
import { clock } from "./format.js";
import { get } from "./live.js";

const SHOWN = 200;

export class Events {
  constructor(list) {
    this.list = list;
    this.forget();
  }

  // A restarted agent counts from 1 again.
  forget() {
    this.all = [];
    this.last = 0;
  }

  // Asks for those that are new.
  async update() {
    const { events } = await (await get(`api/v1/events?since=${this.last}`)).json();
    if (events.length === 0) return;
    this.all.push(...events.map((event) => ({ ...event, time: Date.parse(event.at) })));
    this.all.splice(0, this.all.length - SHOWN);
    this.last = events.at(-1).id;
    this.show();
  }

  show() {
    const items = this.all.toReversed().map((event) =>
      element("li", { "data-kind": event.kind },
        element("time", { datetime: event.at }, clock(event.time)),
        element("span", {}, event.netns === "self" ? event.text : `${event.text}, in netns ${event.netns}`)));
    this.list.replaceChildren(...items);
  }
}

// The page: what the server wrote is brought to life.

import { now } from "./clock.js";
import { element, setAttribute, setText } from "./dom.js";
import { Events } from "./events.js";
import { age, seconds } from "./format.js";
import { follow } from "./live.js";
import { Namespaces } from "./netns.js";
import { Ports } from "./ports.js";
import { Trends } from "./trends.js";

const TICK_MS = 100;
const find = (id) => document.getElementById(id);

const events = new Events(find("event-list"));
const trends = new Trends(find("charts"), events, (zoomed) => (find("whole").hidden = !zoomed));
const ports = new Ports(find("port-table"), find("port-count"));
const namespaces = new Namespaces(find("netns"), find("totals"), (netns) => ports.filter({ netns }));
const state = { takenAt: null, lost: null, started: null };

function summaryLine(line) {
  const until = line.frees_in_seconds === null ? null : state.takenAt + line.frees_in_seconds * 1000;
  const remaining = until === null ? null : element("span", { class: "remaining", "aria-hidden": "true", "data-until": until });
  return element("li", { "data-level": line.level }, element("span", { class: "words" }, line.text), remaining);
}

// The first sentences of the page. A live region: read aloud when their words change, not with each second.
function summarise({ summary, summary_left_out: more, host }) {
  const all = more === 0 ? summary : [...summary, { ...summary.at(-1), text: `and ${more} more`, frees_in_seconds: null }];
  const lines = all.map(summaryLine);
  const shown = find("summary").children;
  const same = lines.length === shown.length && lines.every((line, i) => line.isEqualNode(withoutTime(shown[i], line)));
  if (!same) find("summary").replaceChildren(...lines);
  document.title = `${summary[0].text} · ${host} · tidewait`;
}

// The line that is shown, when it differs from the new one by its time only, with the new time.
function withoutTime(shown, line) {
  const [before, after] = [shown, line].map((part) => part.querySelector(".remaining"));
  if (before !== null && after !== null) before.dataset.until = after.dataset.until;
  const copy = shown.cloneNode(true);
  copy.querySelector(".remaining")?.replaceChildren();
  return copy;
}

function footer({ agent }) {
  const interval = Number(agent.interval_seconds.toFixed(1));
  setText(find("cost"), `A round takes ${(agent.round_seconds * 1000).toFixed(1)} ms, every ${interval} s`);
  setText(find("version"), `tidewait ${agent.version}`);
}

function noteRestart({ agent }) {
  if (state.started !== null && state.started !== agent.started_at) {
    events.forget();
    trends.forget();
  }
  state.started = agent.started_at;
}

function arrived(report) {
  noteRestart(report);
  footer(report);
  const [own] = report.netns;
  if (own.error) {
    summarise(report);
    lost("the latest round failed", "No new data");
    return;
  }
  Object.assign(state, { takenAt: Date.parse(report.taken_at), lost: null });
  const all = report.netns.flatMap((netns) => netns.ports ?? []);
  ports.update(all, state.takenAt);
  summarise(report);
  namespaces.update(report.netns);
  trends.add(all, report.netns.flatMap((netns) => netns.destinations ?? []), state.takenAt);
  trends.recall(all, (name, samples) => ports.rows.get(name)?.spark.recall(samples));
  // Marks for what is new; without them the next round brings them.
  events.update().catch(() => {});
  tick();
}

function lost(reason, headline = "Connection lost") {
  if (state.lost === null) setText(find("announcement"), `${headline}: ${reason}`);
  state.lost = { reason, headline };
  tick();
}

function showConnection() {
  const { lost: trouble, takenAt } = state;
  if (trouble === null && takenAt === null) return;
  const old = takenAt === null ? null : age(now() - takenAt);
  setAttribute(find("connection"), "data-state", trouble !== null ? "lost" : "live");
  if (trouble === null) {
    setText(find("announcement"), "");
    setText(find("connection"), `Live, data ${old} old`);
  } else {
    setText(find("connection"), `${trouble.headline}, ${old === null ? "no data yet" : `last data ${old} old`} (${trouble.reason})`);
  }
}

function tick() {
  showConnection();
  for (const part of find("summary").querySelectorAll("[data-until]"))
    setText(part, seconds(Math.max(part.dataset.until - now(), 0) / 1000));
  ports.tick();
}

find("words").addEventListener("input", ({ target }) => ports.filter({ words: target.value }));
find("only").addEventListener("change", ({ target }) => ports.filter({ only: target.value }));
find("whole").addEventListener("click", () => trends.zoom(null));
const spans = document.querySelectorAll("[data-span]");
for (const button of spans)
  button.addEventListener("click", () => {
    for (const other of spans) setAttribute(other, "aria-pressed", other === button);
    trends.span(Number(button.dataset.span) * 1000);
  });

setInterval(tick, TICK_MS);
follow({ arrived, lost });

// The report, again and again: one request a round, none while nobody looks.

import { learn } from "./clock.js";

const REPORT = "api/v1/report";
const PATIENCE_MS = 5000;
const SHORTEST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15000;
const RETRY_MS = 1000;

export async function get(path) {
  const answer = await fetch(path, { cache: "no-cache", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(`the agent answers ${answer.status}`);
  return answer;
}

function reason(error) {
  if (error.name === "TimeoutError") return "the agent does not answer";
  return error instanceof TypeError ? "the agent cannot be reached" : error.message;
}

// Calls arrived(report) for each report that is new, and lost(reason) when there is none to be had.
export function follow({ arrived, lost }) {
  let known = null;
  let pause = RETRY_MS;
  let timer = null;
  let asking = false;

  async function ask() {
    const answer = await get(REPORT);
    learn(answer.headers.get("Date"));
    const tag = answer.headers.get("ETag");
    if (tag === known) return;
    const report = await answer.json();
    known = tag;
    pause = Math.min(Math.max(report.agent.interval_seconds * 1000, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
    arrived(report);
  }

  async function turn() {
    timer = null;
    if (document.hidden || asking) return;
    asking = true;
    let next = pause;
    try {
      await ask();
      next = pause;
    } catch (error) {
      known = null;
      next = RETRY_MS;
      lost(reason(error));
    }
    asking = false;
    timer ??= setTimeout(turn, next);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    clearTimeout(timer);
    turn();
  });
  turn();
}

// What a row opens to: why, who, which binds, what to do. The object of /api/v1/ports/PORT.

import { element } from "./dom.js";
import { NOTHING, count, ownerName, ownerPlace, seconds } from "./format.js";

const COPIED_MS = 2000;

function table(caption, heads, rows) {
  if (rows.length === 0) return null;
  const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)));
  const body = rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, cell))));
  return element("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": caption },
    element("table", { class: "plain" }, element("caption", {}, caption), element("thead", {}, head),
      element("tbody", {}, ...body)));
}

function holderRow(holder) {
  const people = holder.owners.map((owner) => [ownerName(owner), ownerPlace(owner)].filter(Boolean).join(", "));
  const left = holder.longest_remaining_seconds;
  return [
    `${count(holder.count)} ${holder.state.toUpperCase()}`,
    holder.local,
    holder.remote ?? NOTHING,
    holder.direction === "unknown" ? NOTHING : holder.direction,
    left === null ? NOTHING : seconds(left),
    people.join("; ") || NOTHING,
  ];
}

function bindRow(bind) {
  const kind = bind.reuseaddr ? "with SO_REUSEADDR" : "plain";
  return [bind.address, kind, bind.result === "ok" ? "works" : bind.result, bind.how];
}

async function copy(button, command) {
  try {
    await navigator.clipboard.writeText(command.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(command);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), COPIED_MS);
}

function remedyItem(remedy) {
  const item = element("li", {}, remedy.text ? element("p", {}, remedy.text) : null);
  if (remedy.command) {
    const command = element("pre", { tabindex: 0 }, remedy.command);
    const button = element("button", { type: "button", "aria-label": `Copy: ${remedy.command}` }, "Copy");
    button.addEventListener("click", () => copy(button, command));
    item.append(element("div", { class: "command" }, command, button));
  }
  return item;
}

export function details(port) {
  const parts = [
    port.explanation ? element("p", { class: "why" }, port.explanation) : null,
    table("Held by", ["Sockets", "Local", "Peer", "Direction", "Left", "Owner"], port.holders.map(holderRow)),
    table("Binds", ["Address", "Kind", "Result", "How it is known"], port.binds.map(bindRow)),
  ];
  if (port.remedies.length > 0)
    parts.push(element("h3", {}, "What to do"), element("ul", { class: "remedies" }, ...port.remedies.map(remedyItem)));
  return parts.filter((part) => part !== null);
}

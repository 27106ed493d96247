// Values as people read them. Nothing here touches the document.

export const NOTHING = "–";

// What is left is rounded up: it is never understated.
export function seconds(value) {
  if (value < 120) return `${(Math.ceil(value * 10 - 1e-6) / 10).toFixed(1)} s`;
  if (value < 7200) return `${Math.ceil(value / 60)} min`;
  return `${Math.ceil(value / 3600)} h`;
}

export function age(milliseconds) {
  const value = Math.max(Math.floor(milliseconds / 1000), 0);
  if (value < 120) return `${value} s`;
  if (value < 7200) return `${Math.floor(value / 60)} min`;
  return `${Math.floor(value / 3600)} h`;
}

const WHOLE = new Intl.NumberFormat("en", { useGrouping: "min2" });

export function count(value) {
  return WHOLE.format(value).replaceAll(",", "\u202f");
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export function clock(milliseconds) {
  return CLOCK.format(milliseconds);
}

export function endpointName({ protocol, address, port }) {
  const bracketed = address.includes(":") ? `[${address}]` : address;
  return `${address === "*" ? "" : `${bracketed}:`}${port}/${protocol}`;
}

// The causes of the interface, each in a few words; as in page_row.c.
const CAUSES = {
  denied: "denied by policy",
  address: "not an address of this host",
  privileged: "needs a privilege",
  listener: "listener",
  bound: "bound, not listening",
  outgoing: "outgoing connection",
  connected: "open connections",
  closing: "closing connections",
  time_wait: "TIME_WAIT",
  unseen: "held by nothing that is shown",
  none: "",
};

export function cause(port) {
  const udp = port.endpoint.protocol === "udp";
  const words = port.cause === "bound" && udp ? "bound" : (CAUSES[port.cause] ?? "not known");
  return [words, expectation(port)].filter(Boolean).join(", ");
}

// What was expected, and is not so.
function expectation({ expected, standing }) {
  if (standing !== "blocked") return "";
  if (expected === "listening") return "listener expected";
  return expected === "free" ? "expected free" : "";
}

export function ownerName(owner) {
  return `${owner.process} (${owner.pid}${owner.alive ? "" : ", exited"})`;
}

export function ownerPlace(owner) {
  if (owner.container_name) return `container ${owner.container_name}`;
  return owner.container_id ? `container ${owner.container_id.slice(0, 12)}` : owner.unit;
}

// The owners of the sockets that decide: of the first group whose owner is known, and others in its state.
export function who(port) {
  const first = port.holders.find((holder) => holder.owners.length > 0);
  if (first === undefined) return NOTHING;
  const deciding = port.holders.filter((holder) => holder.state === first.state);
  const pids = new Set(deciding.flatMap((holder) => holder.owners.map((owner) => owner.pid)));
  const more = pids.size > 1 ? ` and ${pids.size - 1} more` : "";
  return [ownerName(first.owners[0]) + more, ownerPlace(first.owners[0])].filter(Boolean).join(", ");
}

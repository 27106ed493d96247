"""How cost grows with each thing that there can be more of: drawn, and held against a straight line."""

import contextlib
import dataclasses
import subprocess

from contestants import Agent
from crowd import crowd
from lab.namespaces import Namespace
from lab.sockets import listener
from serving import scrapes

_NS_PER_MS = 1e6
_PORTS = range(12000, 13000)
# Noise is left some room above a straight line.
_LINEAR = 1.5


@dataclasses.dataclass(frozen=True)
class Curve:
    """Points of (how many, cost), by count; the first is the smallest."""

    of: str
    unit: str
    points: list

    @property
    def bend(self):
        """Cost of one more in the last step over that in the whole: 1 is a straight line, 2 a parabola's."""
        (first, base), *_, (before, cost), (last, most) = self.points
        whole = (most - base) / (last - first)
        return (most - cost) / (last - before) / whole if whole > 0 else 0.0

    @property
    def linear(self):
        return self.bend <= _LINEAR


def _round_ms(*flags, rounds=3):
    with Agent(*flags) as agent:
        agent.settle()
        return agent.cost(rounds) / _NS_PER_MS


def by_sockets(counts):
    """TIME_WAITs."""
    def one(count):
        with Agent() as agent, crowd(count):
            agent.settle()
            return agent.cost() / _NS_PER_MS
    return Curve("sockets", "ms of CPU a round", [(count, one(count)) for count in counts])


def by_tracked_ports(counts):
    """Listeners, each tracked and probed."""
    def one(count):
        with contextlib.ExitStack() as listeners:
            for port in _PORTS[:count]:
                listeners.enter_context(listener("127.0.0.1", port))
            return _round_ms("--max-ports=1100")
    return Curve("tracked ports with a listener", "ms of CPU a round", [(count, one(count)) for count in counts])


def by_watched_endpoints(counts):
    """Free ones, each bound anew in each round."""
    points = [(count, _round_ms(f"--watch={_PORTS[0]}-{_PORTS[count - 1]}", "--max-ports=1100", "--probe-interval=1s"))
              for count in counts]
    return Curve("watched endpoints", "ms of CPU a round", points)


def by_namespaces(counts):
    """Each with a service."""
    def one(count):
        with contextlib.ExitStack() as made:
            for _ in range(count):
                made.callback(Namespace(lambda: listener("0.0.0.0", _PORTS[0])).close)
            return _round_ms("--netns=all")
    return Curve("namespaces", "ms of CPU a round", [(count, one(count)) for count in counts])


def by_history(minutes):
    """Memory that the samples of 50 ports take once they are full; --history is reserved when a port is tracked."""
    def one(length):
        with Agent(f"--watch={_PORTS[0]}-{_PORTS[49]}", f"--history={length}m") as agent:
            agent.settle()
            return agent.resident_kib()
    return Curve("minutes of history, 50 ports", "KiB resident", [(length, one(length)) for length in minutes])


def by_clients(counts):
    """Kept connections that scrape as fast as they can: CPU of the agent for each scrape."""
    def one(count):
        with Agent("--web.max-connections-per-address=64", interval="5s") as agent:
            began = agent.cpu()
            rate = scrapes(agent.url, seconds=2, connections=count)
            return (agent.cpu() - began) / (2 * rate) / 1e3 * count
    return Curve("clients", "µs of CPU for a scrape by each", [(count, one(count)) for count in counts])


def draw(curves, path):
    """All curves in one picture, by gnuplot."""
    plots = []
    for curve in curves:
        data = "\n".join(f"{count} {cost}" for count, cost in curve.points)
        plots.append(f'set xlabel "{curve.of}"\nset ylabel "{curve.unit}"\nset yrange [0:*]\n'
                     f"$data << END\n{data}\nEND\nplot $data using 1:2 with linespoints pointtype 7 notitle\n")
    rows = (len(curves) + 1) // 2
    script = (f'set terminal svg size 900,{260 * rows} background "white"\nset output "{path}"\n'
              f"set multiplot layout {rows},2\nset grid\n" + "".join(plots))
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def markdown(curves):
    """A table: the bend is the cost of one more at the end over that of one more on average."""
    lines = ["| more of | measured | at | bend | linear or better |", "|---|---|---|---|---|"]
    for curve in curves:
        points = " · ".join(f"{count:,}: {cost:,.3g}" for count, cost in curve.points)
        lines.append(f"| {curve.of} | {curve.unit} | {points} | {curve.bend:.2g} | {'yes' if curve.linear else '**no**'} |")
    return "\n".join(lines) + "\n"

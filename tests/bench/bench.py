"""Ours and every peer in turn, one table: tests/bench/run starts this in a namespace of its own."""

import argparse
import dataclasses
import itertools
import json
import os
import pathlib
import platform
import sys
import time

import crowd
import figures
import growth
import instructions
import probing
import serving
import table

_QUICK_COUNT, _FULL_COUNT, _LARGE_COUNT = 20_000, 100_000, 1_000_000


def _quick():
    yield table.rounds(_QUICK_COUNT, pairs=2)
    yield probing.probe_round(windows=1)
    yield serving.throughput(seconds=2, pairs=1)
    yield serving.latency(seconds=3)
    yield serving.rounds_meanwhile(seconds=5)
    yield serving.start(runs=3)
    yield instructions.instructions()


def _full():
    yield table.memory(_LARGE_COUNT)
    yield table.rounds(_FULL_COUNT, pairs=5)
    yield table.rounds(_LARGE_COUNT, pairs=3)
    yield table.why(_FULL_COUNT, runs=15)
    yield table.why(_LARGE_COUNT, runs=9)
    yield table.steady(_LARGE_COUNT, seconds=120)
    yield probing.probe_round(windows=5)
    yield serving.throughput(seconds=10, pairs=5)
    yield serving.latency(seconds=30)
    yield serving.rounds_meanwhile(seconds=60)
    yield serving.start(runs=15)
    yield instructions.instructions()


def _curves():
    yield growth.by_sockets([1_000, 10_000, 100_000, 1_000_000])
    yield growth.by_tracked_ports([1, 250, 500, 1000])
    yield growth.by_watched_endpoints([1, 250, 500, 1000])
    yield growth.by_namespaces([1, 50, 100, 200])
    yield growth.by_history([10, 60, 120, 240])
    yield growth.by_clients([1, 8, 16, 32])


def _machine():
    with open("/proc/cpuinfo", encoding="ascii") as info:
        model = next(line.partition(":")[2].strip() for line in info if line.startswith("model name"))
    return f"Linux {platform.release()}, {os.cpu_count()} × {model}, load {os.getloadavg()[0]:.2f} at the start"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute: 20,000 sockets, and no curves")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for report.md, report.json, growth.svg")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    crowd.prepare()
    machine, found = _machine(), []
    print(machine, flush=True)
    for figure in itertools.chain.from_iterable(_quick() if options.quick else _full()):
        found.append(figure)
        print(figures.line(figure), flush=True)
    curves = [] if options.quick else list(_curves())
    text = f"{machine}\n\n{figures.markdown(found)}"
    if curves:
        growth.draw(curves, options.out / "growth.svg")
        text += f"\n{growth.markdown(curves)}"
        print(growth.markdown(curves))
    (options.out / "report.md").write_text(text, encoding="utf-8")
    (options.out / "report.json").write_text(json.dumps(
        {"machine": machine, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
         "figures": [dataclasses.asdict(figure) for figure in found],
         "curves": [dataclasses.asdict(curve) for curve in curves]}, indent=1) + "\n", encoding="utf-8")
    sys.exit(not all(figure.reached for figure in found) or not all(curve.linear for curve in curves))


if __name__ == "__main__":
    main()

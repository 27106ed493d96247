"""Test-binds."""

import statistics

from contestants import Agent
from figures import alone

_ENDPOINTS = 1000
_FIRST = 12000
_NS_PER_MS = 1e6


def probe_round(windows):
    """A round in which each of 1,000 watched endpoints is bound anew, less the same round without test-binds."""
    flags = [f"--watch={_FIRST}-{_FIRST + _ENDPOINTS - 1}", f"--max-ports={_ENDPOINTS + 100}"]
    cost = []
    for probe in (("--probe=gentle", "--probe-interval=1s"), ("--probe=off",)):
        with Agent(*flags, *probe) as agent:
            agent.settle()
            cost.append(statistics.median(agent.cost() for _ in range(windows)))
    yield alone(f"test-binds of {_ENDPOINTS:,} endpoints, CPU", (cost[0] - cost[1]) / _NS_PER_MS, "ms", most=10)

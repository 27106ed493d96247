"""The socket table: what a round costs in CPU and in memory, what the default budget makes of it, and `why`."""

import time

from contestants import TIDEWAIT, Agent, Collectd, NodeExporter, floor, procfs, ss
from cost import command_cost
from crowd import crowd, stream
from figures import alone, compared

_KIB_PER_MIB = 1024
_FREE_PORT = "22"
_TIME_WAIT_S = 60


def rounds(count, pairs):
    """CPU of one round, with that many TIME_WAITs, beside the floor and the others."""
    for contestant, most in ((floor, 1.15), (ss, 1 / 3), (procfs, 1 / 3), (NodeExporter, 1 / 3), (Collectd, None)):
        ours, theirs = [], []
        with Agent() as agent, contestant() as peer, crowd(count):
            agent.settle()
            for _ in range(pairs):
                ours.append(agent.cost())
                theirs.append(peer.cost())
        yield compared(f"round, CPU, {count:,} TIME_WAIT", peer.name, ours, theirs, most=most)


def memory(count):
    """Resident with nothing to see, and what that many sockets add."""
    with Agent() as agent:
        agent.settle()
        idle = agent.resident_kib()
        with crowd(count):
            agent.settle()
            agent.settle()
            grown = agent.resident_kib()
    yield alone("resident memory, idle", idle / _KIB_PER_MIB, "MiB", most=8)
    yield alone(f"growth from 0 to {count:,} sockets", (grown - idle) / _KIB_PER_MIB, "MiB", most=1)


def steady(count, seconds):
    """With the default settings, while a stream keeps that many TIME_WAITs alive: CPU, and what the agent still knows."""
    with Agent(interval="5s", budget="1%") as agent:
        agent.settle()
        with stream(count // _TIME_WAIT_S, _TIME_WAIT_S + seconds) as made:
            time.sleep(_TIME_WAIT_S)
            began, spent = time.monotonic(), agent.cpu()
            time.sleep(seconds)
            share = (agent.cpu() - spent) / 1e9 / (time.monotonic() - began)
        yield alone(f"steady CPU, {count:,} TIME_WAIT, default budget", share * 100, "%", most=1)
        time.sleep(_TIME_WAIT_S)
        agent.settle()
        yield alone(f"of {made:,} that entered TIME_WAIT, not counted", made - agent.entered(), "", exactly=0)


def why(count, runs):
    """One port, free, among many sockets."""
    ours, theirs = [], []
    with crowd(count):
        for _ in range(runs):
            ours.append(command_cost(TIDEWAIT, "why", _FREE_PORT).cpu)
            theirs.append(command_cost("ss", "-tanp", f"sport = :{_FREE_PORT}").cpu)
    yield compared(f"why {_FREE_PORT}, CPU, {count:,} sockets", "ss -tanp 'sport = :…'", ours, theirs, most=1)

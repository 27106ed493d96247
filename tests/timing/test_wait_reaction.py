"""How soon `tidewait wait` comes back after the change that it waits for, and what it costs meanwhile.

Measured against the clock, on a machine that has nothing else to do, so it is no part of an ordinary run of the tests:

    cmake --preset dev && cmake --build --preset dev
    ctest --test-dir build/dev -C timing -R timing/wait_reaction --verbose
"""

import os
import random
import statistics
import threading
import time
import unittest

from lab import sockets
from lab.changes import CHANGES
from lab.kernel import bind_result
from lab.suite import main
from lab.terminal import Terminal
from lab.wait import INTERRUPTED, MET, Wait

REACTION_MEDIAN_S = 0.05
CPU_SHARE_MAX = 0.01
# Of every change that the test makes itself.
REPEATS = 3
TIME_WAITS_OF_EACH_SORT = 8
MANY_TIME_WAITS = 5000
WAITS_AT_ONCE = 3
MANY_ENDPOINTS = 20
LONG_WAIT_S = 60
BETWEEN_BINDS_S = 0.002
BETWEEN_LOOKS_S = 0.05
# 60 s and the kernel's timer slack.
TIME_WAIT_ENDS_WITHIN_S = 90
FIRST_PORT = 7001


def react(change, port):
    """Seconds from just before the change until `wait` is gone."""
    arguments, act, made = change(port)
    wait = Wait(*arguments)
    wait.until_it_looks()
    # At any point between two looks.
    threading.Event().wait(random.uniform(0, BETWEEN_LOOKS_S))
    began = time.monotonic()
    act()
    join(wait)
    for each in made:
        each.close()
    return wait.ended - began


def join(wait):
    """Waits for its end, which must be that of what it waited for."""
    outcome = wait.outcome()
    assert outcome.code == MET, outcome
    return wait


def tell(name, seconds, shares=()):
    """One line of the figures."""
    print(f"{name:34} {len(seconds):2} changes: median {statistics.median(seconds) * 1000:5.1f} ms, "
          f"worst {max(seconds) * 1000:5.1f} ms" + (f", CPU {max(shares):.2%} of a core" if shares else ""))


def react_to_time_waits(ports, waits_each=1):
    """TIME_WAITs that end by themselves: for each wait its port, the seconds after the first direct bind that succeeds,
    and its share of a core.

    A bind that fails holds nothing, and the first that succeeds is the last: so this disturbs nobody."""
    waits = [(port, Wait(str(port))) for port in ports * waits_each]
    free_at = {}
    pause = threading.Event()
    end = time.monotonic() + TIME_WAIT_ENDS_WITHIN_S
    while len(free_at) < len(ports):
        assert time.monotonic() < end, f"still held: {set(ports) - set(free_at)}"
        for port in ports:
            if port not in free_at and bind_result("::", port) == "ok":
                free_at[port] = time.monotonic()
        pause.wait(BETWEEN_BINDS_S)
    return [(port, join(wait).ended - free_at[port], wait.share()) for port, wait in waits]


def tell_time_waits(name, reactions, ports):
    """The figures of those on these ports. Returns the seconds."""
    seconds = [reaction for port, reaction, _ in reactions if port in ports]
    tell(name, seconds, [share for port, _, share in reactions if port in ports])
    return seconds


class Reaction(unittest.TestCase):
    def test_fifty_changes(self):
        ports = iter(range(FIRST_PORT, FIRST_PORT + 1000))
        figures = []
        for change in CHANGES:
            seconds = [react(change, next(ports)) for _ in range(REPEATS)]
            tell(change.__name__, seconds)
            figures += seconds
        plain, reusable = ([next(ports) for _ in range(TIME_WAITS_OF_EACH_SORT)] for _ in range(2))
        for port in plain:
            sockets.time_wait("127.0.0.1", port, 3)
        for port in reusable:
            sockets.time_wait("127.0.0.1", port, 3, reuseaddr=True)
        reactions = react_to_time_waits(plain + reusable)
        figures += tell_time_waits("time_wait_ends", reactions, plain)
        figures += tell_time_waits("time_wait_with_reuseaddr_ends", reactions, reusable)
        tell("all", figures)
        self.assertGreaterEqual(len(figures), 50)
        self.assertLessEqual(statistics.median(figures), REACTION_MEDIAN_S)
        self.assertLess(max(share for _, _, share in reactions), CPU_SHARE_MAX)

    def test_many_time_waits(self):
        """On both ports, so that each walk of the table passes twice as many."""
        plain, reusable = FIRST_PORT - 1, FIRST_PORT - 2
        sockets.time_wait("127.0.0.1", plain, MANY_TIME_WAITS)
        sockets.time_wait("127.0.0.1", reusable, MANY_TIME_WAITS, reuseaddr=True)
        reactions = react_to_time_waits([plain, reusable], WAITS_AT_ONCE)
        seconds = tell_time_waits("many_time_waits", reactions, [plain])
        seconds += tell_time_waits("many_time_waits_with_reuseaddr", reactions, [reusable])
        self.assertLessEqual(statistics.median(seconds), REACTION_MEDIAN_S)
        self.assertLess(max(share for _, _, share in reactions), CPU_SHARE_MAX)


class LongWaits(unittest.TestCase):
    """For what does not happen."""

    def test_cpu(self):
        port = FIRST_PORT - 10
        holders = [sockets.listener("0.0.0.0", port), sockets.bound("127.0.0.1", port + 1, reuseaddr=True),
                   sockets.bound("127.0.0.1", port, protocol="udp"), *sockets.accepted("127.0.0.1", port + 2)]
        for holder in holders:
            self.addCleanup(holder.close)
        sockets.time_wait("127.0.0.1", port + 3, MANY_TIME_WAITS)
        waits = {" ".join(arguments): Wait(*arguments) for arguments in (
            [f"{port}"], [f"{port + 1}"], [f"{port + 2}"], [f"udp:{port}"], [f"127.0.0.1:{port}", "--reuseaddr"],
            [f"{port + 4}", "--for", "listening"], [f"udp:{port + 4}", "--for", "listening"],
            [f"{port}"] * MANY_ENDPOINTS, [f"{port + 4}"] * MANY_ENDPOINTS + ["--for", "listening"])}
        with Terminal("wait", str(port), "--timeout", "3m") as terminal:
            began = time.monotonic()
            terminal.until_shown(rf"\({LONG_WAIT_S} s\)", 2 * LONG_WAIT_S)
            terminal.type("\x03")
            _, _, usage = os.wait4(terminal.process.pid, 0)
            shares = {"on a terminal": (usage.ru_utime + usage.ru_stime) / (time.monotonic() - began)}
            terminal.process.returncode = INTERRUPTED
        for name, wait in waits.items():
            self.assertEqual(wait.end().code, INTERRUPTED)
            shares[name] = wait.share()
        for name, share in shares.items():
            print(f"{name[:40]:40} CPU {share:.2%} of a core")
        self.assertLess(max(shares.values()), CPU_SHARE_MAX)


if __name__ == "__main__":
    main()

"""Times are told as of the moment that a report bears, however long it took to read the sockets."""

import calendar
import contextlib
import os
import time
import unittest

from lab import sockets
from lab.agent import Agent
from lab.faults import injected, without_netlink
from lab.suite import main
from lab.waiting import until

TIME_WAIT_S = 60
# Each of these system calls takes so long; a round makes several.
DELAY_S = 0.6
# Of the jiffy, and of the file's hundredths of a second.
TICK_S = 0.02
# From the read of a socket to the time that is put to it, on a busy machine.
HURRY_S = 0.4


def seconds(instant):
    """RFC 3339 to the millisecond, as seconds since 1970."""
    return calendar.timegm(time.strptime(instant[:19], "%Y-%m-%dT%H:%M:%S")) + float(f"0{instant[19:-1]}")


class SlowLook(unittest.TestCase):
    def check(self, port, slow_call, **options):
        earliest = time.time() + TIME_WAIT_S
        sockets.time_wait("127.0.0.1", port, 1)
        latest = time.time() + TIME_WAIT_S
        with contextlib.ExitStack() as stack:
            agent = stack.enter_context(Agent(f"--watch={port}", "--no-watch-listeners",
                                              env={"ASAN_OPTIONS": "detect_leaks=0"}, **options))
            delay = f"{slow_call}:delay_enter={int(DELAY_S * 1e6)}"
            stack.enter_context(injected(agent.process, delay, threads=False))
            began = time.time()

            def slow_report():
                report = agent.json("/api/v1/report")
                return seconds(report["taken_at"]) > began and report

            report = until(slow_report, "a round that began since")
        self.assertGreater(report["agent"]["round_seconds"], DELAY_S)
        (row,) = report["netns"][0]["ports"]
        (holder,) = row["holders"]
        due = seconds(report["taken_at"]) + holder["longest_remaining_seconds"]
        self.assertGreater(due, earliest - TICK_S)
        self.assertLess(due, latest + HURRY_S)
        self.assertGreater(row["frees_in_seconds"]["plain"], holder["longest_remaining_seconds"])

    def test_through_netlink(self):
        self.check(8080, "sendto")

    @unittest.skipUnless(os.uname().machine in ("x86_64", "aarch64"), "the seccomp filter knows x86_64 and aarch64")
    def test_from_proc_net(self):
        self.check(8081, "lseek", preexec_fn=without_netlink)


if __name__ == "__main__":
    main()

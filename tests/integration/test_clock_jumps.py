"""Somebody sets the clock by a day, forwards and back: the agent shows the new time, and nothing else changes."""

import datetime
import mmap
import os
import struct
import tempfile
import time
import unittest

from lab import sockets
from lab.agent import Agent
from lab.suite import main
from lab.waiting import until

PORT = 8080
INTERVAL_S = 0.2
ROUNDS = 10
DAY_S = 86_400
TIME_WAIT_S = 61
SOCKETS = 5
ENTERED = "tidewait_port_time_wait_entered_total"


class ClockJumps(unittest.TestCase):
    def setUp(self):
        file = self.enterContext(tempfile.NamedTemporaryFile())
        file.truncate(mmap.PAGESIZE)
        self.shift = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.addCleanup(self.shift.close)
        self.env = {"LD_PRELOAD": os.environ["SHIFT_CLOCK_OBJECT"], "SHIFT_CLOCK": file.name}

    @staticmethod
    def hours_ahead(agent):
        """Of this process's own clock."""
        shown = datetime.datetime.fromisoformat(agent.json("/api/v1/report")["taken_at"])
        return round((shown.timestamp() - time.time()) / 3600)

    def check_rounds_go_on(self, agent):
        """At their pace: none is left out, and none made up for."""
        first, began = agent.rounds(), time.monotonic()
        until(lambda: agent.rounds() >= first + ROUNDS, f"{ROUNDS} rounds")
        most = (time.monotonic() - began) / INTERVAL_S + 2
        self.assertLessEqual(agent.rounds() - first, most)
        self.assertEqual(agent.get("/readyz").status, 200)

    def check_nothing_else_changed(self, agent):
        page = agent.metrics()
        self.assertEqual(page.value(ENTERED, port=str(PORT)), SOCKETS)
        self.assertEqual(page.sum("tidewait_round_failures_total"), 0)
        self.assertLessEqual(agent.verdict(PORT)["frees_in_seconds"]["plain"], TIME_WAIT_S)

    def test_rounds_go_on_and_durations_stay_true(self):
        with Agent(f"--interval={INTERVAL_S * 1000:.0f}ms", "--cpu-budget=100%", f"--watch={PORT}", quick=False,
                   env=self.env) as agent:
            agent.next_round()
            sockets.time_wait("127.0.0.1", PORT, SOCKETS)
            agent.next_round()
            self.assertEqual(self.hours_ahead(agent), 0)
            for days in (1, -1, 0):
                with self.subTest(days=days):
                    self.shift[:8] = struct.pack("=q", days * DAY_S)
                    agent.next_round()
                    self.assertEqual(self.hours_ahead(agent), 24 * days)
                    self.check_rounds_go_on(agent)
                    self.check_nothing_else_changed(agent)


if __name__ == "__main__":
    main()

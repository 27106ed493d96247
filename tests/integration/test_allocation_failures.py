"""When memory lacks: a refusal, an error or the right answer; never a signal, never a half answer."""

import unittest

from lab.allocations import Allocations, check_commands, check_start
from lab.agent import Agent
from lab.sockets import listening
from lab.suite import main
from lab.waiting import until

PATHS = ("/", "/metrics", "/api/v1/report", "/api/v1/ports", "/api/v1/ports/7777", "/api/v1/history/7777",
         "/api/v1/events", "/healthz", "/nowhere")
# Of each single allocation, so many are tried here; tests/long tries them all.
SAMPLE = 60
FAILURES = 200


class AllocationFailures(unittest.TestCase):
    def test_each_single_one_of_a_command(self):
        check_commands(self, SAMPLE)

    def test_each_single_one_during_the_start(self):
        check_start(self, SAMPLE)

    def check_running(self, every):
        """An agent of which each so many-th allocation fails lives, and is right again afterwards."""

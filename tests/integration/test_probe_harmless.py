"""The agent's test-binds never make a service with SO_REUSEADDR fail to start; `why` and `wait` make one that could."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from lab.agent import Agent, run
from lab.suite import main
from lab.waiting import until

STARTS = 20_000
PORT = 8080
MANY_PROBES = 1000
# Endpoints that overlap the service, so that the agent binds its port so often in each round.
ADDRESSES = 100


def start_service(count=STARTS):
    """Starts a service with SO_REUSEADDR so often; returns how many starts failed."""
    done = subprocess.run([os.environ["START_SERVICE"], str(PORT), str(count)], check=True, stdout=subprocess.PIPE)
    return int(done.stdout)


def starts_beside_a_prober(kind):
    """(starts that failed, test-binds made meanwhile)."""
    command = [os.environ["SPIN_PROBE"], kind, str(PORT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as prober:
        failed = start_service()
        probes, _ = prober.communicate()
    return failed, int(probes)


def binds_that_held(*arguments):
    """Of a command that finds the port free, of each bind to it: (address, with SO_REUSEADDR, closed at once)."""
    if shutil.which("strace") is None:
        raise unittest.SkipTest("strace is not installed")
    with tempfile.NamedTemporaryFile("r") as trace:
        outcome = run(*arguments, through=("strace", "-f", "-o", trace.name), env={"ASAN_OPTIONS": "detect_leaks=0"})
        assert outcome.code == 0, outcome
        lines = [line.partition(" ")[2].strip() for line in trace]
    held, reuseaddr = [], set()
    for line, following in zip(lines, lines[1:]):
        if made := re.match(r"socket\(AF_INET6?, .* = (\d+)", line):
            reuseaddr.discard(made[1])
        if option := re.match(r"setsockopt\((\d+), SOL_SOCKET, SO_REUSEADDR, \[1\]", line):
            reuseaddr.add(option[1])
        if bound := re.match(rf'bind\((\d+), .*_port=htons\({PORT}\).*"([0-9.:]+)".* = 0', line):
            held.append((bound[2], bound[1] in reuseaddr, following.startswith(f"close({bound[1]})")))
    return sorted(held)


class ProbeHarmless(unittest.TestCase):
    def test_no_start_fails_beside_a_prober_that_spins(self):
        failed, probes = starts_beside_a_prober("gentle")
        self.assertGreater(probes, MANY_PROBES)
        self.assertEqual(failed, 0, f"of {STARTS} starts, beside {probes} test-binds")

    def test_a_plain_test_bind_would_be_noticed(self):
        """The test above can fail: with plain binds it does."""
        failed, probes = starts_beside_a_prober("plain")
        self.assertGreater(probes, MANY_PROBES)
        self.assertGreater(failed, 0, f"of {STARTS} starts, beside {probes} test-binds")

    def test_no_start_fails_beside_an_agent_that_probes_as_fast_as_it_can(self):
        watches = [f"--watch=127.0.0.{i}:{PORT}" for i in range(1, ADDRESSES + 1)]
        with Agent(f"--watch={PORT}", *watches, "--probe-interval=50ms") as agent:
            def probes():
                return agent.metrics().value("tidewait_probes_total")

            before = probes()
            failed = start_service()

            def go_on():
                nonlocal failed
                failed += start_service(STARTS // 10)
                return probes() - before > MANY_PROBES

            until(go_on, f"the agent has made {MANY_PROBES} test-binds")
        self.assertEqual(failed, 0, f"of at least {STARTS} starts")

    def test_why_and_the_last_look_of_wait_hold_each_address_plainly_once_and_close_it_at_once(self):
        """For some microseconds, in which a service that starts fails: that is what it takes to be sure."""
        once = [(address, reuseaddr, True) for address in ("0.0.0.0", "::") for reuseaddr in (False, True)]
        for command in ("why", "wait"):
            with self.subTest(command=command):
                self.assertEqual(binds_that_held(command, str(PORT)), once)


if __name__ == "__main__":
    main()

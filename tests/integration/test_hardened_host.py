"""Hosts that show as little as they can: the agent starts and serves, and names the owners that it can see."""

import subprocess
import unittest

from lab import sockets
from lab.agent import Agent
from lab.nobody import Nobody
from lab.suite import main

PORT = 8080
HIDDEN_PROCESSES = "mount -t proc -o hidepid=2 proc /proc"
READ_ONLY_ROOT = "mount -o remount,bind,ro / && ! touch /tidewait-was-here 2>/dev/null"


class HardenedHost(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nobody = Nobody(cls)

    def check_serves(self, preparation, capabilities=()):
        """As an ordinary user, where this was done to the mounts; returns the log and the owners of a listener."""
        change = ("unshare", "--mount", "sh", "-c", f'{preparation} && exec "$@"', "sh")
        tried = subprocess.run([*change, "true"], stderr=subprocess.PIPE, text=True, check=False)
        if tried.returncode != 0:
            self.skipTest(f"{preparation!r} does not work here: {tried.stderr.strip()}")
        self.addCleanup(sockets.listener("127.0.0.1", PORT).close)
        with Agent(f"--watch={PORT}", binary=self.nobody.binary,
                   through=(*change, *self.nobody.become(*capabilities))) as agent:
            agent.next_round()
            verdict = agent.verdict(PORT)
            self.assertEqual((verdict["verdict"], verdict["cause"]), ("held", "listener"))
            self.assertEqual(agent.metrics().sum("tidewait_round_failures_total"), 0)
            return agent.log(), verdict["holders"][0]["owners"]

    def test_processes_of_others_are_hidden(self):
        log, owners = self.check_serves(HIDDEN_PROCESSES)
        self.assertEqual(owners, [])
        self.assertRegex(log, r'msg=sandbox [^\n]*unknown="owners of other users')

    def test_the_root_is_read_only(self):
        _, owners = self.check_serves(READ_ONLY_ROOT, ("sys_ptrace", "dac_read_search"))
        self.assertEqual(len(owners), 1)


if __name__ == "__main__":
    main()

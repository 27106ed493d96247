"""Two hundred namespaces at a time, seen by an agent that stays small, and 500 that come and go, of which none is kept.

Takes some minutes:

    ctest --test-dir build/dev -C long -R long/namespaces --verbose
"""

import os
import subprocess
import time
import unittest

from lab import sockets
from lab.agent import Agent
from lab.namespaces import Namespace
from lab.suite import main
from lab.waiting import until

PORT = 8080
CROWD = 200
BATCH = 50
BATCHES = 10
PATIENCE = 120
# What is due every 50 s is among it.
MEASURED_SECONDS = 90
RESIDENT_KIB = 16 << 10
CPU_SHARE = 0.01


def _listening():
    return sockets.listener("0.0.0.0", PORT)


def _seen(agent):
    return {labels["netns"] for labels, value in agent.metrics().series("tidewait_port_bindable", port=str(PORT))
            if "netns" in labels and value == 0}


def _link_to(namespace):
    """One end of a pair of devices whose other end is in there: it lasts as long as the namespace."""
    name = f"tw{namespace.pid}"
    subprocess.run(["ip", "link", "add", name, "type", "veth", "peer", "name", "inside", "netns", str(namespace.pid)],
                   check=True)
    return name


class Namespaces(unittest.TestCase):
    def make(self, count):
        made = []
        for _ in range(count):
            made.append(Namespace(_listening))
            self.addCleanup(made[-1].close)
        return made

    def test_two_hundred_with_a_service_each_are_all_seen_by_a_small_agent(self):
        names = {namespace.name for namespace in self.make(CROWD)}
        # The budget would keep the share by fewer rounds.
        with Agent("--netns=all", "--interval=5s", "--cpu-budget=100%", quick=False) as agent:
            until(lambda: names <= _seen(agent), "every one is seen", PATIENCE)
            agent.next_round(PATIENCE)
            before = agent.metrics()
            end = time.monotonic() + MEASURED_SECONDS
            until(lambda: time.monotonic() >= end, "many rounds without a scrape", PATIENCE)
            after = agent.metrics()
            resident = agent.status("VmRSS")
            own = agent.status("RssAnon")
        spent = after.value("process_cpu_seconds_total") - before.value("process_cpu_seconds_total")
        rounds = after.value("tidewait_rounds_total") - before.value("tidewait_rounds_total")
        print(f"{CROWD} namespaces: {spent / rounds * 1000:.0f} ms of CPU a round, {own} KiB of its own, "
              f"{resident} KiB resident")
        self.assertLess(resident, RESIDENT_KIB)
        self.assertLess(spent / MEASURED_SECONDS, CPU_SHARE)

    def test_none_of_five_hundred_that_came_and_went_is_kept(self):
        with Agent("--netns=all") as agent:
            agent.next_round()
            descriptors = agent.metrics().value("process_open_fds")
            for _ in range(BATCHES):
                made = self.make(BATCH)
                names = {namespace.name for namespace in made}
                devices = [f"/sys/class/net/{_link_to(namespace)}" for namespace in made]
                until(lambda: names <= _seen(agent), "every one is seen", PATIENCE)
                for namespace in made:
                    namespace.close()
                until(lambda: not names & _seen(agent), "none is left", PATIENCE)
                until(lambda: not any(map(os.path.exists, devices)), "their devices are gone", PATIENCE)
            until(lambda: agent.metrics().value("process_open_fds") <= descriptors, "its descriptors are closed")


if __name__ == "__main__":
    main()

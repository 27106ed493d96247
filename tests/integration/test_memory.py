"""Memory depends on what is watched, not on how many sockets there are."""

import unittest

from lab import sockets
from lab.agent import Agent
from lab.kernel import set_sysctl, ss_counts
from lab.suite import main
from lab.waiting import until

SOCKETS = 100_000
PORT = 8080
GROWTH_KIB = 1024
WARM_UP_ROUNDS = 5


class Memory(unittest.TestCase):
    def measure(self, agent):
        """After some rounds in which every page was asked for."""
        for _ in range(WARM_UP_ROUNDS):
            agent.next_round()
            for path in ("/metrics", "/api/v1/report", "/api/v1/ports", f"/api/v1/ports/{PORT}"):
                agent.page(path)
        return {field: agent.status(field) for field in ("RssAnon", "VmRSS")}

    def page_with_all(self, agent):
        """The page, when it and ss show every socket: a dump may pass over one when others in its bucket come and go."""
        counted = ss_counts()["ipv4", PORT, "time_wait"]
        page = agent.metrics()
        shown = page.value("tidewait_port_sockets", protocol="tcp", port=str(PORT), state="time_wait")
        return counted == shown == SOCKETS and page

    def test_a_hundred_thousand_time_wait(self):
        set_sysctl("ipv4.tcp_max_tw_buckets", 2 * SOCKETS)
        with Agent(f"--watch={PORT}") as agent:
            before = self.measure(agent)
            failures_before = agent.metrics().sum("tidewait_round_failures_total")
            sockets.time_wait("0.0.0.0", PORT, SOCKETS, to="127.0.0.1")
            after = self.measure(agent)
            page = until(lambda: self.page_with_all(agent), f"the agent and ss count {SOCKETS} TIME_WAIT")
        self.assertEqual(page.sum("tidewait_round_failures_total"), failures_before)
        print(f"KiB without {before}, with {SOCKETS} TIME_WAIT {after}; a round took "
              f"{page.value('tidewait_round_duration_seconds_sum') / page.value('tidewait_rounds_total'):.3f} s on average")
        for field, kib in after.items():
            self.assertLess(kib - before[field], GROWTH_KIB, field)


if __name__ == "__main__":
    main()

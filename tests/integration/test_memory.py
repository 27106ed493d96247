"""Memory depends on what is watched and on who is served, not on how many sockets there are."""

import contextlib
import http.client
import tempfile
import unittest

from lab import cgroup, sockets
from lab.agent import Agent
from lab.clients import place_of
from lab.footprint import footprint
from lab.kernel import set_sysctl, ss_counts
from lab.pki import Certificate
from lab.secured import agent_with, trusting, write
from lab.suite import main
from lab.waiting import until

SOCKETS = 100_000
PORT = 8080
GROWTH_KIB = 1024
WARM_UP_ROUNDS = 5
CONNECTIONS = 500
STEP = 50
ROOM = (f"--web.max-connections={CONNECTIONS + 100}", f"--web.max-connections-per-address={CONNECTIONS + 100}")
RESIDENT_KIB = 16 << 10
LIMIT_BYTES = 32 << 20


def resident(held):
    """All of it, in KiB."""
    return held.anonymous + held.file


def ask(client, path):
    """The page, over the connection that is kept; over a new one when the agent has ended that for its idleness."""
    for _ in range(2):
        with contextlib.suppress(ConnectionError):
            client.request("GET", path)
            answer = client.getresponse()
            assert answer.status == 200, answer.status
            return answer.read()
        client.close()
    raise AssertionError("the agent ends every connection")


class Memory(unittest.TestCase):
    def measure(self, agent):
        """After some rounds in which every page was asked for."""
        for _ in range(WARM_UP_ROUNDS):
            agent.next_round()
            for path in ("/metrics", "/api/v1/report", "/api/v1/ports", f"/api/v1/ports/{PORT}"):
                agent.page(path)
        return footprint(agent)

    def page_with_all(self, agent):
        """The page, when it and ss show every socket: a dump may pass over one when others in its bucket come and go."""
        counted = ss_counts()["ipv4", PORT, "time_wait"]
        page = agent.metrics()
        shown = page.value("tidewait_port_sockets", protocol="tcp", port=str(PORT), state="time_wait")
        return counted == shown == SOCKETS and page

    def limited(self):
        """For the agent's start: a group of 32 MiB, where the machine allows one."""
        try:
            return {"preexec_fn": self.enterContext(cgroup.with_memory(LIMIT_BYTES))}
        except unittest.SkipTest as reason:
            print(f"not limited to {LIMIT_BYTES >> 20} MiB: {reason}")
            return {}

    def crowded(self, agent, kind=http.client.HTTPConnection, **options):
        """What the agent holds with 500 connections open at once, each of which has been given a page."""
        clients = [kind(*place_of(agent), timeout=30, **options) for _ in range(CONNECTIONS)]
        for client in clients:
            self.addCleanup(client.close)

        def all_are_served():
            # Those who came first must not become idle while the others come.
            for present in range(STEP, CONNECTIONS + 1, STEP):
                for client in clients[:present]:
                    ask(client, "/metrics")
            held = footprint(agent)
            return held.descriptors >= CONNECTIONS and held

        return until(all_are_served, f"{CONNECTIONS} connections are open at once")

    def test_a_hundred_thousand_sockets_and_five_hundred_connections(self):
        set_sysctl("ipv4.tcp_max_tw_buckets", 2 * SOCKETS)
        with Agent("--interval=200ms", "--cpu-budget=100%", f"--watch={PORT}", *ROOM, quick=False,
                   **self.limited()) as agent:
            before = self.measure(agent)
            failures_before = agent.metrics().sum("tidewait_round_failures_total")
            sockets.time_wait("0.0.0.0", PORT, SOCKETS, to="127.0.0.1")
            page = until(lambda: self.page_with_all(agent), f"the agent and ss count {SOCKETS} TIME_WAIT")
            after = self.measure(agent)
            crowded = self.crowded(agent)
        self.assertEqual(page.sum("tidewait_round_failures_total"), failures_before)
        seconds = page.value("tidewait_round_duration_seconds_sum") / page.value("tidewait_rounds_total")
        print(f"without {before}, with {SOCKETS} TIME_WAIT {after}, and {CONNECTIONS} connections {crowded}; "
              f"a round took {seconds:.3f} s on average")
        self.assertLess(after.anonymous - before.anonymous, GROWTH_KIB)
        self.assertLess(resident(after) - resident(before), GROWTH_KIB)
        self.assertLessEqual(resident(crowded), RESIDENT_KIB)

    def test_five_hundred_connections_with_tls(self):
        room = self.enterContext(tempfile.TemporaryDirectory())
        authority = Certificate(room, "authority", "ca")
        Certificate(room, "localhost", "server", authority)
        write(f"{room}/web.yml", "tls_server_config:\n  cert_file: localhost.pem\n  key_file: localhost.key\n")
        context = trusting(authority)
        with agent_with(f"{room}/web.yml", *ROOM, context=context, **self.limited()) as agent:
            before = footprint(agent)
            crowded = self.crowded(agent, http.client.HTTPSConnection, context=context)
        each = (resident(crowded) - resident(before)) / CONNECTIONS
        print(f"without {before}, with {CONNECTIONS} connections {crowded}: {each:.1f} KiB each")
        self.assertLess(resident(crowded), LIMIT_BYTES >> 10)


if __name__ == "__main__":
    main()

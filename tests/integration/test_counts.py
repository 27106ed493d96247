"""What /metrics counts is what ss counts: each state, both families, each port; and the ports sum to the totals."""

import socket
import unittest

from lab import sockets
from lab.agent import Agent
from lab.kernel import TCP_STATES, UDP_STATES, set_sysctl, ss_counts
from lab.suite import main
from lab.waiting import until

CONNECTIONS = 5000
PORT = 8080
FAMILIES = ("ipv4", "ipv6")


def page_of_a_still_world(agent):
    """(what ss counts, the page), where ss counted the same before and after the round that the page shows."""
    def look():
        before = ss_counts("tcp"), ss_counts("udp")
        agent.next_round()
        page = agent.metrics()
        after = ss_counts("tcp"), ss_counts("udp")
        return before == after and ({"tcp": after[0], "udp": after[1]}, page)
    return until(look, "a round in which no socket came or went")


class Counts(unittest.TestCase):
    def setUp(self):
        self.agent = Agent()
        self.addCleanup(self.agent.kill)

    def check_totals(self, counts, page):
        for protocol, states in (("tcp", TCP_STATES), ("udp", UDP_STATES)):
            for family in FAMILIES:
                for state in states:
                    wanted = sum(count for (of, _, kind), count in counts[protocol].items()
                                 if (of, kind) == (family, state))
                    shown = page.value("tidewait_sockets", protocol=protocol, family=family, state=state)
                    self.assertEqual(shown, wanted, (protocol, family, state))

    def check_port(self, counts, page, port, protocol="tcp"):
        for state in {"tcp": TCP_STATES, "udp": UDP_STATES}[protocol]:
            wanted = sum(counts[protocol][family, port, state] for family in FAMILIES)
            shown = page.value("tidewait_port_sockets", protocol=protocol, port=str(port), state=state)
            self.assertEqual(shown, wanted, (protocol, port, state))

    def check_sums(self, page):
        for labels, total in page.series("tidewait_port_sockets"):
            labels.pop("port")
            ports = page.sum("tidewait_port_sockets", **labels)
            self.assertEqual(ports, page.sum("tidewait_sockets", **labels), labels)

    def check_world(self, *ports):
        counts, page = page_of_a_still_world(self.agent)
        self.check_totals(counts, page)
        for port in ports:
            self.check_port(counts, page, port)
        self.check_sums(page)
        return counts, page

    def test_a_server_that_closes_first(self):
        for listen, client, family, port in (("127.0.0.1", "127.0.0.1", "ipv4", PORT), ("::1", "::1", "ipv6", PORT + 1),
                                             ("::", "127.0.0.1", "ipv6", PORT + 2), ("::", "::1", "ipv6", PORT + 3)):
            with self.subTest(listen=listen, client=client), \
                    sockets.serving_time_wait(listen, port, CONNECTIONS, to=client):
                counts, page = self.check_world(port)
                self.assertEqual(counts["tcp"][family, port, "time_wait"], CONNECTIONS)
                left = page.value("tidewait_port_time_wait_longest_remaining_seconds", port=str(port))
                self.assertTrue(40 < left <= 60.1, left)
        self.agent.stop()

    def test_every_state_that_can_be_held_still(self):
        def keep(*made):
            for each in made:
                self.addCleanup(each.close)
            return made[0]

        for address, port in (("127.0.0.1", 7001), ("::1", 7001)):
            keep(sockets.listener(address, port, v6only=True))
            keep(*sockets.accepted(address, port + 1))
            far, near = sockets.accepted(address, port + 2)
            keep(near, far).shutdown(socket.SHUT_WR)
            keep(sockets.orphaned_fin_wait2(address, port + 3))
            sockets.time_wait(address, port + 4, 3)
            keep(*sockets.unanswered_syn(address, port + 5))
            keep(sockets.bound(address, port + 6, protocol="udp"))
            keep(sockets.bound(address, port + 7, protocol="udp")).connect((address, port + 6))

        counts, page = self.check_world(7001)
        for protocol in counts:
            seen = {state for family, _, state in counts[protocol]}
            wanted = {"tcp": {"established", "syn_sent", "fin_wait2", "time_wait", "close_wait", "listen"},
                      "udp": {"established", "close"}}[protocol]
            self.assertLessEqual(wanted, seen)
        for port in (7007, 7008):
            self.check_port(counts, page, port, "udp")
        self.agent.stop()

    def test_a_bound_socket_is_counted_where_the_kernel_shows_it(self):
        bound = sockets.bound("127.0.0.1", 7001)
        self.addCleanup(bound.close)
        page = page_of_a_still_world(self.agent)[1]
        state = {"protocol": "tcp", "state": "bound_inactive"}
        if not page.series("tidewait_sockets", **state):
            self.skipTest("this kernel does not show bound sockets (it needs Linux 6.8)")
        self.assertEqual(page.value("tidewait_sockets", family="ipv4", **state), 1)
        self.assertEqual(page.sum("tidewait_port_sockets", **state), 1)
        self.agent.stop()

    def test_ports_that_are_not_tracked_are_counted_together(self):
        low, high = 20000, 20999
        set_sysctl("ipv4.ip_local_port_range", f"{low} {high}")
        sockets.time_wait("127.0.0.1", low + 1, 20)
        sockets.time_wait("127.0.0.1", 9000, 30)
        counts, page = self.check_world()
        time_wait = {"protocol": "tcp", "state": "time_wait"}
        tracked = {labels["port"] for labels, _ in page.series("tidewait_port_sockets", **time_wait)}
        wanted = {"ephemeral": 0, "other": 0}
        for (_, port, state), count in counts["tcp"].items():
            if state == "time_wait" and str(port) not in tracked:
                wanted["ephemeral" if low <= port <= high else "other"] += count
        self.assertGreaterEqual(wanted["ephemeral"], 20)
        self.assertGreaterEqual(wanted["other"], 30)
        for port, count in wanted.items():
            self.assertEqual(page.value("tidewait_port_sockets", port=port, **time_wait), count, port)
        self.agent.stop()


if __name__ == "__main__":
    main()

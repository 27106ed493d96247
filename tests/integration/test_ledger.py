"""Every TIME_WAIT is counted once, under its port, whoever closes first and however fast they come.

tests/long/test_ledger.py is the same with 200,000 connections.
"""

import socket
import unittest

from lab import sockets
from lab.faults import injected
from lab.kernel import new_socket, set_sysctl, ss_counts
from lab.ledger import Books, agent_with, check_mixes, entered, missed
from lab.storm import prepare
from lab.suite import main
from lab.waiting import until

SHARE = 150  # of 200 connections: 30,000
BURST = 200


def close_first(first, second):
    """Ends a connection in this order; the first end keeps the TIME_WAIT."""
    first.close()
    assert second.recv(1) == b""
    second.close()


class Ledger(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        set_sysctl("ipv4.tcp_max_tw_buckets", 1_000_000)
        prepare()

    def listener(self, port):
        made = sockets.listener("127.0.0.1", port, reuseaddr=True)
        self.addCleanup(made.close)
        return made

    def test_every_mix_is_counted_by_quick_rounds(self):
        page = check_mixes(self, "200ms", SHARE, run=1)
        towards = {"protocol": "tcp", "source": "127.3.1.1", "destination": "127.0.0.1", "destination_port": "8013"}
        self.assertEqual(page.value("tidewait_destination_time_wait_entered_total", **towards), 40 * SHARE)
        self.assertEqual(page.value("tidewait_destination_ports_used", state="time_wait", **towards), 40 * SHARE)
        self.assertEqual(page.value("tidewait_destination_ports_used", state="live", **towards), 0)

    def test_every_mix_is_counted_by_rounds_at_the_usual_interval(self):
        check_mixes(self, "5s", SHARE, run=2)

    def test_an_agent_counts_none_of_those_that_were_there_before_it(self):
        sockets.time_wait("127.0.0.1", 8090, 1000, reuseaddr=True)
        server = self.listener(8090)
        with agent_with("200ms") as agent:
            agent.next_round()
            self.assertEqual(set(entered(agent.metrics()).values()), {0})
            client = socket.create_connection(server.getsockname())
            close_first(server.accept()[0], client)
            agent.next_round()
            self.assertEqual({label: count for label, count in entered(agent.metrics()).items() if count}, {"8090": 1})

    def test_an_orphan_is_counted_when_it_becomes_a_time_wait(self):
        server = self.listener(8091)
        pairs = []
        for _ in range(50):
            client = socket.create_connection(server.getsockname())
            pairs.append((server.accept()[0], client))
        with agent_with("200ms") as agent:
            books = Books(self, agent)
            for far, _ in pairs:
                far.close()
            until(lambda: ss_counts()["ipv4", 8091, "fin_wait2"] == 50, "the server's ends are orphans")
            self.assertEqual(books.settled()[1], {})
            for _, client in pairs:
                client.close()
            page, counted = books.settled()
            self.assertEqual((counted, missed(page)), ({"8091": 50}, 0))

    def test_what_fails_half_way_is_counted_once(self):
        with agent_with("200ms", "--watch=8092-8093") as agent:
            books = Books(self, agent)
            failures = "tidewait_round_failures_total"
            sockets.time_wait("127.0.0.1", 8092, 2000)
            with injected(agent.process, "recvmsg:error=ENOBUFS:when=3+3"):
                until(lambda: agent.metrics().sum(failures) >= 3, "three rounds have failed")
                sockets.time_wait("127.0.0.1", 8093, 1000)
            until(lambda: agent.get("/readyz").status == 200, "a round has succeeded")
            self.assertEqual(books.settled()[1], {"8092": 2000, "8093": 1000})

    def test_what_makes_room_between_two_rounds_is_missed(self):
        """A server's TIME_WAIT ends when a client comes back from the same place: no counter of the kernel tells."""
        server = self.listener(8094)
        with agent_with("1s") as agent:
            books = Books(self, agent)
            for _ in range(BURST):
                with new_socket("127.0.0.1", reuseaddr=True) as client:
                    client.bind(("127.0.0.1", 9094))
                    client.connect(server.getsockname())
                    close_first(server.accept()[0], client)
            self.check_missed(agent, books, "8094")
            self.assertEqual(books.kernel.recycled(), 0)

    def test_what_connect_takes_over_between_two_rounds_is_missed(self):
        server = self.listener(8095)
        with agent_with("1s", "--watch=9095") as agent:
            books = Books(self, agent)
            for _ in range(BURST):
                client = new_socket("127.0.0.1", reuseaddr=True)
                client.bind(("127.0.0.1", 9095))
                client.connect(server.getsockname())
                close_first(client, server.accept()[0])
            self.check_missed(agent, books, "9095")
            self.assertEqual(books.kernel.recycled(), BURST - 1)

    def check_missed(self, agent, books, label):
        self.assertEqual(books.kernel.made(), BURST)
        agent.next_round()
        page, counted = books.settled()
        self.assertEqual(set(counted), {label})
        self.assertLess(counted[label], BURST)
        self.assertEqual(counted[label] + missed(page), BURST)


if __name__ == "__main__":
    main()

"""The accept queue of a server that does not accept is shown longer than its limit exactly when no further client gets in."""

import errno
import select
import socket
import unittest

from lab.agent import Agent
from lab.kernel import get_sysctl, new_socket, set_sysctl
from lab.storm import tcp_ext
from lab.suite import main
from lab.waiting import until

PORT = 8080


class AcceptQueue(unittest.TestCase):
    def setUp(self):
        self.agent = Agent(listen="127.0.0.1:7998")
        self.addCleanup(self.agent.kill)

    def listen(self, address, port, backlog, reuseport=False):
        server = new_socket(address, reuseaddr=True)
        self.addCleanup(server.close)
        if reuseport:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind((address, port))
        server.listen(backlog)
        return server

    def knock(self, place):
        """A further client: (its socket, whether it got in). The kernel answers at once, or it drops the SYN."""
        dropped = tcp_ext()["ListenDrops"]
        client = new_socket(place[0])
        self.addCleanup(client.close)
        client.setblocking(False)
        self.assertEqual(client.connect_ex(place), errno.EINPROGRESS)
        until(lambda: select.select([], [client], [], 0)[1] or tcp_ext()["ListenDrops"] > dropped, "an answer or a drop")
        return client, bool(select.select([], [client], [], 0)[1])

    def shown(self, address, port):
        """(length, limit) by the metrics, and by the JSON, which must agree."""
        self.agent.next_round()
        page = self.agent.metrics()
        labels = {"address": address, "port": str(port)}
        queue = (page.value("tidewait_listen_queue_length", **labels), page.value("tidewait_listen_queue_limit", **labels))
        json = self.agent.verdict(port)["accept_queue"]
        self.assertEqual((json["length"], json["limit"]), queue)
        return queue

    def test_the_queue_is_full_exactly_when_no_client_gets_in(self):
        for address, backlog in (("127.0.0.1", 0), ("127.0.0.1", 1), ("127.0.0.1", 5), ("::1", 2)):
            with self.subTest(address=address, backlog=backlog):
                server = self.listen(address, 0, backlog)
                place = server.getsockname()[:2]
                waiting = 0
                while True:
                    length, limit = self.shown(*place)
                    self.assertEqual((length, limit), (waiting, backlog))
                    client, got_in = self.knock(place)
                    self.assertEqual(got_in, not length > limit, (length, limit))
                    if not got_in:
                        break
                    waiting += 1
                self.assertEqual(waiting, backlog + 1)
                client.close()
                server.accept()[0].close()
                self.assertEqual(self.shown(*place), (backlog, backlog))
                self.assertTrue(self.knock(place)[1])
                server.close()

    def test_a_limit_above_somaxconn_is_somaxconn(self):
        somaxconn = get_sysctl("core.somaxconn")[0]
        set_sysctl("core.somaxconn", 7)
        self.addCleanup(set_sysctl, "core.somaxconn", somaxconn)
        self.listen("127.0.0.1", PORT, 100)
        self.assertEqual(self.shown("127.0.0.1", PORT), (0, 7))
        self.assertEqual(self.agent.metrics().value("tidewait_somaxconn"), 7)

    def test_of_several_sockets_the_fullest_is_shown(self):
        self.listen("127.0.0.1", PORT, 50, reuseport=True)
        self.listen("127.0.0.1", PORT, 3, reuseport=True)
        self.assertEqual(self.shown("127.0.0.1", PORT), (0, 3))

    def test_what_the_kernel_drops_is_counted(self):
        place = self.listen("127.0.0.1", PORT, 0).getsockname()
        self.assertTrue(self.knock(place)[1])
        self.assertFalse(self.knock(place)[1])
        self.agent.next_round()
        page = self.agent.metrics()
        kernel = tcp_ext()
        self.assertGreaterEqual(page.value("tidewait_listen_overflows_total"), 1)
        self.assertLessEqual(page.value("tidewait_listen_overflows_total"), kernel["ListenOverflows"])
        self.assertGreaterEqual(page.value("tidewait_listen_drops_total"), 1)
        self.assertLessEqual(page.value("tidewait_listen_drops_total"), kernel["ListenDrops"])


if __name__ == "__main__":
    main()

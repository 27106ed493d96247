"""The ratio of the fullest destination is 1 exactly when connect() fails; what is said to be left is what connect() can use.

Every test has an ip_local_port_range of its own, so that what others have left in it does not matter.
"""

import errno
import itertools
import os
import socket
import struct
import subprocess
import time
import unittest

from lab import sockets
from lab.agent import Agent
from lab.kernel import new_socket, set_sysctl
from lab.suite import main
from lab.waiting import until

SIZE = 10
FAR = "10.9.9.9"  # an address of ours that is not a loopback one
REUSE_DELAY = "ipv4.tcp_tw_reuse_delay"
# Before Linux 6.14 a TIME_WAIT is as old as the full seconds that its timestamp is.
OLD_ENOUGH_S = 2.1

_lows = itertools.count(40000, 100)
_ports = itertools.count(9001)


class Destination:
    """Somewhere to connect to, as an application does it, and what the agent says of it."""

    def __init__(self, case, address="127.0.0.1", protocol="tcp"):
        self.place = (address, next(_ports))
        self.protocol = protocol
        self.clients = []
        self._server = new_socket(address, protocol, reuseaddr=protocol == "tcp")
        self._server.bind(self.place)
        if protocol == "tcp":
            self._server.listen(512)
        case.addCleanup(self.leave)
        case.addCleanup(self._server.close)

    def connect(self, port=None):
        """One more connection, from this port or as connect() likes: None, or the name of the errno."""
        client = new_socket(self.place[0], self.protocol)
        try:
            if port is not None:
                client.bind((self.place[0], port))
            client.connect(self.place)
        except OSError as error:
            client.close()
            return errno.errorcode[error.errno]
        self.clients.append(client)
        return None

    def fill(self):
        """As many as connect() makes: (how many, the errno of the one that failed)."""
        for made in itertools.count():
            error = self.connect()
            if error is not None:
                return made, error
        raise AssertionError("not reached")

    def leave(self):
        """Ends all connections without a trace."""
        for client in self.clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
        self.clients.clear()

    def leave_time_waits(self):
        """Ends all connections; the clients close first."""
        for client in self.clients:
            far, peer = self._server.accept()
            assert peer == client.getsockname()
            client.close()
            assert far.recv(1) == b""
            far.close()
        self.clients.clear()

    def shown(self, page):
        """(ports used, ports usable) on the agent's page; (0, None) when it is not shown."""
        key = {"protocol": self.protocol, "destination": self.place[0], "destination_port": str(self.place[1])}
        usable = [value for _, value in page.series("tidewait_destination_ports_usable", **key)]
        used = [value for _, value in page.series("tidewait_destination_ports_used", **key)]
        return sum(used), usable[0] if usable else None


def fullest(page, protocol):
    """Used over usable of the fullest destination that is shown."""
    ratios = []
    for key, usable in page.series("tidewait_destination_ports_usable", protocol=protocol):
        ratios.append(page.sum("tidewait_destination_ports_used", **key) / usable)
    return max(ratios)


class Exhaustion(unittest.TestCase):
    def setUp(self):
        self.low = next(_lows)
        set_sysctl("ipv4.ip_local_port_range", f"{self.low} {self.low + SIZE - 1}")
        set_sysctl("ipv4.ip_local_reserved_ports", "\n")
        set_sysctl("ipv4.tcp_tw_reuse", 0)
        self.agent = Agent(listen="127.0.0.1:7998")
        self.addCleanup(self.agent.kill)

    def fresh_page(self):
        self.agent.next_round()
        return self.agent.metrics()

    def ratio(self, page, protocol="tcp"):
        return page.value("tidewait_destination_ports_used_max_ratio", protocol=protocol)

    def check_left(self, destination, left=None, error="EADDRNOTAVAIL"):
        """What is said to be left is what connect() can use; then, and not before, the ratio is 1."""
        used, usable = destination.shown(self.fresh_page())
        self.assertIsNotNone(usable, "the destination is not shown")
        if left is not None:
            self.assertEqual(usable - used, left)
        while True:
            page = self.fresh_page()
            used, usable = destination.shown(page)
            self.assertAlmostEqual(self.ratio(page, destination.protocol), fullest(page, destination.protocol))
            failed = destination.connect()
            self.assertEqual(failed is not None, self.ratio(page, destination.protocol) == 1)
            self.assertEqual(failed is not None, used == usable, (failed, used, usable))
            if failed is not None:
                self.assertEqual(failed, error)
                break

    def test_tcp_and_another_destination_connects_still(self):
        for address in ("127.0.0.1", "::1"):
            with self.subTest(address=address):
                full, other = Destination(self, address), Destination(self, address)
                other.connect()
                other.connect()
                full.connect()
                self.check_left(full, SIZE - 1)
                self.assertEqual(other.shown(self.agent.metrics()), (2, SIZE))
                self.assertEqual(other.fill(), (SIZE - 2, "EADDRNOTAVAIL"))
                self.assertEqual(other.shown(self.fresh_page()), (SIZE, SIZE))
                row = next(row for row in self.agent.json("/api/v1/report")["netns"][0]["destinations"]
                           if row["destination_port"] == full.place[1])
                self.assertEqual((row["used"], row["usable"], row["exhausted_in_seconds"]),
                                 ({"live": SIZE, "time_wait": 0}, SIZE, 0))
                full.leave()
                other.leave()

    def test_time_waits_take_ports_as_connections_do(self):
        self.check_left(self.left_time_waits("127.0.0.1"), SIZE - 5)

    def test_reserved_ports_are_taken_off(self):
        set_sysctl("ipv4.ip_local_reserved_ports", f"{self.low + 1},{self.low + 4}-{self.low + 6}")
        destination = Destination(self)
        destination.connect()
        self.check_left(destination, SIZE - 1 - 4)

    def test_the_port_of_a_listener_is_taken_off(self):
        for address in ("127.0.0.3", "0.0.0.0", "::"):
            with self.subTest(address=address), sockets.listener(address, self.low + 3):
                destination = Destination(self)
                destination.connect()
                self.check_left(destination, SIZE - 1 - 1)
                destination.leave()

    def test_the_port_of_a_bound_socket_is_taken_off(self):
        with sockets.bound("127.0.0.3", self.low + 3):
            page = self.fresh_page()
            if not page.series("tidewait_sockets", state="bound_inactive"):
                self.skipTest("this kernel does not show bound sockets (it needs Linux 6.8)")
            destination = Destination(self)
            destination.connect()
            self.check_left(destination, SIZE - 1 - 1)

    def test_a_port_that_a_client_chose_is_taken_off_everywhere(self):
        destination, other = Destination(self), Destination(self)
        self.assertIsNone(other.connect(port=self.low + 3))
        self.assertIsNone(destination.connect(port=self.low + 5))
        self.assertIsNone(destination.connect(port=self.low + 7))
        self.check_left(destination, SIZE - 2 - 1)

    def test_a_port_that_a_client_chose_stays_lost_while_it_is_in_time_wait(self):
        destination, other = Destination(self), Destination(self)
        self.assertIsNone(other.connect(port=self.low + 3))
        destination.connect()
        self.fresh_page()
        other.leave_time_waits()
        self.check_left(destination, SIZE - 1 - 1)

    def test_the_port_of_a_listener_stays_lost_while_connections_to_it_are_in_time_wait(self):
        destination = Destination(self)
        destination.connect()
        with sockets.serving_time_wait("127.0.0.1", self.low + 3, 3):
            self.fresh_page()
        self.check_left(destination, SIZE - 1 - 1)

    def test_binds_alone_can_leave_nothing(self):
        destination = Destination(self)
        for port in range(self.low, self.low + SIZE):
            self.assertLess(self.ratio(self.fresh_page()), 1)
            self.addCleanup(sockets.listener("127.0.0.3", port).close)
        self.assertEqual(destination.connect(), "EADDRNOTAVAIL")
        self.assertEqual(self.ratio(self.fresh_page()), 1)

    def test_what_tcp_tw_reuse_lets_connect_take_over_is_left(self):
        subprocess.run(["ip", "address", "replace", f"{FAR}/32", "dev", "lo"], check=True)
        cases = [(self.left_time_waits(address), reuse, takes_over) for address, reuse, takes_over in (
            ("127.0.0.1", 0, 0), ("127.0.0.1", 1, 5), ("127.0.0.1", 2, 5), ("::1", 2, 5), (FAR, 0, 0), (FAR, 1, 5),
            (FAR, 2, 0))]
        self.let_them_grow_old()
        for destination, reuse, takes_over in cases:
            with self.subTest(place=destination.place, reuse=reuse):
                set_sysctl("ipv4.tcp_tw_reuse", reuse)
                self.check_taken_over(destination, takes_over)

    def left_time_waits(self, address):
        """A destination with five of them."""
        destination = Destination(self, address)
        for _ in range(5):
            self.assertIsNone(destination.connect())
        destination.leave_time_waits()
        return destination

    def let_them_grow_old(self):
        old_at = time.monotonic() + OLD_ENOUGH_S
        until(lambda: time.monotonic() >= old_at, "the TIME_WAITs are old enough")

    def check_taken_over(self, destination, count):
        used, usable = destination.shown(self.fresh_page())
        self.assertEqual((used, usable - used), (5, SIZE - 5 + count))
        self.assertEqual(destination.fill(), (SIZE - 5 + count, "EADDRNOTAVAIL"))
        self.assertEqual(self.ratio(self.fresh_page()), 1)
        destination.leave()

    def test_what_is_too_young_for_connect_to_take_over_is_not_left(self):
        if not os.path.exists("/proc/sys/net/" + REUSE_DELAY.replace(".", "/")):
            self.skipTest(f"this kernel has no {REUSE_DELAY} (it needs Linux 6.14)")
        set_sysctl(REUSE_DELAY, 30000)
        self.addCleanup(set_sysctl, REUSE_DELAY, 1000)
        set_sysctl("ipv4.tcp_tw_reuse", 1)
        self.check_left(self.left_time_waits("127.0.0.1"), SIZE - 5)

    def test_without_timestamps_nothing_is_taken_over(self):
        set_sysctl("ipv4.tcp_timestamps", 0)
        self.addCleanup(set_sysctl, "ipv4.tcp_timestamps", 1)
        destination = self.left_time_waits("127.0.0.1")
        self.let_them_grow_old()
        set_sysctl("ipv4.tcp_tw_reuse", 1)
        self.check_taken_over(destination, 0)

    def test_udp_whatever_has_the_ports(self):
        for address in ("127.0.0.1", "::1"):
            with self.subTest(address=address), sockets.bound("127.0.0.3", self.low + 3, protocol="udp"):
                other = Destination(self, "127.0.0.1", "udp")
                destination = Destination(self, address, "udp")
                other.connect()
                other.connect()
                destination.connect()
                self.check_left(destination, SIZE - 4, error="EAGAIN")
                other.leave()
                destination.leave()

    def test_udp_sockets_that_lead_nowhere_can_leave_nothing(self):
        destination = Destination(self, protocol="udp")
        leaked = []
        while len(leaked) < SIZE:
            self.assertLess(self.ratio(self.fresh_page(), "udp"), 1)
            leaked.append(sockets.bound("0.0.0.0", 0, protocol="udp"))
            self.addCleanup(leaked[-1].close)
        self.assertEqual(destination.connect(), "EAGAIN")
        page = self.fresh_page()
        self.assertEqual(self.ratio(page, "udp"), 1)
        self.assertEqual(page.value("tidewait_ephemeral_ports_used", protocol="udp"), SIZE)


if __name__ == "__main__":
    main()

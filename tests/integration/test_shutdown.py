"""How the agent ends, and what it says when its own port is taken."""

import http.client
import os
import signal
import socket
import unittest

from lab import sockets
from lab.agent import Agent, run
from lab.clients import place_of
from lab.suite import main
from lab.waiting import until

IDLE_CLIENTS = 10


class Ending(unittest.TestCase):
    def keep(self, made):
        self.addCleanup(made.close)
        return made

    def test_sigterm_and_sigint_end_it_with_0(self):
        for sign in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(sign=sign.name), Agent() as agent:
                agent.stop(sign)

    def test_idle_clients_do_not_delay_it(self):
        with Agent() as agent:
            for _ in range(IDLE_CLIENTS):
                client = self.keep(http.client.HTTPConnection(*place_of(agent)))
                client.request("GET", "/healthz")
                self.assertEqual(client.getresponse().read(), b"ok\n")
            self.keep(socket.create_connection(place_of(agent)))
            half = self.keep(socket.create_connection(place_of(agent)))
            half.sendall(b"GET /metrics HTTP/1.1\r\nHost: ")
            self.assertLess(agent.stop(), 3)

    def test_new_clients_are_refused_once_it_has_ended(self):
        with Agent() as agent:
            place = place_of(agent)
            agent.stop()
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(place)

    def test_it_can_be_started_again_at_once_on_the_same_port(self):
        with Agent() as agent:
            listen = ":".join(map(str, place_of(agent)))
            client = self.keep(http.client.HTTPConnection(*place_of(agent)))
            client.request("GET", "/healthz")
            client.getresponse().read()
        with Agent(listen=listen) as again:
            self.assertEqual(again.get("/healthz").status, 200)


class TakenPort(unittest.TestCase):
    def check_refused(self, listen, *reasons):
        outcome = run("serve", f"--web.listen-address={listen}")
        self.assertEqual((outcome.code, outcome.out), (1, ""))
        self.assertEqual(outcome.err.count("\n"), 1, outcome.err)
        for reason in (listen, "is taken", *reasons):
            self.assertIn(reason, outcome.err)

    def test_by_another_agent(self):
        with Agent() as agent:
            host, port = place_of(agent)
            self.check_refused(f"{host}:{port}", "listener", f"tidewait ({agent.process.pid})")

    def test_by_a_bound_socket(self):
        with sockets.bound("127.0.0.1", 7001):
            self.check_refused("127.0.0.1:7001", f"({os.getpid()})")

    def test_by_time_wait(self):
        sockets.time_wait("127.0.0.1", 7002, 1)
        self.check_refused("127.0.0.1:7002", "time_wait", "free in ")

    def test_one_of_two_addresses_is_enough_to_refuse(self):
        with Agent() as agent:
            taken = ":".join(map(str, place_of(agent)))
            outcome = run("serve", "--web.listen-address=127.0.0.1:7003", f"--web.listen-address={taken}")
            self.assertEqual(outcome.code, 1)
            self.assertIn(taken, outcome.err)

    def test_time_wait_of_its_own_clients_is_no_hindrance(self):
        """Its listener has SO_REUSEADDR: connections that it closed first do not keep it from starting again."""
        with Agent() as agent:
            place = place_of(agent)
            for _ in range(3):
                client = socket.create_connection(place)
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                until(lambda client=client: client.recv(4096) == b"", "the agent has closed")
                client.close()
        with Agent(listen=":".join(map(str, place))):
            pass


class Listening(unittest.TestCase):
    def test_several_addresses(self):
        with Agent("--web.listen-address=[::1]:7010", "--web.listen-address=127.0.0.1:7011") as agent:
            self.assertEqual(agent.log().count("msg=listening"), 3)
            for place in (("::1", 7010), ("127.0.0.1", 7011)):
                client = http.client.HTTPConnection(*place)
                client.request("GET", "/healthz")
                self.assertEqual(client.getresponse().status, 200)
                client.close()

    def test_every_address(self):
        with Agent(listen=":7012"):
            for host in ("127.0.0.1", "127.0.0.9", "::1"):
                client = http.client.HTTPConnection(host, 7012)
                client.request("GET", "/healthz")
                self.assertEqual(client.getresponse().status, 200)
                client.close()


if __name__ == "__main__":
    main()

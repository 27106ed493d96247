"""Whether a server will come back, said while it runs: right for servers of several kinds, and each prediction comes
true when the server is killed with a connection open and started again."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import unittest

from lab.agent import Agent, run
from lab.kernel import ss_counts
from lab.nobody import Nobody
from lab.suite import main
from lab.waiting import until
from lab.why import flowing, why

HELD = 1
# IPPROTO_MPTCP of <linux/in.h>
MPTCP = 262
C_SERVER = os.environ["SERVE_PLAINLY"]
ADDRESS = "127.0.0.1"
PYTHON_SERVER = """
import http.server, socketserver, sys
class Keep(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(1)
server = {kind}(("127.0.0.1", int(sys.argv[1])), Keep)
print("ready", flush=True)
server.serve_forever()
"""
# The calls of net.Listen("tcp", ":PORT") in Go, in their order; a ListenConfig's Control comes last before bind(). Since
# Go 1.24 the socket is one of MPTCP where the kernel has it.
GO_SERVER = """
import select, socket, sys
port, protocol, reuseaddr = map(int, sys.argv[1:])
server = socket.socket(socket.AF_INET6, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, protocol)
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
server.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if not reuseaddr:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
server.bind(("::", port))
server.listen(4096)
print("ready", flush=True)
kept = []
while select.select([server], [], []):
    kept.append(server.accept())
"""
NODE_SERVER = """
const server = require("net").createServer(() => {});
server.listen(+process.argv[1], "127.0.0.1", () => console.log("ready"));
"""


def python_server(kind):
    """A server of Python's library."""
    return lambda port: (sys.executable, "-c", PYTHON_SERVER.format(kind=kind), str(port))


def go_server(reuseaddr, protocol=0):
    """What listens as a Go program does."""
    return lambda port: (sys.executable, "-c", GO_SERVER, str(port), str(protocol), str(int(reuseaddr)))


def c_server(*options):
    """A server that sets just these options."""
    return lambda port: (C_SERVER, ADDRESS, str(port), *options)


@contextlib.contextmanager
def running(command):
    """A server; gives True when it came up."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as server:
        try:
            yield server.stdout.readline() == "ready\n"
        finally:
            server.kill()


def count(port, state):
    """Of the sockets on the port, of either family."""
    counts = ss_counts()
    return sum(counts[family, port, state] for family in ("ipv4", "ipv6"))


class Restart(unittest.TestCase):
    """On ports of the loopback interface."""

    def check(self, port, command, safe, address=ADDRESS):
        """What is said of the server while it runs, and what comes of it."""
        with Agent() as agent, running(command(port)) as came_up:
            self.assertTrue(came_up)
            series = {"address": address, "port": str(port)}
            until(lambda: agent.metrics().series("tidewait_listener_restart_safe", **series), "the agent has looked")
            self.assertEqual(agent.metrics().value("tidewait_listener_restart_safe", **series), int(safe))
            self.assertIs(agent.verdict(port)["restart_safe"], safe)
            rows = [line.split() for line in run("ports").out.splitlines()]
            words = [row[rows[0].index("RESTART")] for row in rows if row[0] == f"{port}/tcp"]
            self.assertEqual(words, ["safe" if safe else "unsafe"])
            text, verdict = why(self, str(port), HELD)
            self.assertEqual("fail to restart" in verdict["explanation"], not safe)
            self.assertEqual("SO_REUSEADDR in the server before bind()" in flowing(text.advice), not safe)
            self.enterContext(socket.create_connection((ADDRESS, port)))
            until(lambda: count(port, "established") >= 1, "they are connected")
        until(lambda: count(port, "listen") == 0, "the server is gone")
        with running(command(port)) as came_up:
            self.assertEqual(came_up, safe)

    def test_a_c_server_without_an_option_does_not_come_back(self):
        self.check(7001, c_server(), False)

    def test_a_server_that_listens_as_go_does_comes_back(self):
        self.check(7010, go_server(reuseaddr=True), True, "::")

    def test_a_server_that_listens_as_go_does_with_mptcp_comes_back(self):
        try:
            socket.socket(socket.AF_INET6, socket.SOCK_STREAM, MPTCP).close()
        except OSError as error:
            self.skipTest(f"this kernel has no MPTCP: {error.strerror}")
        self.check(7012, go_server(reuseaddr=True, protocol=MPTCP), True, "::")

    def test_one_whose_control_function_takes_the_option_away_does_not(self):
        self.check(7011, go_server(reuseaddr=False), False, "::")

    def test_a_c_server_with_so_reuseaddr_comes_back(self):
        self.check(7002, c_server("reuseaddr"), True)

    def test_a_c_server_with_so_reuseport_comes_back(self):
        self.check(7003, c_server("reuseport"), True)

    def test_a_python_server_without_the_option_does_not_come_back(self):
        self.check(7004, python_server("socketserver.TCPServer"), False)

    def test_a_python_server_with_the_option_comes_back(self):
        self.check(7005, python_server("http.server.HTTPServer"), True)

    def test_a_nodejs_server_comes_back(self):
        node = shutil.which("node")
        if node is None:
            self.skipTest("node is not installed")
        self.check(7006, lambda port: (node, "-e", NODE_SERVER, str(port)), True)

    def test_of_two_sockets_at_one_address_each_is_looked_at(self):
        with Agent("--watch=7007") as agent, running(c_server("reuseport")(7007)), running(c_server("reuseport", "reuseaddr")(7007)):
            until(lambda: agent.verdict(7007)["states"]["listen"] == 2, "both listen")
            agent.next_round()
            self.assertIs(agent.verdict(7007)["restart_safe"], True)

    def test_a_port_that_one_of_its_listeners_leaves_unsafe_is_unsafe(self):
        with Agent() as agent, running(c_server("reuseaddr")(7008)), \
                running((C_SERVER, "127.0.0.2", "7008")):
            until(lambda: agent.metrics().series("tidewait_listener_restart_safe", port="7008", address="127.0.0.2"),
                  "the agent has looked")
            metrics = agent.metrics()
            self.assertEqual(metrics.value("tidewait_listener_restart_safe", port="7008", address="127.0.0.1"), 1)
            self.assertEqual(metrics.value("tidewait_listener_restart_safe", port="7008", address="127.0.0.2"), 0)
            self.assertIs(agent.verdict(7008)["restart_safe"], False)

    def test_who_may_not_look_says_nothing(self):
        nobody = Nobody(type(self))
        with running(c_server()(7009)):
            verdict = why(self, "7009", HELD, ask=nobody.run)[1]
            self.assertNotIn("restart", verdict["explanation"])


if __name__ == "__main__":
    main()

"""Listening sockets from a service manager: sd_listen_fds(3)."""

import http.client
import os
import pathlib
import re
import socket
import tempfile
import unittest

from lab.agent import Agent, run
from lab.passing import passing
from lab.suite import main


def listener(address="127.0.0.1", family=socket.AF_INET):
    """As ListenStream= opens it."""
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, 0))
    made.listen(16)
    return made


def status(place):
    """Of a request to (host, port)."""
    client = http.client.HTTPConnection(*place[:2], timeout=30)
    try:
        client.request("GET", "/healthz")
        return client.getresponse().status
    finally:
        client.close()


class Passed(unittest.TestCase):
    def keep(self, made):
        self.addCleanup(made.close)
        return made

    def test_they_stand_in_for_the_listen_address(self):
        one = self.keep(listener())
        other = self.keep(listener("::1", socket.AF_INET6))
        with Agent(listen="127.0.0.1:7099", **passing(one, other)) as agent:
            urls = [f"http://127.0.0.1:{one.getsockname()[1]}", f"http://[::1]:{other.getsockname()[1]}"]
            self.assertEqual([url in agent.log() for url in urls], [True, True], agent.log())
            self.assertEqual((status(one.getsockname()), status(other.getsockname())), (200, 200))
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", 7099))

    def test_they_are_not_left_to_programs_that_it_may_start(self):
        one = self.keep(listener())
        with Agent(**passing(one)) as agent:
            place = f"/proc/{agent.process.pid}"
            inode = f"socket:[{os.fstat(one.fileno()).st_ino}]"
            its = [fd for fd in os.listdir(f"{place}/fd") if os.readlink(f"{place}/fd/{fd}") == inode]
            self.assertTrue(its)
            for fd in its:
                info = pathlib.Path(place, "fdinfo", fd).read_text(encoding="ascii")
                flags = int(re.search(r"^flags:\s+(\d+)$", info, re.MULTILINE).group(1), 8)
                self.assertTrue(flags & os.O_CLOEXEC, f"descriptor {fd}: {flags:o}")

    def test_a_client_that_comes_between_two_agents_waits_for_the_next(self):
        """The socket is the service manager's: the agent ends, and the socket goes on listening."""
        one = self.keep(listener())
        with Agent(**passing(one)):
            self.assertEqual(status(one.getsockname()), 200)
        waiting = self.keep(http.client.HTTPConnection(*one.getsockname(), timeout=30))
        waiting.request("GET", "/healthz")
        with Agent(**passing(one)):
            self.assertEqual(waiting.getresponse().status, 200)

    def test_those_of_another_process_are_left_alone(self):
        one = self.keep(listener())
        with Agent(**passing(one, LISTEN_PID=1)) as agent:
            self.assertNotIn(f":{one.getsockname()[1]}", agent.log())
            self.assertEqual(agent.get("/healthz").status, 200)


class Refused(unittest.TestCase):
    def check(self, reason, *files, **variables):
        outcome = run("serve", **passing(*files, **variables))
        self.assertEqual((outcome.code, outcome.out), (2, ""), outcome.err)
        self.assertIn(reason, outcome.err)
        self.assertEqual(outcome.err.count("\n"), 1, outcome.err)

    def test_what_is_no_listening_tcp_socket(self):
        with tempfile.TemporaryFile() as plain, socket.socket() as idle, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, \
                socket.socket(socket.AF_UNIX) as local, listener() as good:
            local.bind("")
            local.listen()
            for wrong in (plain, idle, datagrams, local):
                self.check("descriptor 3, passed in LISTEN_FDS, is no listening TCP socket", wrong)
            self.check("descriptor 4, passed in LISTEN_FDS", good, plain)
            self.check("descriptor 4, passed in LISTEN_FDS", good, LISTEN_FDS=2)

    def test_a_number_that_is_none(self):
        with listener() as good:
            for wrong in ("x", "-1", "65", ""):
                self.check(f"LISTEN_FDS={wrong} is not a number", good, LISTEN_FDS=wrong)


if __name__ == "__main__":
    main()

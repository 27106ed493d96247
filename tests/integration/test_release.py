"""`tidewait release --time-wait`: ends exactly the TIME_WAITs and orphaned FIN_WAIT2s of the local endpoint that is
named, and tells how many; everything else stays."""

import collections
import json
import socket
import unittest

from lab import sockets
from lab.agent import run
from lab.kernel import bind_result, ss_sockets
from lab.nobody import Nobody
from lab.suite import main
from lab.terminal import Terminal
from lab.waiting import until

DONE, REFUSED, USAGE, UNDETERMINED = 0, 1, 2, 3
PORT, OTHER_PORT = 7001, 7002
ALIVE = {"listen", "established", "fin_wait2", "close_wait"}


def release(endpoint, *flags):
    return run("release", endpoint, "--time-wait", *flags)


def ended(before, after):
    """What is gone, by (local endpoint, state); nothing may have come."""
    assert not after - before, after - before
    return collections.Counter((local, state) for state, local, _ in (before - after).elements())


class Release(unittest.TestCase):
    """On two ports, of two local addresses and of IPv6: TIME_WAITs, orphaned FIN_WAIT2s, and what is alive."""

    @classmethod
    def setUpClass(cls):
        def keep(*made):
            for each in made:
                cls.addClassCleanup(each.close)

        sockets.time_wait("127.0.0.1", PORT, 3, reuseaddr=True)
        sockets.time_wait("127.0.0.2", PORT, 2, reuseaddr=True)
        sockets.time_wait("::1", PORT, 4, reuseaddr=True)
        sockets.time_wait("::", PORT, 5, to="127.0.0.3", reuseaddr=True)
        sockets.time_wait("127.0.0.1", OTHER_PORT, 6)
        keep(sockets.orphaned_fin_wait2("127.0.0.1", PORT, reuseaddr=True))
        # Alive: a connection, a FIN_WAIT2 that a process has, a CLOSE_WAIT, a server.
        pairs = [sockets.accepted("127.0.0.1", PORT, reuseaddr=True) for _ in range(3)]
        for far, near in pairs:
            keep(far, near)
        pairs[1][0].shutdown(socket.SHUT_WR)
        pairs[2][1].shutdown(socket.SHUT_WR)
        keep(sockets.listener("127.0.0.1", PORT, reuseaddr=True))
        until(lambda: {state for state, *_ in ss_sockets(f"sport = :{PORT}")} == {*ALIVE, "time_wait"}, "all are there")

    def check(self, endpoint, wanted, says):
        """says: what follows the endpoint."""
        before = ss_sockets()
        outcome = release(endpoint, "--yes")
        self.assertEqual(ended(before, ss_sockets()), collections.Counter(wanted))
        self.assertEqual(outcome, (DONE, f"{endpoint}/tcp: {says}\n", ""))

    def test_exactly_what_is_named_is_ended(self):
        nothing = "no TIME_WAIT and no orphaned FIN_WAIT2 socket to end"
        first, second, third = (f"127.0.0.{host}:{PORT}" for host in (1, 2, 3))
        ipv6 = f"[::1]:{PORT}"
        self.check(second, {(second, "time_wait"): 2}, "2 sockets ended")
        self.check(second, {}, nothing)
        self.check(ipv6, {(ipv6, "time_wait"): 4}, "4 sockets ended")
        self.check(first, {(first, "time_wait"): 3, (first, "fin_wait2"): 1}, "4 sockets ended")
        # An IPv6 socket of an IPv4 connection goes by the address that a user knows.
        self.check(third, {(f"[::ffff:127.0.0.3]:{PORT}", "time_wait"): 5}, "5 sockets ended")
        self.check(str(PORT), {}, nothing)
        self.assertEqual({state for state, *_ in ss_sockets(f"sport = :{PORT}")}, ALIVE)


class Endpoint(unittest.TestCase):
    def test_a_plain_bind_works_at_once(self):
        sockets.time_wait("127.0.0.1", 7010, 3)
        sockets.time_wait("::1", 7010, 2)
        self.assertEqual(bind_result("::", 7010), "EADDRINUSE")
        self.assertEqual(release("7010", "--yes"), (DONE, "7010/tcp: 5 sockets ended\n", ""))
        self.assertEqual((bind_result("::", 7010), bind_result("0.0.0.0", 7010)), ("ok", "ok"))

    def test_one_socket_is_one_socket(self):
        sockets.time_wait("127.0.0.1", 7011, 1)
        self.assertEqual(release("7011", "--yes"), (DONE, "7011/tcp: 1 socket ended\n", ""))

    def test_the_command_that_why_suggests_works(self):
        for endpoint in ("7012", "127.0.0.1:7012", "0.0.0.0:7012", "[::]:7012"):
            sockets.time_wait("127.0.0.1", 7012, 2)
            verdict = json.loads(run("why", "--json", endpoint).out)
            commands = [remedy["command"] for remedy in verdict["remedies"] if remedy["kind"] == "release"]
            with self.subTest(endpoint=endpoint, commands=commands):
                program, *arguments = commands[0].split()
                self.assertEqual(program, "tidewait")
                self.assertRegex(run(*arguments, "--yes").out, r"\A\S+: 2 sockets ended\n\Z")
                self.assertEqual(run("why", endpoint).code, DONE)

    def test_a_client_that_still_talks_gets_a_reset_and_nothing_worse(self):
        client = sockets.orphaned_fin_wait2("127.0.0.1", 7013)
        self.addCleanup(client.close)
        self.assertEqual(release("127.0.0.1:7013", "--yes").out, "127.0.0.1:7013/tcp: 1 socket ended\n")
        self.assertEqual(bind_result("127.0.0.1", 7013), "ok")
        self.assertEqual(client.recv(1), b"")


class Asking(unittest.TestCase):
    def answer(self, port, keys):
        sockets.time_wait("127.0.0.1", port, 2)
        with Terminal("release", str(port), "--time-wait") as terminal:
            terminal.until_shown(r"RFC 1337.*\[y/N\] ")
            self.assertIn(f"2 sockets in TIME_WAIT, or orphaned in FIN_WAIT2, on {port}/tcp", terminal.screen()[0])
            self.assertEqual(len(ss_sockets(f"sport = :{port}")), 2)
            terminal.type(keys)
            return terminal.end(), terminal.screen()[-2]

    def test_yes(self):
        self.assertEqual(self.answer(7020, "y\n"), (DONE, "7020/tcp: 2 sockets ended"))
        self.assertEqual(len(ss_sockets("sport = :7020")), 0)

    def test_everything_else_is_no(self):
        for port, keys in ((7021, "n\n"), (7022, "\n"), (7023, "\x04"), (7024, "maybe\n")):
            with self.subTest(keys=keys):
                code, said = self.answer(port, keys)
                self.assertEqual(code, REFUSED)
                self.assertTrue(said.endswith("nothing was ended"), said)
                self.assertEqual(len(ss_sockets(f"sport = :{port}")), 2)

    def test_without_a_terminal_nobody_can_say_yes(self):
        sockets.time_wait("127.0.0.1", 7025, 1)
        outcome = release("7025")
        self.assertEqual((outcome.code, outcome.out), (USAGE, ""))
        self.assertRegex(outcome.err, r"\Atidewait: [^\n]*--yes[^\n]*\n\Z")
        self.assertEqual(len(ss_sockets("sport = :7025")), 1)

    def test_nothing_to_end_is_not_asked_about(self):
        with Terminal("release", "7026", "--time-wait") as terminal:
            self.assertEqual(terminal.end(), DONE)
            self.assertEqual(terminal.screen(), ["7026/tcp: no TIME_WAIT and no orphaned FIN_WAIT2 socket to end", ""])


class Privilege(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nobody = Nobody(cls)

    def test_without_it_nothing_is_ended(self):
        sockets.time_wait("127.0.0.1", 7030, 3)
        before = ss_sockets()
        outcome = self.nobody.run("release", "7030", "--time-wait", "--yes")
        self.assertEqual((outcome.code, outcome.out), (UNDETERMINED, ""))
        self.assertRegex(outcome.err, r"\Atidewait: [^\n]*CAP_NET_ADMIN; nothing was ended on 7030/tcp\n\Z")
        self.assertEqual(ended(before, ss_sockets()), collections.Counter())

    def test_it_is_all_that_is_needed(self):
        sockets.time_wait("127.0.0.1", 7031, 3)
        outcome = self.nobody.run("release", "7031", "--time-wait", "--yes", capabilities=["net_admin"])
        self.assertEqual(outcome, (DONE, "7031/tcp: 3 sockets ended\n", ""))

    def test_nothing_to_end_takes_no_privilege(self):
        self.assertEqual(self.nobody.run("release", "7032", "--time-wait", "--yes").code, DONE)


class Usage(unittest.TestCase):
    def test_what_makes_no_sense_is_refused(self):
        sockets.time_wait("127.0.0.1", 7040, 1)
        for arguments, says in ((["7040"], "--time-wait"), (["7040", "--yes"], "--time-wait"),
                                (["--time-wait"], "8080"), (["7040", "--all", "--yes"], "--time-wait"),
                                (["udp:7040", "--time-wait", "--yes"], "UDP"),
                                (["7040-7041", "--time-wait", "--yes"], "one endpoint"),
                                (["7040", "7041", "--time-wait", "--yes"], "one endpoint"),
                                (["localhost:7040", "--time-wait", "--yes"], r"127\.0\.0\.1")):
            with self.subTest(arguments=arguments):
                outcome = run("release", *arguments)
                self.assertEqual((outcome.code, outcome.out), (USAGE, ""), outcome)
                self.assertRegex(outcome.err, r"\Atidewait: [^\n]+\n\Z")
                self.assertRegex(outcome.err, says)
        self.assertEqual(len(ss_sockets("sport = :7040")), 1)


if __name__ == "__main__":
    main()

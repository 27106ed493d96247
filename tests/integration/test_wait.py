"""`tidewait wait`: comes back when what it waits for is so, and neither before nor silently without."""

import json
import os
import signal
import subprocess
import unittest

from lab import sockets
from lab.agent import run
from lab.changes import CHANGES
from lab.kernel import bind_result
from lab.suite import main
from lab.wait import INTERRUPTED, MET, TIMED_OUT, Wait
from lab.waiting import until
from lab.why import answers, check_schema

SHORT = "300ms"
STARTS = 20_000
WAITS = 10


class TestCase(unittest.TestCase):
    next_port = 7001

    def setUp(self):
        self.port = self.fresh_port()

    @staticmethod
    def fresh_port():
        TestCase.next_port += 1
        return TestCase.next_port

    def keep(self, *made):
        for each in made:
            self.addCleanup(each.close)
        return made[0] if made else None

    def check_met_at_once(self, *arguments):
        self.assertEqual(run("wait", *arguments, "--timeout", "1m"), (MET, "", ""))

    def check_timeout(self, *arguments):
        """Returns what is said of those that are still waited for."""
        outcome = run("wait", *arguments, "--timeout", SHORT)
        self.assertEqual((outcome.code, outcome.err), (TIMED_OUT, ""))
        return answers(outcome.out)


class Changes(TestCase):
    def test_each_is_noticed(self):
        for change in CHANGES:
            port = self.fresh_port()
            arguments, act, made = change(port)
            with self.subTest(change=change.__name__), Wait(*arguments) as wait:
                wait.until_it_looks()
                act()
                self.assertEqual(wait.outcome(), (MET, "", ""))
                self.keep(*made)

    def test_what_comes_free_can_be_bound_then(self):
        server = self.keep(sockets.listener("::", self.port))
        with Wait(str(self.port)) as wait:
            wait.until_it_looks()
            server.close()
            self.assertEqual(wait.outcome().code, MET)
            self.assertEqual([bind_result(address, self.port) for address in ("0.0.0.0", "::")], ["ok", "ok"])

    def test_release_ends_the_waiting(self):
        sockets.time_wait("127.0.0.1", self.port, 3)
        with Wait(str(self.port)) as wait:
            wait.until_it_looks()
            self.assertEqual(run("release", str(self.port), "--time-wait", "--yes").code, 0)
            self.assertEqual(wait.outcome(), (MET, "", ""))

    def test_another_holder_in_between_is_waited_for_too(self):
        server = self.keep(sockets.listener("127.0.0.1", self.port))
        other = self.keep(sockets.listener("127.0.0.2", self.port))
        with Wait(str(self.port)) as wait:
            wait.until_it_looks()
            server.close()
            wait.until_it_looks()
            other.close()
            self.assertEqual(wait.outcome().code, MET)

    def test_a_service_with_reuseaddr_does_not_notice_it(self):
        """Its plain binds fail, and those hold nothing, until the ones that end the waiting: those are counted in
        probe_harmless, as a service that starts in just that moment fails."""
        sockets.time_wait("127.0.0.1", self.port, 3, reuseaddr=True)
        waits = [Wait(str(self.port)) for _ in range(WAITS)]
        try:
            done = subprocess.run([os.environ["START_SERVICE"], str(self.port), str(STARTS)], check=True,
                                  capture_output=True, text=True)
            self.assertEqual(int(done.stdout), 0, f"of {STARTS} starts:\n{done.stderr}")
        finally:
            for wait in waits:
                self.assertEqual(wait.end().code, INTERRUPTED)


class Goals(TestCase):
    def test_what_is_so_already(self):
        self.check_met_at_once(str(self.port))
        self.check_met_at_once(f"udp:{self.port}")
        self.keep(sockets.listener("0.0.0.0", self.port))
        for endpoint in (f"{self.port}", f"127.0.0.1:{self.port}", f"0.0.0.0:{self.port}"):
            self.check_met_at_once(endpoint, "--for", "listening")
        self.check_met_at_once(f"[::1]:{self.port}")

    def test_listening_is_more_than_bound(self):
        self.keep(sockets.bound("127.0.0.1", self.port), sockets.listener("127.0.0.2", self.port),
                  sockets.bound("127.0.0.1", self.port, protocol="udp"))
        (answer,) = self.check_timeout(f"127.0.0.1:{self.port}", "--for", "listening")
        self.assertIn("held by a socket that does not listen", answer.headline)
        self.check_met_at_once(f"127.0.0.2:{self.port}", "--for", "listening")

    def test_with_udp_a_bound_socket_is_all_there_is(self):
        self.check_timeout(f"udp:{self.port}", "--for", "listening")
        self.keep(sockets.bound("127.0.0.1", self.port, protocol="udp"))
        self.check_met_at_once(f"udp:127.0.0.1:{self.port}", "--for", "listening")
        self.check_timeout(f"udp:127.0.0.2:{self.port}", "--for", "listening")

    def test_reuseaddr_has_less_to_wait_for(self):
        sockets.time_wait("127.0.0.1", self.port, 3, reuseaddr=True)
        self.check_met_at_once(str(self.port), "--reuseaddr")
        (answer,) = self.check_timeout(str(self.port))
        self.assertIn("only with SO_REUSEADDR", answer.headline)

    def test_reuseaddr_helps_not_against_what_has_it_not(self):
        sockets.time_wait("127.0.0.1", self.port, 3)
        (answer,) = self.check_timeout(str(self.port), "--reuseaddr")
        self.assertIn("is held by TIME_WAIT", answer.headline)

    def test_all_of_several_endpoints(self):
        ports = [self.fresh_port() for _ in range(3)]
        first = self.keep(sockets.listener("127.0.0.1", ports[0]))
        second = self.keep(sockets.bound("127.0.0.1", ports[1], protocol="udp"))
        third = self.keep(sockets.bound("127.0.0.1", ports[2], reuseaddr=True))
        with Wait(f"127.0.0.1:{ports[0]}", f"udp:{ports[1]}", str(ports[2]), str(self.port), "-v") as wait:
            said = [f"{self.port}/tcp is free"]
            for holder, line in ((second, f"{ports[1]}/udp is free"), (first, f"127.0.0.1:{ports[0]}/tcp is free")):
                wait.until_it_looks()
                holder.close()
                said.append(line)
                until(lambda line=line: line in wait.says(), line)
            wait.until_it_looks()
            third.close()
            outcome = wait.outcome()
        self.assertEqual((outcome.code, outcome.out), (MET, ""))
        self.assertEqual([line for line in outcome.err.splitlines() if line.endswith(" is free")],
                         [*said, f"{ports[2]}/tcp is free"])

    def test_a_timeout_says_what_still_holds_it(self):
        self.keep(sockets.listener("127.0.0.1", self.port), sockets.bound("127.0.0.1", self.port + 500, protocol="udp"))
        free = self.fresh_port()
        listener, udp = self.check_timeout(str(self.port), str(free), f"udp:{self.port + 500}")
        self.assertIn(f"is held by a listener: python3 ({os.getpid()})", listener.headline)
        self.assertIn(f"is held by a UDP socket: python3 ({os.getpid()})", udp.headline)
        outcome = run("wait", str(self.port), str(free), "--json", "--timeout", SHORT)
        verdicts = [json.loads(line) for line in outcome.out.splitlines()]
        for verdict in verdicts:
            check_schema(verdict)
        self.assertEqual((outcome.code, [verdict["verdict"] for verdict in verdicts]), (TIMED_OUT, ["held", "free"]))

    def test_json_when_it_is_met(self):
        outcome = run("wait", str(self.port), "--json")
        self.assertEqual((outcome.code, outcome.err), (MET, ""))
        verdict = json.loads(outcome.out)
        check_schema(verdict)
        self.assertEqual(verdict["verdict"], "free")


class Words(TestCase):
    def test_v_says_at_once_that_reuseaddr_would_do(self):
        sockets.time_wait("127.0.0.1", self.port, 1, reuseaddr=True)
        with Wait(str(self.port), "-v") as wait:
            until(lambda: "\n" in wait.says(), "a line")
            self.assertRegex(wait.says(), rf"\A{self.port}/tcp can be bound with SO_REUSEADDR already; [^\n]+\n\Z")
            self.assertEqual(wait.end().code, INTERRUPTED)
        self.assertEqual(run("wait", str(self.port), "--reuseaddr", "-v"), (MET, "", f"{self.port}/tcp is free\n"))

    def test_values_may_be_joined_to_their_flags(self):
        self.keep(sockets.listener("127.0.0.1", self.port))
        self.assertEqual(run("wait", str(self.port), "--for=listening", "--timeout=1m"), (MET, "", ""))
        self.assertEqual(run("wait", str(self.port), "--for=free", f"--timeout={SHORT}").code, TIMED_OUT)

    def test_v_tells_listening(self):
        self.keep(sockets.listener("127.0.0.1", self.port))
        self.assertEqual(run("wait", str(self.port), "--for", "listening", "-v").err, f"{self.port}/tcp is listening\n")

    def test_signals(self):
        self.keep(sockets.listener("127.0.0.1", self.port))
        for sign in (signal.SIGINT, signal.SIGTERM):
            with Wait(str(self.port)) as wait:
                wait.until_it_looks()
                self.assertEqual(wait.end(sign), (INTERRUPTED, "", ""))

    def test_a_timeout_may_be_longer_than_the_clock_counts(self):
        self.keep(sockets.listener("127.0.0.1", self.port))
        with Wait(str(self.port), timeout="106751d") as wait:
            wait.until_it_looks()
            self.assertEqual(wait.end(), (INTERRUPTED, "", ""))

    def test_what_makes_no_sense_is_refused(self):
        for arguments, says in (([], "tidewait wait 8080"), (["8080", "--for"], "--for"),
                                (["8080", "--for", "ever"], "listening"),
                                (["8080", "--timeout", "5"], "30s"), (["8080", "--timeout"], "--timeout"),
                                (["8080", "--timeout", "-1s"], "30s"), (["8080", "--all"], "tidewait help wait"),
                                (["udp:53", "--reuseaddr"], "TCP"), (["localhost:80"], r"127\.0\.0\.1"),
                                (["8080", "--for", "listening", "--reuseaddr"], "--for free")):
            with self.subTest(arguments=arguments):
                outcome = run("wait", *arguments)
                self.assertEqual((outcome.code, outcome.out), (2, ""), outcome)
                self.assertRegex(outcome.err, r"\Atidewait: [^\n]+\n\Z")
                self.assertRegex(outcome.err, says)


if __name__ == "__main__":
    main()

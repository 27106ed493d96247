"""How `tidewait why` answers: several endpoints, the worst exit code, colour, and readers that go away."""

import errno
import json
import os
import re
import socket
import unittest

from lab import sockets
from lab.agent import run
from lab.faults import without_sockets_of
from lab.suite import main
from lab.terminal import Terminal
from lab.why import answers, check_schema

FREE, HELD, UNDETERMINED, REUSABLE = 0, 1, 3, 4


class SeveralEndpoints(unittest.TestCase):
    """Ports 8000 to 8003: free, held, reusable; and 8003 of ::1, of which nothing can be known without IPv6 sockets."""

    @classmethod
    def setUpClass(cls):
        holders = (sockets.listener("127.0.0.1", 8001), sockets.bound("127.0.0.1", 8002, reuseaddr=True))
        for holder in holders:
            cls.addClassCleanup(holder.close)
        sockets.time_wait("::1", 8003, 1)

    def test_a_range_gives_an_answer_for_each_port(self):
        outcome = run("why", "8000-8003")
        self.assertEqual((outcome.code, outcome.err), (HELD, ""))
        self.assertEqual([answer.headline.split()[0] for answer in answers(outcome.out)],
                         [f"{port}/tcp" for port in range(8000, 8004)])
        counted = run("why", "--json", "8000-8003")
        self.assertEqual((counted.code, counted.err), (HELD, ""))
        verdicts = [json.loads(line) for line in counted.out.splitlines()]
        for verdict in verdicts:
            check_schema(verdict)
        self.assertEqual([verdict["endpoint"]["port"] for verdict in verdicts], [8000, 8001, 8002, 8003])
        self.assertEqual([verdict["verdict"] for verdict in verdicts], ["free", "held", "reusable", "held"])

    def test_endpoints_are_answered_in_the_order_in_which_they_were_given(self):
        outcome = run("why", "8002/tcp", "udp:8002", "127.0.0.1:8001", "[::1]:8001", ":8000")
        self.assertEqual([answer.headline.split()[0] for answer in answers(outcome.out)],
                         ["8002/tcp", "8002/udp", "127.0.0.1:8001/tcp", "[::1]:8001/tcp", "8000/tcp"])

    def test_the_worst_of_several_counts(self):
        def without_ipv6():
            without_sockets_of(socket.AF_INET6, errno.EMFILE)

        places = {FREE: "127.0.0.1:8000", HELD: "127.0.0.1:8001", REUSABLE: "127.0.0.1:8002",
                  UNDETERMINED: "[::1]:8003"}
        from_worst = (UNDETERMINED, HELD, REUSABLE, FREE)
        for code in from_worst:
            self.assertEqual(run("why", places[code], preexec_fn=without_ipv6).code, code)
        for at, worse in enumerate(from_worst):
            for better in from_worst[at:]:
                for order in ((worse, better), (better, worse)):
                    with self.subTest(order=order):
                        asked = [places[code] for code in order]
                        self.assertEqual(run("why", *asked, preexec_fn=without_ipv6).code, worse)

    def test_with_reuseaddr_what_is_reusable_counts_as_free(self):
        self.assertEqual(run("why", "8000", "8002").code, REUSABLE)
        self.assertEqual(run("why", "8000", "8002", "--reuseaddr").code, FREE)
        outcome = run("why", "8002", "--reuseaddr")
        self.assertEqual(answers(outcome.out)[0].headline, "8002/tcp can be bound with SO_REUSEADDR")

    def test_json_is_one_compact_object_a_line(self):
        for line in run("why", "--json", "8000-8003").out.splitlines():
            self.assertEqual(line, json.dumps(json.loads(line), separators=(",", ":"), ensure_ascii=False))


class Usage(unittest.TestCase):
    def test_what_makes_no_sense_is_refused(self):
        for arguments, says in ((["why"], "tidewait why 8080"), (["why", "--every", "8080"], "tidewait help why"),
                                (["why", "localhost:80"], r"127\.0\.0\.1"), (["why", "8010-8000"], "8000-8010"),
                                (["why", "--message"], "--message"), (["why", "8080", "--message", "x"], "either"),
                                (["why", "udp:53", "--reuseaddr"], "TCP"), (["why", "-v", "8080"], "-v"),
                                (["why", "8080", "0"], "8080"), (["why", ""], "8080")):
            with self.subTest(arguments=arguments):
                outcome = run(*arguments)
                self.assertEqual((outcome.code, outcome.out), (2, ""), outcome)
                self.assertRegex(outcome.err, r"\Atidewait: [^\n]+\n\Z")
                self.assertRegex(outcome.err, says)


class Output(unittest.TestCase):
    def test_colour_only_on_a_terminal(self):
        plain = run("why", "127.0.0.1:8004").out
        self.assertNotIn("\x1b", plain)
        for variables, coloured in (({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)):
            with self.subTest(variables=variables), Terminal("why", "127.0.0.1:8004", env=variables) as terminal:
                self.assertEqual(terminal.end(), FREE)
                shown = terminal.output.replace("\r\n", "\n")
                self.assertEqual("\x1b[" in shown, coloured)
                self.assertEqual(re.sub(r"\x1b\[[0-9;]*m", "", shown), plain)
                # Every colour is put back before its line ends.
                for line in shown.splitlines():
                    self.assertEqual((re.findall(r"\x1b\[[0-9;]*m", line) or ["\x1b[0m"])[-1], "\x1b[0m")

    def test_json_is_never_coloured(self):
        with Terminal("why", "--json", "8004") as terminal:
            self.assertEqual(terminal.end(), FREE)
            self.assertNotIn("\x1b", terminal.output)

    def test_lines_fit_into_80_columns(self):
        sockets.time_wait("127.0.0.1", 8005, 2)
        with sockets.listener("::", 8006), sockets.bound("127.0.0.1", 8007, protocol="udp"):
            outcome = run("why", "8004-8006", "127.0.0.1:8006", "udp:8007")
        for line in outcome.out.splitlines():
            self.assertLessEqual(len(line), 80, line)

    def test_a_reader_that_went_away_is_no_crash(self):
        for flags in ([], ["--json"]):
            with self.subTest(flags=flags):
                reader, writer = os.pipe()
                os.close(reader)
                with open(writer, "w", encoding="ascii") as gone:
                    outcome = run("why", "8004-8007", *flags, stdout=gone)
                self.assertEqual(outcome.code, UNDETERMINED)
                self.assertRegex(outcome.err, r"\Atidewait: the answer cannot be written: [^\n]+\n\Z")

    def test_an_answer_that_cannot_be_written_is_none(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            self.assertEqual(run("why", "8004", stdout=full).code, UNDETERMINED)


if __name__ == "__main__":
    main()

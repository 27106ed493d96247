"""The status page in a browser: what it shows is what the kernel does, whatever names there are, and it stays true."""

import contextlib
import re
import socket
import subprocess
import sys
import time
import unittest

from lab import harbour, suite
from lab.agent import Agent
from lab.browser import Browser
from lab.kernel import bind_result
from lab.waiting import until

INTERVAL = 0.5
FLAGS = (f"--interval={INTERVAL * 1000:.0f}ms", "--cpu-budget=100%")
# The longest a TIME_WAIT's timer may be late by the kernel's timer wheel, with a tick of 4 ms.
TIMER_SLACK = 4.2
HOSTILE = (b"<img src=x>", b"\"'><script>", b"\xff\xfe\x80&lt;\x1b[31m\xe2\x80")

_NAMED_SERVER = """
import ctypes, socket, sys, time
name = bytes.fromhex(sys.argv[2])
assert ctypes.CDLL(None).prctl(15, name, 0, 0, 0) == 0
server = socket.socket()
server.bind(("127.0.0.1", int(sys.argv[1])))
server.listen()
print("listening", flush=True)
sys.stdin.read()
"""


def seconds_of(cell):
    """Of "43.7 s"; None when it shows no time."""
    match = re.fullmatch(r"([\d.]+) s", cell)
    return match and float(match.group(1))


@contextlib.contextmanager
def named_server(port, name):
    """A listener of a process of this name."""
    command = [sys.executable, "-c", _NAMED_SERVER, str(port), name.hex()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "listening\n"
        yield
        process.stdin.close()


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(Browser())

    def expect_no_complaint(self, agent):
        """Neither the console, nor the policy, nor a request to anywhere else."""
        self.assertEqual(self.browser.do("complaints"), [])
        strangers = [url for url in self.browser.do("requests") if not url.startswith(agent.url + "/")]
        self.assertEqual(strangers, [])

    def test_each_verdict_is_shown_and_a_row_turns_free_by_itself(self):
        with harbour.incident(), Agent(*FLAGS, *harbour.INCIDENT_FLAGS, quick=False) as agent:
            self.browser.open(agent.url + "/")
            self.browser.await_row("8080/tcp", lambda row: seconds_of(row[2]), "counts down")
            shown = {row[0]: row[1:] for row in self.browser.rows()}
            self.assertEqual(shown["8080/tcp"][0], "held TIME_WAIT")
            self.assertEqual(shown["8081/tcp"][0], "reusable TIME_WAIT")
            self.assertEqual(shown["8443/tcp"][0], "held bound, not listening")
            self.assertEqual(shown["9100/tcp"][0], "held outgoing connection")
            self.assertEqual(shown["7000/tcp"][0], "free listener expected")
            self.assertEqual(shown["9000/tcp"][:2], ["free", "now"])
            self.assertEqual(shown["8000/tcp"][0], "held listener")
            self.assertEqual(shown["5300/udp"][0], "held bound")
            for port in ("8443/tcp", "9100/tcp", "8000/tcp", "5300/udp"):
                self.assertRegex(shown[port][2], r"^python3?[^ ]* \(\d+\)")
            summary = self.browser.text("#summary")
            self.assertIn("7000/tcp has no listener, though one is expected", summary)
            self.assertIn("8080/tcp is blocked by TIME_WAIT", summary)
            self.assertRegex(summary, r"Ephemeral ports towards 127\.0\.0\.1:5432 are 8\d % used")
            self.expect_countdown_is_the_kernels()
            self.expect_no_complaint(agent)

    def expect_countdown_is_the_kernels(self):
        """What it says is left is left; and when the kernel frees the port, the row says so within an interval."""
        row = self.browser.await_row("8080/tcp", lambda cells: seconds_of(cells[2]), "counts down")
        promised = time.monotonic() + seconds_of(row[2])
        until(lambda: bind_result("127.0.0.1", 8080) == "ok", "the kernel frees 8080", 90)
        freed = time.monotonic()
        self.browser.await_row("8080/tcp", lambda cells: cells[1:3] == ["free", "now"], "turns free", 10)
        seen = time.monotonic()
        self.assertLess(promised - freed, TIMER_SLACK + INTERVAL)
        self.assertGreater(promised - freed, -2 * INTERVAL)
        # A round, the page's next request, and what a busy machine needs.
        self.assertLess(seen - freed, 2 * INTERVAL + 2)

    def test_a_row_opens_to_the_whole_answer(self):
        with harbour.incident(), Agent(*FLAGS, *harbour.INCIDENT_FLAGS, quick=False) as agent:
            self.browser.open(agent.url + "/")
            self.browser.await_row("8080/tcp", lambda row: seconds_of(row[2]), "counts down")
            self.browser.evaluate("[...document.querySelectorAll('button.open')].find(({innerText}) =>"
                                  " innerText === '8080/tcp').focus()")
            self.browser.do("press", key="Enter")
            opened = self.browser.text(".more")
            verdict = agent.verdict(harbour.HELD)
            self.assertIn(verdict["explanation"], opened)
            self.assertIn("3 TIME_WAIT", opened)
            self.assertIn("EADDRINUSE", opened)
            for remedy in verdict["remedies"]:
                self.assertIn((remedy["command"] or remedy["text"]).splitlines()[0], opened)
            self.browser.do("click", selector=".command button")
            self.assertIn(self.browser.text(".command button"), ("Copied", "Selected"))
            agent.next_round()
            self.assertEqual(self.browser.evaluate("document.activeElement.className"), "")
            self.assertNotEqual(self.browser.text(".more"), "")
            self.expect_no_complaint(agent)

    def test_ports_are_found_and_sorted(self):
        with harbour.incident(), Agent(*FLAGS, *harbour.INCIDENT_FLAGS, quick=False) as agent:
            self.browser.open(agent.url + "/")
            self.browser.await_row("9000/tcp", lambda row: row[2] == "now", "is free")
            self.assertEqual(self.browser.rows()[-1][0], "9000/tcp")
            self.browser.do("fill", selector="#words", text="time_wait")
            self.assertEqual({row[0] for row in self.browser.rows()}, {"8080/tcp", "8081/tcp"})
            self.browser.do("fill", selector="#words", text="python")
            self.assertIn("8443/tcp", {row[0] for row in self.browser.rows()})
            self.browser.do("fill", selector="#words", text="")
            self.browser.do("select", selector="#only", value="free")
            self.assertEqual([row[0] for row in self.browser.rows()], ["9000/tcp"])
            self.browser.do("select", selector="#only", value="all")
            self.browser.do("click", selector="button[data-order=port]")
            ports = [int(row[0].split("/")[0]) for row in self.browser.rows()]
            self.assertEqual(ports, sorted(ports))
            self.expect_no_complaint(agent)

    def test_names_stay_text(self):
        with contextlib.ExitStack() as scene:
            for i, name in enumerate(HOSTILE):
                scene.enter_context(named_server(8500 + i, name))
            agent = scene.enter_context(Agent(*FLAGS, quick=False))
            for javascript in (True, False):
                self.browser.open(agent.url + "/", javascript=javascript)
                row = self.browser.await_row("8500/tcp", lambda row: "<img src=x>" in row[3], "names its owner")
                self.assertRegex(row[3], r"^<img src=x> \(\d+\)$")
                self.assertRegex(self.browser.row("8501/tcp")[3], r"^\"'><script> \(\d+\)$")
                self.assertRegex(self.browser.row("8502/tcp")[3], r"^\ufffd{3}&lt;\ufffd\[31m\ufffd+ \(\d+\)$")
                self.assertEqual(self.browser.evaluate("document.querySelectorAll('img, #port-table script').length"), 0)
                self.expect_no_complaint(agent)

    def test_a_restarted_agent_is_missed_and_found_again(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            where = f"127.0.0.1:{probe.getsockname()[1]}"
        with Agent(*FLAGS, listen=where, quick=False) as agent:
            self.browser.open(agent.url + "/")
            until(lambda: self.browser.text("#connection").startswith("Live"), "the page is live")
        until(lambda: re.match(r"Connection lost, last data \d+ s old", self.browser.text("#connection")), "it is said")
        self.assertIn("Connection lost", self.browser.text("#announcement"))
        self.assertNotEqual(self.browser.rows(), [])
        with Agent(*FLAGS, listen=where, quick=False):
            until(lambda: self.browser.text("#connection").startswith("Live"), "the page is live again")
            until(lambda: self.browser.text("#event-list").count("the agent has started") == 1, "the events are new")

    def test_a_hidden_page_does_not_ask(self):
        with Agent(*FLAGS, quick=False) as agent:
            self.browser.open(agent.url + "/")
            until(lambda: self.browser.text("#connection").startswith("Live"), "the page is live")
            self.browser.evaluate("Object.defineProperty(document, 'hidden', {configurable: true, get: () => true}) && 1")
            agent.next_round()
            agent.next_round()
            asked = len(self.browser.do("requests"))
            rounds = agent.rounds() + 4
            until(lambda: agent.rounds() >= rounds, "four more rounds")
            self.assertEqual(len(self.browser.do("requests")), asked)
            self.browser.evaluate("delete document.hidden && document.dispatchEvent(new Event('visibilitychange'))")
            until(lambda: len(self.browser.do("requests")) > asked, "it asks again")

    def test_it_is_of_use_without_javascript(self):
        with harbour.incident(), Agent(*FLAGS, *harbour.INCIDENT_FLAGS, quick=False) as agent:
            self.browser.open(agent.url + "/", javascript=False)
            row = self.browser.row("8080/tcp")
            self.assertEqual(row[1], "held TIME_WAIT")
            self.assertIsNotNone(seconds_of(row[2]))
            self.assertIn("8080/tcp is blocked by TIME_WAIT", self.browser.text("#summary"))
            self.assertFalse(self.browser.evaluate("document.querySelector('#words').checkVisibility()"))
            self.expect_no_complaint(agent)

    def test_the_whole_page_is_small(self):
        with harbour.calm(), Agent(*FLAGS, quick=False) as agent:
            self.browser.open(agent.url + "/")
            until(lambda: self.browser.text("#connection").startswith("Live"), "the page is live")
            size = self.browser.evaluate("[...performance.getEntriesByType('resource'),"
                                         " ...performance.getEntriesByType('navigation')]"
                                         ".filter(({name}) => !name.includes('/api/'))"
                                         ".reduce((sum, {transferSize}) => sum + transferSize, 0)")
            self.assertGreater(size, 40 << 10)
            self.assertLess(size, 150 << 10)
            headers = agent.get("/").headers
            self.assertIsNone(headers["Set-Cookie"])
            self.assertIn("script-src 'self'", headers["Content-Security-Policy"])


if __name__ == "__main__":
    suite.main()

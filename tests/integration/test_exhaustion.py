"""`tidewait why --exhaustion`: how near a destination is to having no source port left, held against what connect() does.

Every test has an ip_local_port_range of its own, so that the TIME_WAITs of the others are outside it.
"""

import contextlib
import errno
import itertools
import json
import os
import re
import shlex
import socket
import threading
import time
import unittest

from lab import kernel, sockets
from lab.agent import Agent, run
from lab.nobody import Nobody
from lab.suite import main
from lab.terminal import Terminal
from lab.waiting import until
from lab.why import flowing

FREE, EXHAUSTED, USAGE, INTERRUPTED = 0, 1, 2, 130
SIZE = 100
IP_BIND_ADDRESS_NO_PORT = 24

_lows = itertools.count(30000, SIZE)
_ports = itertools.count(5000)


def connect_error(to, source=None):
    """A connect() made now, and closed without a trace: "ok" or the name of the errno."""
    with kernel.new_socket(to[0]) as trial:
        try:
            if source is not None:
                trial.bind((source, 0))
            trial.connect(to)
        except OSError as error:
            return errno.errorcode[error.errno]
        # A reset leaves no TIME_WAIT.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    return "ok"


class Scene(unittest.TestCase):
    """A range of SIZE ports, none of which is taken."""

    def setUp(self):
        self.low = next(_lows)
        kernel.set_sysctl("ipv4.ip_local_port_range", f"{self.low} {self.low + SIZE - 1}")
        kernel.set_sysctl("ipv4.ip_local_reserved_ports", "\n")
        kernel.set_sysctl("ipv4.tcp_tw_reuse", 0)
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)

    def listener(self, address="127.0.0.1"):
        """A listener outside the range; (listener, destination)."""
        made = self.stack.enter_context(kernel.new_socket(address))
        made.bind((address, next(_ports)))
        made.listen(4096)
        return made, made.getsockname()[:2]

    def connect(self, to, count=None, source=None):
        """So many connections, or as many as there are ports."""
        made = []
        with contextlib.suppress(OSError):
            while count is None or len(made) < count:
                client = kernel.new_socket(to[0])
                self.stack.callback(client.close)
                if source is not None:
                    client.bind((source, 0))
                client.connect(to)
                made.append(client)
        return made

    def leave_time_waits(self, server, to, count):
        for client in self.connect(to, count):
            far = server.accept()[0]
            client.close()
            far.close()

    def ask(self, *arguments, code, **options):
        """Asks twice, in text and in JSON; both must agree, fit a terminal, and exit with the code."""
        said = run("why", "--exhaustion", *arguments, **options)
        counted = run("why", "--exhaustion", "--json", *arguments, **options)
        for outcome in (said, counted):
            self.assertEqual((outcome.code, outcome.err), (code, ""), outcome)
        answer = json.loads(counted.out)
        account = answer["ports"]
        self.assertEqual(account["range"] - account["reserved"] - account["bound"] - account["live"] -
                         account["time_wait"] + account["reusable"], account["left"])
        self.assertEqual(answer["exhausted"], account["left"] == 0)
        self.assertRegex(said.out, rf"(?m)^ +{account['left']}  left$")
        self.assertIn(flowing(answer["explanation"]), flowing(said.out))
        for remedy in answer["remedies"]:
            self.assertIn(flowing(remedy["text"]), flowing(said.out))
        for line in said.out.splitlines():
            self.assertLessEqual(len(line), 80, line)
        return said.out, answer


class Answers(Scene):
    def test_the_last_port_makes_it_full_and_another_destination_still_connects(self):
        _, to = self.listener()
        _, other = self.listener()
        asked = f"{to[0]}:{to[1]}"
        self.connect(to, SIZE - 1)
        text, answer = self.ask(asked, code=FREE)
        self.assertEqual((answer["ports"]["left"], answer["used"]), (1, {"live": SIZE - 1, "time_wait": 0}))
        self.assertIn(f"{asked}/tcp is crowded: 99 % of ports taken\n", text)
        self.connect(to, 1)
        self.assertEqual(connect_error(to), "EADDRNOTAVAIL")
        for arguments in ([asked], []):
            text, answer = self.ask(*arguments, code=EXHAUSTED)
            self.assertTrue(text.startswith(f"{asked}/tcp is full: no source port is left\n"))
            self.assertEqual((answer["destination_port"], answer["usable"]), (to[1], SIZE))
            self.assertEqual([(opener["pid"], opener["sockets"]) for opener in answer["openers"]],
                             [(os.getpid(), SIZE)])
        self.assertEqual(connect_error(other), "ok")
        _, answer = self.ask(f"{other[0]}:{other[1]}", code=FREE)
        self.assertEqual((answer["usable"], answer["source"]), (SIZE, None))

    def test_reserved_and_bound_ports_are_taken_off(self):
        _, to = self.listener()
        _, other = self.listener()
        low = self.low
        kernel.set_sysctl("ipv4.ip_local_reserved_ports", f"{low}-{low + 4},{low + 7}")
        self.stack.enter_context(sockets.listener("127.0.0.1", low + 10))
        self.stack.enter_context(sockets.bound("127.0.0.2", low + 11))
        for port in range(low + 20, low + 50):
            self.stack.enter_context(sockets.outgoing(port, other))
        made = self.connect(to)
        self.assertEqual(len(made), SIZE - 6 - 32)
        text, answer = self.ask(code=EXHAUSTED)
        self.assertEqual((answer["ports"]["reserved"], answer["ports"]["bound"]), (6, 32))
        self.assertEqual((answer["usable"], answer["destination_port"]), (len(made), to[1]))
        self.assertRegex(text, r"(?m)^ +-6  reserved \(ip_local_reserved_ports\)$")
        self.assertRegex(text, r"(?m)^ +-32  chosen by bind\(\)")

    def test_ports_that_binds_chose_exhaust_destinations_that_hardly_anything_leads_to(self):
        places = [self.listener()[1] for _ in range(SIZE)]
        for port, to in enumerate(places, self.low):
            self.stack.enter_context(sockets.outgoing(port, to))
        self.assertEqual(connect_error(places[0]), "EADDRNOTAVAIL")
        text, answer = self.ask(f"127.0.0.1:{places[0][1]}", code=EXHAUSTED)
        self.assertEqual(answer["ports"]["bound"], SIZE)
        self.assertIn("Most were chosen by bind()", flowing(text))

    def test_time_waits_are_told_from_connections_and_taken_over_where_that_is_allowed(self):
        server, to = self.listener()
        self.connect(to, 10)
        self.stack.enter_context(contextlib.ExitStack())
        for _ in range(10):
            self.stack.enter_context(server.accept()[0])
        self.leave_time_waits(server, to, SIZE - 10)
        self.assertEqual(connect_error(to), "EADDRNOTAVAIL")
        text, answer = self.ask(code=EXHAUSTED)
        self.assertEqual(answer["used"], {"live": 10, "time_wait": SIZE - 10})
        self.assertIn("Most are in TIME_WAIT", text)
        self.assertIn("sysctl -w net.ipv4.tcp_tw_reuse=1", text)
        # ask() looks for a second, twice: those that it saw are older than the delay by now.
        kernel.set_sysctl("ipv4.tcp_tw_reuse", 1)
        self.assertEqual(connect_error(to), "ok")
        text, answer = self.ask(code=FREE)
        self.assertGreaterEqual(answer["ports"]["reusable"], SIZE - 11)
        self.assertRegex(text, r"(?m)^ +\+\d+  TIME_WAITs that connect\(\) may take over")

    def test_the_rate_and_the_time_that_is_left_are_measured(self):
        server, to = self.listener("::1")
        kernel.set_sysctl("ipv4.ip_local_port_range", "50000 57999")
        ended = threading.Event()

        def churn():
            while not ended.wait(0.01):
                self.leave_time_waits(server, to, 20)

        thread = threading.Thread(target=churn)
        thread.start()
        try:
            before = time.monotonic()
            made = sum(kernel.ss_counts().values())
            outcome = run("why", "--exhaustion", f"[::1]:{to[1]}", "--json")
            rate = (sum(kernel.ss_counts().values()) - made) / (time.monotonic() - before)
        finally:
            ended.set()
            thread.join()
        answer = json.loads(outcome.out)
        self.assertEqual((outcome.code, answer["source"]), (FREE, "::1"))
        self.assertGreater(answer["time_wait_entered_per_second"], rate / 3)
        self.assertLess(answer["time_wait_entered_per_second"], rate * 3)
        self.assertAlmostEqual(answer["exhausted_in_seconds"],
                               answer["ports"]["left"] / answer["time_wait_entered_per_second"],
                               delta=answer["exhausted_in_seconds"])

    def test_what_is_offered_helps(self):
        server, to = self.listener()
        self.leave_time_waits(server, to, SIZE)
        self.assertEqual(connect_error(to), "EADDRNOTAVAIL")
        self.stack.enter_context(sockets.listener("127.0.0.1", 12345))
        _, answer = self.ask(code=EXHAUSTED)
        settings = [shlex.split(line)[2].split("=", 1) for remedy in answer["remedies"]
                    if remedy["kind"] == "setting" for line in remedy["command"].splitlines()]
        self.assertEqual([name for name, _ in settings], ["net.ipv4.tcp_tw_reuse", "net.ipv4.ip_local_reserved_ports",
                                                          "net.ipv4.ip_local_port_range"])
        before = {name: " ".join(kernel.get_sysctl(name.removeprefix("net."))) for name, _ in settings}
        for name, value in settings:
            kernel.set_sysctl(name.removeprefix("net."), value)
            if name.endswith("reserved_ports"):
                self.assertEqual(value, "12345")
            else:
                self.assertEqual(connect_error(to), "ok", name)
            if not name.endswith("reserved_ports"):
                kernel.set_sysctl(name.removeprefix("net."), before[name])
        # What connected by the first of them made its port free again.
        self.connect(to)
        self.assertEqual(connect_error(to), "EADDRNOTAVAIL")
        with kernel.new_socket("127.0.0.2") as client:
            client.setsockopt(socket.SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            client.bind(("127.0.0.2", 0))
            client.connect(to)

    def test_a_full_range_of_udp_is_told_with_who_has_it(self):
        for _ in range(SIZE):
            self.stack.enter_context(sockets.bound("0.0.0.0", 0, protocol="udp"))
        self.assertEqual(kernel.bind_result("0.0.0.0", 0, protocol="udp"), "EADDRINUSE")
        text, answer = self.ask(code=EXHAUSTED)
        self.assertTrue(text.startswith("UDP is full: no port is left\n"))
        self.assertEqual((answer["protocol"], answer["destination"], answer["usable"]), ("udp", None, SIZE))
        self.assertEqual([(opener["pid"], opener["sockets"]) for opener in answer["openers"]], [(os.getpid(), SIZE)])
        with kernel.new_socket("127.0.0.1", "udp") as client:
            self.assertEqual(client.connect_ex(("127.0.0.1", 53)), errno.EAGAIN)
        _, answer = self.ask("udp:127.0.0.1:53", code=EXHAUSTED)
        self.assertEqual(answer["destination_port"], 53)
        self.ask("127.0.0.1:53", code=FREE)

    def test_a_range_that_many_destinations_share_refuses_bind_alone(self):
        def fill():
            # connect() begins with the ports that are even, or odd, as the first one of the range.
            for first in (self.low, self.low + 1):
                kernel.set_sysctl("ipv4.ip_local_port_range", f"{first} {self.low + SIZE - 1}")
                self.connect(self.listener()[1], SIZE // 4)
            # Of a range of an odd size bind() leaves out the last port.
            kernel.set_sysctl("ipv4.ip_local_port_range", f"{self.low} {self.low + SIZE - 1}")
            return kernel.bind_result("0.0.0.0", 0) == "EADDRINUSE"

        until(fill, "every port of the range has a socket")
        _, to = self.listener()
        for arguments in ([f"{to[0]}:{to[1]}"], []):
            text, _ = self.ask(*arguments, code=FREE)
            self.assertTrue(text.splitlines()[0].endswith(", but bind() to port 0 fails"), text)
            self.assertIn("IP_BIND_ADDRESS_NO_PORT", text)
        self.assertEqual(connect_error(to), "ok")

    def test_a_range_that_bind_to_port_0_has_taken_refuses_connect_to_anywhere(self):
        for _ in range(4):
            _, to = self.listener()
            self.assertEqual(len(self.connect(to, SIZE // 4, source="127.0.0.1")), SIZE // 4)
        _, to = self.listener()
        self.assertEqual(connect_error(to), "EADDRNOTAVAIL")
        for arguments in ([f"{to[0]}:{to[1]}"], []):
            text, answer = self.ask(*arguments, code=EXHAUSTED)
            self.assertIn("Most were chosen by bind()", flowing(text))
            self.assertEqual(answer["ports"]["left"], 0)
        self.ask("udp:127.0.0.1:53", code=FREE)


class Messages(Scene):
    """`why --message` goes on to the same answer."""

    def test_the_destination_that_connect_could_not_reach_is_answered_for(self):
        _, to = self.listener()
        _, other = self.listener()
        self.connect(to)
        for place, code in ((to, EXHAUSTED), (other, FREE)):
            message = f"dial tcp {place[0]}:{place[1]}: connect: cannot assign requested address"
            outcome = run("why", "--message", message)
            self.assertEqual((outcome.code, outcome.err), (code, ""))
            self.assertTrue(outcome.out.startswith(f"{place[0]}:{place[1]}/tcp is "), outcome.out)
        named = f"dial tcp cache.internal:{to[1]}: connect: cannot assign requested address"
        self.assertEqual(json.loads(run("why", "--message", named, "--json").out)["destination"], to[0])
        nameless = run("why", "--message", "connect: Cannot assign requested address")
        self.assertEqual((nameless.code, nameless.out.split()[0]), (EXHAUSTED, f"{to[0]}:{to[1]}/tcp"))

    def test_a_bind_that_comes_before_connect_is_the_same_trouble(self):
        _, to = self.listener()
        self.connect(to, source="127.0.0.9")
        self.assertEqual(connect_error(to, source="127.0.0.9"), "EADDRINUSE")
        message = f"dial tcp 127.0.0.9:0->{to[0]}:{to[1]}: bind: address already in use"
        outcome = run("why", "--message", message)
        self.assertEqual(outcome.code, EXHAUSTED)
        self.assertIn("FROM 127.0.0.9\n", outcome.out)


class Command(Scene):
    def test_what_makes_no_sense_is_refused(self):
        for arguments, says in ((["5432"], "10.0.0.5:5432"), (["localhost:80"], "127.0.0.1:80"),
                                (["10.0.0.5:80-90"], "one destination"), (["10.0.0.5"], "10.0.0.5:80"),
                                (["10.0.0.5:80", "10.0.0.5:81"], "one destination"), (["::1:80"], r"\[::1\]:80"),
                                (["0.0.0.0:80"], "10.0.0.5:5432"), (["10.0.0.5:80", "--reuseaddr"], "--json only"),
                                (["--message", "bind: address already in use"], "--json only")):
            with self.subTest(arguments=arguments):
                outcome = run("why", "--exhaustion", *arguments)
                self.assertEqual((outcome.code, outcome.out), (USAGE, ""), outcome)
                self.assertRegex(outcome.err, rf"\Atidewait: [^\n]*{says}[^\n]*\n\Z")

    def test_a_terminal_is_told_what_is_waited_for_and_may_interrupt(self):
        with Terminal("why", "--exhaustion") as terminal:
            terminal.until_shown("watching for a second")
            terminal.type("\x03")
            self.assertEqual(terminal.end(), INTERRUPTED)
            self.assertEqual([line for line in terminal.screen() if line], [])
        with Terminal("why", "--exhaustion") as terminal:
            self.assertEqual(terminal.end(), FREE)
            self.assertEqual(terminal.screen()[0], "No destination is near exhaustion: there is no outgoing connection")

    def test_without_privileges_only_the_owners_are_hidden(self):
        nobody = Nobody(type(self))
        _, to = self.listener()
        self.connect(to)
        outcome = nobody.run("why", "--exhaustion")
        self.assertEqual((outcome.code, outcome.err), (EXHAUSTED, ""))
        self.assertRegex(outcome.out, rf"(?m)^ +{SIZE}  -$")
        self.assertIn("Some owners are hidden: CAP_SYS_PTRACE", outcome.out)

    def test_the_agent_says_the_same_of_the_destination(self):
        _, to = self.listener()
        self.connect(to, SIZE // 2)
        _, answer = self.ask(code=FREE)
        # Its own port must not lie in the range.
        with Agent(listen="127.0.0.1:10098") as agent:
            rows = agent.json("/api/v1/report")["netns"][0]["destinations"]
        self.assertEqual(len(rows), 1)
        self.assertLessEqual(rows[0].keys(), answer.keys())
        for key in ("protocol", "source", "destination", "destination_port", "used", "usable"):
            self.assertEqual(rows[0][key], answer[key])

    def test_ports_shows_the_fullest_destinations_below(self):
        _, to = self.listener()
        _, other = self.listener()
        self.connect(to, 5)
        self.assertNotIn("DESTINATION", run("ports").out)
        self.connect(to, 1)
        self.connect(other, 20)
        table = run("ports").out.partition("\n\n")[2].splitlines()
        self.assertEqual([re.split(r" {2,}", row) for row in table],
                         [["DESTINATION", "SOURCE", "LIVE", "TIME_WAIT", "EPHEMERAL PORTS TAKEN"],
                          [f"{other[0]}:{other[1]}/tcp", "127.0.0.1", "20", "0", f"20 % of {SIZE}"],
                          [f"{to[0]}:{to[1]}/tcp", "127.0.0.1", "6", "0", f"6 % of {SIZE}"]])


if __name__ == "__main__":
    main()

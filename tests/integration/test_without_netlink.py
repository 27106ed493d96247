"""Where netlink is refused, sockets are read from /proc/net: what is said is as true, what cannot be known is left out,
and everybody who asks is told."""

import errno
import json
import os
import re
import socket
import subprocess
import unittest

import test_causes
import test_counts
from lab import sockets
from lab.agent import Agent, run
from lab.faults import injected, without_netlink
from lab.kernel import bind_result, set_sysctl, ss_counts
from lab.suite import main
from lab.waiting import until

FREE, HELD, UNDETERMINED, REUSABLE = 0, 1, 3, 4
REASON = "netlink is refused (EPROTONOSUPPORT)"
# A minute until netlink is tried again, and what a busy machine takes.
SECONDS_TO_RETURN = 90
SOURCE = "tidewait_socket_source"


def setUpModule():
    if os.uname().machine not in ("x86_64", "aarch64"):
        raise unittest.SkipTest("the seccomp filter of these tests knows x86_64 and aarch64")


def tidewait(*arguments, **options):
    return run(*arguments, preexec_fn=without_netlink, **options)


class Causes(test_causes.Causes):
    """Every cause, from the agent and from `why`, and each bind that they report made by the test as well."""

    @classmethod
    def setUpClass(cls):
        cls.agent = Agent(*test_causes.watches(), "--max-ports=512", "--probe-interval=1h", preexec_fn=without_netlink)
        cls.addClassCleanup(cls.agent.kill)

    def check(self, port, cause, kind, protocol="tcp", address="*"):
        verdict = super().check(port, cause, kind, protocol, address)
        self.assertEqual(verdict["socket_source"], "procfs")
        where = "" if address == "*" else f"[{address}]:" if ":" in address else f"{address}:"
        why = json.loads(tidewait("why", "--json", f"{protocol}:{where}{port}").out)
        self.check_binds(why, bind_result)
        self.assertEqual((why["cause"], why["verdict"]), (cause, kind), why)
        self.assertEqual(why["socket_source"], "procfs")
        self.assertIn(f"/proc/net, because {REASON}", why["explanation"])
        return verdict

    def test_bound(self):
        """No table changes when it comes: an agent that has not bound the port of late finds it."""
        self.keep(sockets.bound("127.0.0.1", self.port))
        with Agent(f"--watch={self.port}", preexec_fn=without_netlink) as agent:
            why = json.loads(tidewait("why", "--json", str(self.port)).out)
            for verdict in (agent.verdict(self.port), why):
                self.check_binds(verdict)
                self.assertEqual((verdict["cause"], verdict["verdict"]), ("unseen", "held"))
                self.assertEqual((verdict["holders"], verdict["frees_in_seconds"]), ([], {}))

    def test_bound_with_reuseaddr(self):
        """The blind cell: the agent binds with SO_REUSEADDR only, and that works. `why` binds plainly as well."""
        self.keep(sockets.bound("127.0.0.1", self.port, reuseaddr=True))
        outcome = tidewait("why", "--json", str(self.port))
        why = json.loads(outcome.out)
        self.check_binds(why)
        self.assertEqual((outcome.code, why["cause"], why["verdict"]), (REUSABLE, "unseen", "reusable"))

    def test_outgoing(self):
        """Who opened a connection is not known: then it is what the port is there for."""
        server = self.keep(sockets.listener("127.0.0.1", 6001))
        self.keep(sockets.outgoing(self.port, server.getsockname()))
        verdict = self.check(self.port, "connected", "held")
        self.check_frees(verdict, None, None)
        self.assertEqual(verdict["holders"][0]["direction"], "unknown")
        self.assertEqual(verdict["holders"][0]["remote"], "127.0.0.1:6001")

    def test_connections_that_outlive_their_listener(self):
        self.keep(*sockets.accepted("127.0.0.1", self.port))
        verdict = self.check(self.port, "connected", "held")
        self.assertEqual(verdict["holders"][0]["direction"], "unknown")
        self.check_frees(verdict, None, None)


class Counts(test_counts.Counts):
    """What ss counts through netlink."""

    def setUp(self):
        self.agent = Agent(preexec_fn=without_netlink)
        self.addCleanup(self.agent.kill)

    def test_a_bound_socket_is_counted_where_the_kernel_shows_it(self):
        self.addCleanup(sockets.bound("127.0.0.1", 7001).close)
        page = test_counts.page_of_a_still_world(self.agent)[1]
        for name in ("tidewait_sockets", "tidewait_port_sockets"):
            self.assertEqual(page.series(name, state="bound_inactive"), [])
        self.agent.stop()

    def test_each_time_wait_is_counted_once(self):
        total = "tidewait_port_time_wait_entered_total"
        before = self.agent.metrics().sum(total)
        sockets.time_wait("127.0.0.1", 8090, 2000)
        sockets.time_wait("::1", 8091, 1000)
        until(lambda: self.agent.metrics().sum(total) >= before + 3000, "all of them are counted")
        self.agent.next_round()
        page = self.agent.metrics()
        self.assertEqual(page.sum(total), before + 3000)
        self.assertEqual(page.value("tidewait_time_wait_missed_total"), 0)
        self.assertEqual(page.value("tidewait_time_wait_ledger_exact"), 0)
        self.agent.stop()

    def test_a_queue_has_a_length_and_no_limit(self):
        self.addCleanup(sockets.listener("127.0.0.1", 8095).close)
        self.agent.next_round()
        page = self.agent.metrics()
        self.assertEqual(page.value("tidewait_listen_queue_length", address="127.0.0.1", port="8095"), 0)
        self.assertFalse(page.has("tidewait_listen_queue_limit"))
        self.assertEqual(self.agent.verdict(8095)["accept_queue"], {"length": 0, "limit": None})
        self.agent.stop()

    def test_what_is_left_towards_a_destination_is_not_told(self):
        set_sysctl("ipv4.ip_local_port_range", "30000 30099")
        server = sockets.listener("127.0.0.1", 8096)
        self.addCleanup(server.close)
        for _ in range(20):
            self.addCleanup(socket.create_connection(server.getsockname()).close)
        until(lambda: self.agent.metrics().has("tidewait_destination_ports_used"), "the destination is shown")
        page = self.agent.metrics()
        self.assertFalse(page.has("tidewait_destination_ports_usable"))
        ratio = "tidewait_destination_ports_used_max_ratio"
        self.assertEqual([labels["protocol"] for labels, _ in page.series(ratio)], ["udp"])
        self.agent.stop()


class Said(unittest.TestCase):
    def test_the_agent_says_so_wherever_it_is_asked(self):
        with Agent(preexec_fn=without_netlink) as agent:
            self.assertRegex(agent.log(), r'level=warn msg="sockets are read from /proc/net" '
                                          r'reason="netlink is refused \(EPROTONOSUPPORT\)"')
            self.assertEqual(agent.get("/readyz").body.decode(), f"ready, from /proc/net: {REASON}\n")
            page = agent.metrics()
            self.assertEqual(page.value(SOURCE, source="procfs"), 1)
            self.assertEqual(page.value(SOURCE, source="netlink"), 0)
            netns = agent.json("/api/v1/report")["netns"][0]
            self.assertEqual((netns["socket_source"], netns["socket_source_reason"]), ("procfs", REASON))
            agent.next_round()
            self.assertEqual(agent.log().count("sockets are read from"), 1)

    def test_with_netlink_there_is_nothing_to_say(self):
        with Agent() as agent:
            self.assertEqual(agent.get("/readyz").body, b"ready\n")
            self.assertEqual(agent.metrics().value(SOURCE, source="netlink"), 1)
            self.assertNotIn("/proc/net", agent.log())
            self.assertEqual(agent.json("/api/v1/report")["netns"][0]["socket_source"], "netlink")

    def test_ports(self):
        self.addCleanup(sockets.listener("127.0.0.1", 7301).close)
        outcome = tidewait("ports")
        self.assertEqual((outcome.code, outcome.err), (FREE, ""))
        self.assertRegex(outcome.out, r"(?m)^7301/tcp +held +listener .* 0/\? ")
        self.assertIn(f"Read from /proc/net, because {REASON}", outcome.out)

    def test_release_names_what_it_lacks(self):
        sockets.time_wait("127.0.0.1", 7302, 2)
        outcome = tidewait("release", "7302", "--time-wait", "--yes")
        self.assertEqual((outcome.code, outcome.out), (UNDETERMINED, ""))
        self.assertRegex(outcome.err, r"\A[^\n]*netlink is refused \(EPROTONOSUPPORT\)[^\n]*\n\Z")
        self.assertEqual(ss_counts()["ipv4", 7302, "time_wait"], 2)
        self.assertNotIn("tidewait release", tidewait("why", "7302").out)

    def test_wait(self):
        self.addCleanup(sockets.listener("::1", 7303, v6only=True).close)
        self.assertEqual(tidewait("wait", "7303", "--for", "listening").code, FREE)
        self.assertEqual(tidewait("wait", "[::1]:7303", "--timeout", "100ms").code, HELD)
        self.assertEqual(tidewait("wait", "127.0.0.1:7303").code, FREE)

    def test_ports_that_bind_chose_are_found_by_trying(self):
        """They are in no table, and no connect() gets one."""
        set_sysctl("ipv4.ip_local_port_range", "31000 31009")
        self.assertEqual(tidewait("why", "--exhaustion").code, FREE)
        for port in range(31000, 31010):
            self.addCleanup(sockets.bound("0.0.0.0", port).close)
        outcome = tidewait("why", "--exhaustion")
        self.assertEqual(outcome.code, HELD, outcome.out)
        self.assertIn(REASON, re.sub(r"\s+", " ", outcome.out))


class Neither(unittest.TestCase):
    """No netlink, and a /proc with nothing in it."""

    HIDE_PROC = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh")

    def setUp(self):
        if os.environ.get("TIDEWAIT_SANITIZE"):
            self.skipTest("a sanitizer cannot do without /proc")
        trial = subprocess.run([*self.HIDE_PROC, "true"], check=False, capture_output=True, text=True)
        if trial.returncode != 0:
            self.skipTest(f"/proc cannot be hidden here: {trial.stderr.strip()}")

    def test_each_command_names_both(self):
        for command in (("why", "8080"), ("wait", "8080"), ("ports",), ("why", "--exhaustion")):
            with self.subTest(command=command):
                outcome = tidewait(*command, through=self.HIDE_PROC)
                self.assertEqual((outcome.code, outcome.out), (UNDETERMINED, ""))
                self.assertRegex(outcome.err, r"\Atidewait: the sockets cannot be read: [^\n]*sock_diag[^\n]*/proc/[^\n]+\n\Z")


class Change(unittest.TestCase):
    def test_netlink_that_goes_away_fails_a_round_and_is_used_again_within_a_minute_of_its_return(self):
        refused = f"error={errno.errorcode[errno.EPROTONOSUPPORT]}"
        with Agent("--watch=8080", env={"ASAN_OPTIONS": "detect_leaks=0"}) as agent:
            with injected(agent.process, "recvmsg:error=ENOBUFS", f"socket:{refused}"):
                # A round that fails has no source.
                until(lambda: (seen := agent.metrics()).has(SOURCE) and seen.value(SOURCE, source="procfs"),
                      "sockets are read from /proc/net")
                self.assertGreater(agent.metrics().sum("tidewait_round_failures_total", stage="tcp"), 0)
            self.addCleanup(sockets.listener("127.0.0.1", 8080).close)
            until(lambda: (seen := agent.metrics()).has(SOURCE) and seen.value(SOURCE, source="netlink"),
                  "netlink is used again", SECONDS_TO_RETURN)
            agent.next_round()
            self.assertEqual(agent.verdict(8080)["cause"], "listener")
            self.assertNotIn("socket_source", agent.verdict(8080))
            self.assertEqual(agent.get("/readyz").body, b"ready\n")
            self.assertRegex(agent.log(), r'level=info msg="sockets are read through netlink again"')


if __name__ == "__main__":
    main()

"""Every way in which a port can be held gives its own cause, in JSON and in metrics; and whatever the agent says of a
bind is what a bind of the same kind, made by the test at that moment, gets."""

import os
import shutil
import socket
import tempfile
import unittest

from lab import sockets
from lab.agent import BINARY, Agent
from lab.kernel import bind_result, get_sysctl, new_socket, ss_counts
from lab.suite import main
from lab.waiting import until

NOBODY = 65534
FAR_AWAY = "192.0.2.1"
FIRST_PORT = 7001
PORTS = 30
WILDCARDS = ("0.0.0.0", "::")


def watches():
    """Each port with every kind of address that the tests ask for."""
    span = f"{FIRST_PORT}-{FIRST_PORT + PORTS - 1}"
    addresses = ("", "127.0.0.1:", "0.0.0.0:", "[::]:", "[::1]:")
    return [f"--watch={protocol}:{address}{span}" for protocol in ("tcp", "udp") for address in addresses]


class Verdicts(unittest.TestCase):
    """Asks a running agent, and compares what it says with binds of the test's own."""

    agent = None

    def keep(self, *made):
        for each in made:
            self.addCleanup(each.close)
        return made[0]

    def check_binds(self, verdict, bind=bind_result):
        """Every bind that the agent reports has the result that it has now; the verdict follows from them."""
        endpoint = verdict["endpoint"]
        results = {False: [], True: []}
        for shown in verdict["binds"]:
            result = bind(shown["address"], endpoint["port"], endpoint["protocol"], shown["reuseaddr"])
            self.assertEqual(shown["result"], result, shown)
            results[shown["reuseaddr"]].append(result)
        addresses = WILDCARDS if endpoint["address"] == "*" else (endpoint["address"],)
        for reuseaddr in (False, True) if endpoint["protocol"] == "tcp" else (False,):
            self.assertEqual([shown["address"] for shown in verdict["binds"] if shown["reuseaddr"] == reuseaddr],
                             list(addresses))
        works = {kind: bool(binds) and set(binds) == {"ok"} for kind, binds in results.items()}
        if verdict["verdict"] != "unknown":
            wanted = "free" if works[False] else "reusable" if works[True] else "held"
            self.assertEqual(verdict["verdict"], wanted)
        return works

    def check_metrics(self, verdict, works):
        """The metrics tell the same."""
        endpoint = verdict["endpoint"]
        labels = {"protocol": endpoint["protocol"], "address": endpoint["address"], "port": str(endpoint["port"])}
        page = self.agent.metrics()
        blocked = {series["cause"]: value for series, value in page.series("tidewait_port_blocked", **labels)}
        causes = ("denied", "address", "privileged", "listener", "bound", "outgoing", "connected", "closing",
                  "time_wait", "unseen")
        self.assertEqual(blocked, {cause: float(cause == verdict["cause"]) for cause in causes})
        bindable = {series["reuseaddr"]: value for series, value in page.series("tidewait_port_bindable", **labels)}
        if verdict["verdict"] == "unknown":
            self.assertEqual(bindable, {})
        else:
            self.assertEqual(bindable, {str(kind).lower(): float(works[kind])
                                        for kind in ((False, True) if endpoint["protocol"] == "tcp" else (False,))})

    def check(self, port, cause, kind, protocol="tcp", address="*"):
        """After a round that has seen the present sockets."""
        self.agent.next_round()
        verdict = self.agent.verdict(port, protocol, address)
        self.assertEqual((verdict["cause"], verdict["verdict"]), (cause, kind), verdict)
        self.check_metrics(verdict, self.check_binds(verdict))
        self.assertNotIn("contradiction", verdict)
        self.assertTrue(verdict["explanation"])
        return verdict

    def check_frees(self, verdict, plain, reuseaddr):
        """Seconds as (at least, at most), or None for never."""
        for key, wanted in (("plain", plain), ("reuseaddr", reuseaddr)):
            seconds = verdict["frees_in_seconds"][key]
            if wanted is None or seconds is None:
                self.assertEqual((key, seconds), (key, wanted))
            else:
                self.assertTrue(wanted[0] <= seconds <= wanted[1], (key, seconds))


NOW = (0, 0)
# 60 s, the kernel's timer slack (at most 5.1 s, at HZ=100), and what the test itself took.
WITHIN_A_MINUTE = (40, 65.5)


class Causes(Verdicts):
    port = FIRST_PORT

    @classmethod
    def setUpClass(cls):
        # The test's own binds must never meet one that the agent makes only because time has passed.
        cls.agent = Agent(*watches(), "--max-ports=512", "--probe-interval=1h")
        cls.addClassCleanup(cls.agent.kill)

    def setUp(self):
        self.port = Causes.port
        Causes.port += 1
        self.assertLess(self.port, FIRST_PORT + PORTS)

    def test_nothing(self):
        verdict = self.check(self.port, "none", "free")
        self.assertEqual(verdict["holders"], [])
        self.check_frees(verdict, NOW, NOW)

    def test_listener(self):
        self.keep(sockets.listener("0.0.0.0", self.port))
        verdict = self.check(self.port, "listener", "held")
        self.check_frees(verdict, None, None)
        self.check(self.port, "listener", "held", address="127.0.0.1")
        self.check(self.port, "none", "free", address="::1")

    def test_listener_with_reuseaddr_is_no_less_in_the_way(self):
        self.keep(sockets.listener("127.0.0.1", self.port, reuseaddr=True))
        self.check(self.port, "listener", "held")
        self.check(self.port, "listener", "held", address="127.0.0.1")

    def test_dual_stack_listener_holds_ipv4_addresses(self):
        self.keep(sockets.listener("::", self.port))
        for address in ("*", "127.0.0.1", "0.0.0.0", "::", "::1"):
            self.check(self.port, "listener", "held", address=address)

    def test_ipv6_only_listener_leaves_ipv4_alone(self):
        self.keep(sockets.listener("::", self.port, v6only=True))
        self.check(self.port, "listener", "held")
        self.check(self.port, "listener", "held", address="::")
        self.check(self.port, "none", "free", address="0.0.0.0")

    def test_bound(self):
        self.keep(sockets.bound("0.0.0.0", self.port))
        shows_bound = self.agent.metrics().series("tidewait_sockets", state="bound_inactive")
        verdict = self.check(self.port, "bound" if shows_bound else "unseen", "held")
        self.check_frees(verdict, None, None)

    def test_bound_with_reuseaddr(self):
        self.keep(sockets.bound("127.0.0.1", self.port, reuseaddr=True))
        if not self.agent.metrics().series("tidewait_sockets", state="bound_inactive"):
            self.skipTest("a bound socket with SO_REUSEADDR is the blind cell of kernels before 6.8")
        self.check_frees(self.check(self.port, "bound", "reusable"), None, NOW)

    def test_udp(self):
        self.keep(sockets.bound("127.0.0.1", self.port, protocol="udp"))
        verdict = self.check(self.port, "bound", "held", protocol="udp")
        self.assertIsNone(verdict["frees_in_seconds"]["plain"])
        self.assertNotIn("reuseaddr", verdict["frees_in_seconds"])
        self.check(self.port, "bound", "held", protocol="udp", address="127.0.0.1")
        self.check(self.port, "none", "free", protocol="udp", address="::1")
        self.check(self.port, "none", "free")

    def test_udp_with_reuseaddr_is_never_reusable(self):
        self.keep(sockets.bound("0.0.0.0", self.port, protocol="udp", reuseaddr=True))
        self.check(self.port, "bound", "held", protocol="udp")

    def test_outgoing(self):
        server = self.keep(sockets.listener("127.0.0.1", 6001))
        self.keep(sockets.outgoing(self.port, server.getsockname()))
        verdict = self.check(self.port, "outgoing", "held")
        self.check_frees(verdict, None, None)
        self.assertEqual(verdict["holders"][0]["direction"], "outbound")
        self.assertEqual(verdict["holders"][0]["remote"], "127.0.0.1:6001")
        self.check(self.port, "outgoing", "held", address="127.0.0.1")

    def test_outgoing_from_an_ephemeral_port(self):
        low, high = get_sysctl("ipv4.ip_local_port_range")
        server = self.keep(sockets.listener("127.0.0.1", 6002))
        client = self.keep(socket.create_connection(server.getsockname()))
        port = client.getsockname()[1]
        self.assertTrue(int(low) <= port <= int(high))
        with Agent(f"--watch={port}") as agent:
            self.assertEqual(agent.verdict(port)["cause"], "outgoing")
            self.assertEqual(agent.metrics().value("tidewait_port_in_ephemeral_range", protocol="tcp", port=str(port)), 1)

    def test_address_that_is_not_ours(self):
        with Agent(f"--watch={FAR_AWAY}:{self.port}") as agent:
            verdict = agent.verdict(self.port, address=FAR_AWAY)
            self.assertEqual((verdict["cause"], verdict["verdict"]), ("address", "held"))
            self.assertEqual({bind["result"] for bind in verdict["binds"]}, {"EADDRNOTAVAIL"})
            self.check_binds(verdict)

    def test_time_wait_of_a_server_without_reuseaddr(self):
        sockets.time_wait("127.0.0.1", self.port, 3)
        verdict = self.check(self.port, "time_wait", "held")
        self.check_frees(verdict, WITHIN_A_MINUTE, WITHIN_A_MINUTE)
        self.assertEqual([(holder["state"], holder["count"]) for holder in verdict["holders"]], [("time_wait", 3)])
        self.assertFalse(verdict["may_extend"])
        self.check(self.port, "time_wait", "held", address="127.0.0.1")
        self.check(self.port, "none", "free", address="::1")

    def test_time_wait_of_a_server_with_reuseaddr(self):
        sockets.time_wait("127.0.0.1", self.port, 3, reuseaddr=True)
        self.check_frees(self.check(self.port, "time_wait", "reusable"), WITHIN_A_MINUTE, NOW)

    def test_time_wait_of_a_dual_stack_server(self):
        """Sockets of IPv6 that are not V6ONLY are in the way of 0.0.0.0, but not of 127.0.0.1 when they are on ::1."""
        sockets.time_wait("::", self.port, 1, to="::1")
        for address in ("*", "0.0.0.0", "::", "::1"):
            self.check(self.port, "time_wait", "held", address=address)
        self.check(self.port, "none", "free", address="127.0.0.1")

    def test_listener_comes_before_time_wait(self):
        with sockets.serving_time_wait("127.0.0.1", self.port, 2):
            verdict = self.check(self.port, "listener", "held")
            self.assertEqual({holder["state"] for holder in verdict["holders"]}, {"listen", "time_wait"})
            self.check_frees(verdict, None, None)

    def test_connections_that_outlive_their_listener(self):
        self.keep(*sockets.accepted("127.0.0.1", self.port))
        verdict = self.check(self.port, "connected", "held")
        self.assertEqual(verdict["holders"][0]["direction"], "inbound")
        self.check_frees(verdict, None, None)

    def test_connections_that_outlive_their_listener_with_reuseaddr(self):
        self.keep(*sockets.accepted("127.0.0.1", self.port, reuseaddr=True))
        self.check_frees(self.check(self.port, "connected", "reusable"), None, NOW)

    def test_close_wait(self):
        far, client = sockets.accepted("127.0.0.1", self.port)
        self.keep(far)
        client.close()
        self.assertEqual(self.check(self.port, "connected", "held")["holders"][0]["state"], "close_wait")

    def test_orphaned_fin_wait2(self):
        self.keep(sockets.orphaned_fin_wait2("127.0.0.1", self.port))
        verdict = self.check(self.port, "closing", "held")
        self.assertTrue(verdict["may_extend"])
        self.check_frees(verdict, WITHIN_A_MINUTE, WITHIN_A_MINUTE)

    def test_fin_wait2_that_a_process_still_has(self):
        far, client = sockets.accepted("127.0.0.1", self.port)
        self.keep(far, client).shutdown(socket.SHUT_WR)
        until(lambda: ss_counts()["ipv4", self.port, "fin_wait2"] == 1, "FIN_WAIT2")
        self.check_frees(self.check(self.port, "closing", "held"), None, None)

    def test_a_port_that_becomes_free_is_free_in_the_next_round(self):
        server = self.keep(sockets.listener("0.0.0.0", self.port))
        self.check(self.port, "listener", "held")
        server.close()
        self.check(self.port, "none", "free")


class AsOrdinaryUser(Verdicts):
    """The agent under a user who may not bind ports below 1024, beside services that may."""

    @classmethod
    def setUpClass(cls):
        room = tempfile.TemporaryDirectory()
        cls.addClassCleanup(room.cleanup)
        os.chmod(room.name, 0o755)
        binary = shutil.copy(BINARY, room.name)
        try:
            cls.agent = Agent("--watch=80", "--watch=81", "--watch=82", binary=binary, user=NOBODY, group=NOBODY,
                              extra_groups=[])
        except (PermissionError, OSError) as error:
            raise unittest.SkipTest(f"an agent of user {NOBODY} cannot be started here: {error}") from None
        cls.addClassCleanup(cls.agent.kill)

    def test_a_privileged_port_is_not_known(self):
        self.agent.next_round()
        verdict = self.agent.verdict(80)
        self.assertEqual((verdict["cause"], verdict["verdict"]), ("privileged", "unknown"))
        self.assertEqual({bind["result"] for bind in verdict["binds"]}, {"EACCES"})
        self.check_metrics(verdict, {})

    def test_a_listener_is_seen_without_a_privilege(self):
        self.keep(sockets.listener("0.0.0.0", 81))
        self.agent.next_round()
        verdict = self.agent.verdict(81)
        self.assertEqual((verdict["cause"], verdict["verdict"]), ("listener", "held"))

    def test_time_wait_is_seen_without_a_privilege(self):
        sockets.time_wait("127.0.0.1", 82, 1)
        self.agent.next_round()
        self.assertEqual(self.agent.verdict(82)["cause"], "time_wait")


class WithoutProbing(Verdicts):
    """From the table alone: right as to EADDRINUSE, or unknown."""

    @classmethod
    def setUpClass(cls):
        cls.agent = Agent("--probe=off", "--watch=6101-6110")
        cls.addClassCleanup(cls.agent.kill)

    def test_nothing_is_bound(self):
        self.agent.next_round()
        self.assertEqual(self.agent.metrics().value("tidewait_probes_total"), 0)
        self.assertNotIn("performed", {bind["how"] for port in range(6101, 6111)
                                       for bind in self.agent.verdict(port)["binds"]})

    def test_what_is_said_is_right(self):
        self.keep(sockets.listener("0.0.0.0", 6101))
        self.keep(sockets.bound("127.0.0.1", 6102))
        sockets.time_wait("127.0.0.1", 6103, 1)
        sockets.time_wait("127.0.0.1", 6104, 1, reuseaddr=True)
        self.keep(*sockets.accepted("127.0.0.1", 6105))
        self.agent.next_round()
        for port in range(6101, 6106):
            verdict = self.agent.verdict(port)
            self.assertIn(verdict["verdict"], ("held", "reusable", "unknown"))
            for bind in verdict["binds"]:
                self.assertEqual(bind["result"], bind_result(bind["address"], port, reuseaddr=bind["reuseaddr"]), bind)
        self.assertEqual(self.agent.verdict(6101)["verdict"], "held")


if __name__ == "__main__":
    main()

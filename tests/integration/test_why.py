"""`tidewait why` for every way in which a port can be held: its exit code, its words, its JSON, and binds of the test's
own, all of which must agree."""

import socket
import unittest

from lab import sockets
from lab.agent import run
from lab.cgroup import refusing_binds
from lab.kernel import bind_result, get_sysctl, set_sysctl
from lab.nobody import Nobody
from lab.suite import main
from lab.why import why

FREE, HELD, UNDETERMINED, REUSABLE = 0, 1, 3, 4
FAR_AWAY = "192.0.2.1"
FIRST_PORT = 7001
EPHEMERAL_PORT = 40000
RESERVED_PORTS = "ipv4.ip_local_reserved_ports"
# Without a time of day after "or later": nobody knows it.
SECONDS = r"[56]\d\.\d s"
AT = r"at \d\d:\d\d:\d\d"


def reuseport_listener(address, port):
    server = sockets.new_socket(address)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    server.bind((address, port))
    server.listen()
    return server


class Why(unittest.TestCase):
    next_port = FIRST_PORT

    def setUp(self):
        self.port = Why.next_port
        Why.next_port += 1

    def keep(self, *made):
        for each in made:
            self.addCleanup(each.close)
        return made[0]

    def reserve(self, ports):
        """Sets ip_local_reserved_ports until the end of the test."""
        self.addCleanup(set_sysctl, RESERVED_PORTS, ",".join(get_sysctl(RESERVED_PORTS)))
        set_sysctl(RESERVED_PORTS, ports)

    def check_binds(self, verdict):
        """Each bind was made by `why` itself, and has the result that one of the test gets now."""
        endpoint = verdict["endpoint"]
        addresses = ("0.0.0.0", "::") if endpoint["address"] == "*" else (endpoint["address"],)
        options = (False, True) if endpoint["protocol"] == "tcp" else (False,)
        self.assertEqual({(shown["address"], shown["reuseaddr"]) for shown in verdict["binds"]},
                         {(address, option) for option in options for address in addresses})
        for shown in verdict["binds"]:
            result = bind_result(shown["address"], endpoint["port"], endpoint["protocol"], shown["reuseaddr"])
            self.assertEqual((shown["result"], shown["how"]), (result, "performed"), shown)

    def check(self, endpoint, code, cause, headline, says, **options):
        """headline: a pattern for what follows the endpoint in the first line; says: patterns for the paragraph."""
        text, verdict = why(self, str(endpoint), code, **options)
        kind = {FREE: "free", HELD: "held", REUSABLE: "reusable"}[code]
        self.assertEqual((verdict["verdict"], verdict["cause"]), (kind, cause))
        self.assertRegex(text.headline, rf"\A\S+/(tcp|udp) {headline}\Z")
        for pattern in says:
            self.assertRegex(text.why, pattern)
        self.check_binds(verdict)
        self.check_reuseaddr(endpoint, verdict)
        return text, verdict

    def check_reuseaddr(self, endpoint, verdict):
        """For a server that sets SO_REUSEADDR the port is free exactly when such a bind works."""
        if verdict["endpoint"]["protocol"] == "udp":
            return
        works = {bind["result"] for bind in verdict["binds"] if bind["reuseaddr"]} == {"ok"}
        self.assertEqual(run("why", str(endpoint), "--reuseaddr").code, FREE if works else HELD)
        self.assertEqual(run("why", str(endpoint), "--reuseaddr", "--json").code, FREE if works else HELD)

    def test_free(self):
        text, _ = self.check(self.port, FREE, "none", "is free", ["Nothing holds the port"])
        self.assertEqual((text.holders, text.advice), ([], ""))
        self.check(f"udp:{self.port}", FREE, "none", "is free", ["Nothing holds the port"])

    def test_free_inside_the_ephemeral_range(self):
        self.reserve("39999,40002-40010")
        text, _ = self.check(EPHEMERAL_PORT, FREE, "none", "is free", [])
        self.assertIn("sysctl -w net.ipv4.ip_local_reserved_ports=39999-40000,40002-40010\n", text.advice)
        self.assertIn("an outgoing connection can take it", text.flow)
        self.reserve("39999-40000,40002-40010")
        text, _ = self.check(EPHEMERAL_PORT, FREE, "none", "is free", [])
        self.assertEqual(text.advice, "")

    def test_listener(self):
        self.keep(sockets.listener("0.0.0.0", self.port))
        text, verdict = self.check(self.port, HELD, "listener", r"is held by a listener: python3 \(\d+\).*",
                                   [rf"listening on 0\.0\.0\.0:{self.port}/tcp", "waiting does not help",
                                    "It has not set SO_REUSEPORT"])
        self.assertIs(verdict["holders"][0]["reuseport"], False)
        self.assertRegex(text.advice, r"  now +(kill \d+|systemctl stop \S+)")
        self.check(f"127.0.0.1:{self.port}", HELD, "listener", "is held by a listener.*", ["listens on every address"])
        self.check(f"[::1]:{self.port}", FREE, "none", "is free", [])

    def test_dual_stack_listener_that_a_look_at_ipv4_does_not_show(self):
        self.keep(sockets.listener("::", self.port))
        self.check(f"127.0.0.1:{self.port}", HELD, "listener", "is held by a listener.*",
                   ["IPv6 socket that serves IPv4 as well", "a look at IPv4 sockets alone does not show it"])

    def test_the_headline_names_the_address_where_they_differ(self):
        self.keep(sockets.listener("127.0.0.1", self.port, reuseaddr=True))
        # A dual-stack bind is refused as well: here both are worse.
        self.check(self.port, HELD, "listener", "is held by a listener.*", [])
        port = self.port + 1000
        self.keep(sockets.listener("::", port, v6only=True))
        self.check(port, HELD, "listener", r"is held on \[::\] by a listener, free on 0\.0\.0\.0", [])

    def test_reuseport_lets_the_same_user_in(self):
        self.keep(reuseport_listener("0.0.0.0", self.port))
        _, verdict = self.check(self.port, HELD, "listener", "is held by a listener.*",
                                ["It has set SO_REUSEPORT", "gets in beside it"])
        self.assertIs(verdict["holders"][0]["reuseport"], True)
        # What is said of it is so.
        self.keep(reuseport_listener("0.0.0.0", self.port))

    def test_bound(self):
        self.keep(sockets.bound("0.0.0.0", self.port))
        self.check(self.port, HELD, "bound", r"is held by a socket that does not listen: python3 \(\d+\).*",
                   ["does not listen", "Most tools do not show"])

    def test_bound_with_reuseaddr(self):
        self.keep(sockets.bound("127.0.0.1", self.port, reuseaddr=True))
        self.check(self.port, REUSABLE, "bound", "can be bound only with SO_REUSEADDR: a socket that does not listen",
                   ["It has set SO_REUSEADDR, so a bind that sets it, too, works now"])

    def test_connections_that_outlive_their_listener(self):
        self.keep(*sockets.accepted("127.0.0.1", self.port))
        self.check(self.port, HELD, "connected", r"is held by a connection still open: python3 \(\d+\).*",
                   ["No server listens here any more", "1 connection", "however long"])

    def test_connections_that_outlive_their_listener_with_reuseaddr(self):
        self.keep(*sockets.accepted("127.0.0.1", self.port, reuseaddr=True))
        self.check(self.port, REUSABLE, "connected", "can be bound only with SO_REUSEADDR: a connection still open",
                   ["had set SO_REUSEADDR, so a bind that sets it, too, works now"])

    def test_orphaned_fin_wait2(self):
        self.keep(sockets.orphaned_fin_wait2("127.0.0.1", self.port))
        _, verdict = self.check(self.port, HELD, "closing",
                                rf"is held by a closing connection: free in {SECONDS}, or later",
                                ["half closed", "a late FIN turns each into a TIME_WAIT"])
        self.assertTrue(verdict["may_extend"])

    def test_time_wait(self):
        sockets.time_wait("127.0.0.1", self.port, 3)
        text, _ = self.check(self.port, HELD, "time_wait", rf"is held by TIME_WAIT: free in {SECONDS}, {AT}",
                             ["the socket that left them had not set SO_REUSEADDR", "must both have it"])
        for command in (f"tidewait wait {self.port} ", f"tidewait release {self.port} --time-wait\n", "REUSEADDR, &on"):
            self.assertIn(command, text.advice)
        self.assertIn("10048 (WSAEADDRINUSE)", text.flow)
        self.assertIn("RFC 1337", text.advice)

    def test_time_wait_with_reuseaddr(self):
        sockets.time_wait("127.0.0.1", self.port, 3, reuseaddr=True)
        self.check(self.port, REUSABLE, "time_wait",
                   rf"can be bound only with SO_REUSEADDR: plain free in {SECONDS}, {AT}", ["works now"])

    def test_outgoing(self):
        self.reserve("9999,41000-41002")
        server = self.keep(sockets.listener("127.0.0.1", self.port))
        client = self.keep(socket.create_connection(server.getsockname()))
        port = client.getsockname()[1]
        text, verdict = self.check(port, HELD, "outgoing", r"is held by an outgoing connection: python3 \(\d+\).*",
                                   [rf"connection to 127\.0\.0\.1:{self.port}, opened by python3 \(\d+\)"])
        self.assertEqual(verdict["holders"][0]["direction"], "outbound")
        # The line can be pasted: what was reserved stays so, and the port joins it.
        commands = [remedy["command"] for remedy in verdict["remedies"] if remedy["kind"] == "reserve"]
        self.assertEqual(len(commands), 1, text.text)
        name, _, ports = commands[0].removeprefix("sysctl -w net.").partition("=")
        set_sysctl(name, ports)
        self.assertEqual(set(",".join(get_sysctl(name)).split(",")), {"9999", "41000-41002", str(port)})

    def test_address_that_is_not_ours(self):
        self.check(f"{FAR_AWAY}:{self.port}", HELD, "address", "is held: not an address of this network namespace",
                   ["does not belong to this network namespace"])

    def test_policy(self):
        with refusing_binds() as join:
            text, verdict = why(self, str(self.port), HELD, ask=lambda *arguments: run(*arguments, preexec_fn=join))
        self.assertEqual((verdict["verdict"], verdict["cause"]), ("held", "denied"))
        self.assertEqual(text.headline, f"{self.port}/tcp is held by a policy of this system")
        self.assertEqual({bind["result"] for bind in verdict["binds"]}, {"EPERM"})

    def test_udp(self):
        self.keep(sockets.bound("127.0.0.1", self.port, protocol="udp"))
        _, verdict = self.check(f"udp:{self.port}", HELD, "bound", r"is held by a UDP socket: python3 \(\d+\).*",
                                ["UDP has no states that end by themselves"])
        self.assertEqual(verdict["frees_in_seconds"], {"plain": None})
        self.check(self.port, FREE, "none", "is free", [])


class Unprivileged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.nobody = Nobody(cls)
        cls.addClassCleanup(set_sysctl, "ipv4.ip_unprivileged_port_start",
                            *get_sysctl("ipv4.ip_unprivileged_port_start"))
        set_sysctl("ipv4.ip_unprivileged_port_start", 1024)

    def test_privileged_port(self):
        text, verdict = why(self, "80", HELD, ask=self.nobody.run)
        self.assertEqual((verdict["verdict"], verdict["cause"]), ("held", "privileged"))
        self.assertEqual({bind["result"] for bind in verdict["binds"]}, {"EACCES"})
        self.assertIn("CAP_NET_BIND_SERVICE", text.why)
        self.assertIn("sysctl -w net.ipv4.ip_unprivileged_port_start=80\n", text.advice)

    def test_the_privilege_that_is_named_is_enough(self):
        self.assertEqual(self.nobody.run("why", "80", capabilities=["net_bind_service"]).code, FREE)

    def test_who_holds_a_privileged_port_is_said_first(self):
        with sockets.listener("127.0.0.1", 81):
            _, verdict = why(self, "81", HELD, ask=self.nobody.run)
        self.assertEqual((verdict["verdict"], verdict["cause"]), ("held", "listener"))

    def test_nothing_is_said_of_a_reuseport_that_cannot_be_read(self):
        with reuseport_listener("127.0.0.1", 6001):
            text, verdict = why(self, "6001", HELD, ask=self.nobody.run)
        self.assertIsNone(verdict["holders"][0]["reuseport"])
        self.assertNotIn("SO_REUSEPORT", text.text)


if __name__ == "__main__":
    main()

"""--netns: one agent looks at several network namespaces, each with ports, totals and verdicts of its own."""

import errno
import os
import pathlib
import resource
import socket
import subprocess
import tempfile
import unittest

from lab import cgroup, sockets
from lab.agent import Agent, run
from lab.namespaces import Namespace, lo_is_up
from lab.suite import main
from lab.waiting import until

PORT = 8080
# With one listener and 64 connections; see descriptors.c.
DESCRIPTORS_FOR_TWO = 24 + 4 + 64 + 2 * 2
# <asm-generic/socket.h>; since Linux 5.14
SO_NETNS_COOKIE = 71
CONTAINER = "5e" * 32


def listening():
    return sockets.listener("0.0.0.0", PORT)


def bind_fails():
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", PORT))
        except OSError as error:
            assert error.errno == errno.EADDRINUSE, error
            return
    raise AssertionError("the bind works")


def bind_works():
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", PORT))


class Namespaces(unittest.TestCase):
    def make(self, prepare=lambda: None):
        namespace = Namespace(prepare)
        self.addCleanup(namespace.close)
        return namespace

    def verdict(self, agent, namespace):
        answer = agent.get(f"/api/v1/ports/{PORT}?netns={namespace.name}")
        return agent.json(f"/api/v1/ports/{PORT}?netns={namespace.name}") if answer.status == 200 else None

    def row(self, agent, name):
        return next((row for row in agent.json("/api/v1/report")["netns"] if row["name"] == name), None)

    def test_one_port_has_a_verdict_of_its_own_in_each_namespace(self):
        def closing():
            lo_is_up()
            return sockets.accepted("127.0.0.1", PORT)

        held, connected = self.make(listening), self.make(closing)
        held.run(bind_fails)
        connected.run(bind_fails)
        with Agent(f"--netns={held.path}", f"--netns={connected.path}", f"--watch={PORT}") as agent:
            row = until(lambda: self.verdict(agent, held), "the listener is seen")
            self.assertEqual((row["netns"], row["verdict"], row["cause"]), (held.name, "held", "listener"))
            own = agent.json(f"/api/v1/ports/{PORT}")
            self.assertEqual((own["netns"], own["verdict"]), ("self", "free"))
            page = agent.metrics()
            for name, state, count in ((held.name, "listen", 1), (held.name, "established", 0),
                                       (connected.name, "listen", 0), (connected.name, "established", 2)):
                found = page.sum("tidewait_sockets", protocol="tcp", state=state, netns=name)
                self.assertEqual(found, count, (name, state))
        bind_works()

    def test_a_port_that_becomes_free_in_one_namespace_stays_held_in_the_other(self):
        first, second = self.make(listening), self.make(listening)
        with Agent("--netns=all") as agent:
            until(lambda: self.verdict(agent, first) and self.verdict(agent, second), "both are seen")
            held = [labels for labels, value in agent.metrics().series("tidewait_port_bindable", port=str(PORT))
                    if labels.get("netns") in (first.name, second.name) and value == 0]
            self.assertEqual(len(held), 4)
            name = first.name
            first.close()
            until(lambda: self.row(agent, name) is None, "it is let go of")
            self.assertEqual(self.verdict(agent, second)["verdict"], "held")

    def test_only_other_namespaces_have_the_label(self):
        other = self.make(listening)
        with Agent(f"--netns={other.path}") as agent:
            agent.next_round()
            names = {labels.get("netns") for labels, _ in agent.metrics().series("tidewait_sockets")}
        self.assertEqual(names, {None, other.name})

    def test_a_connection_in_a_namespace_that_had_none_is_seen_in_the_next_round(self):
        quiet = self.make(lambda: (lo_is_up(), listening()))
        with Agent(f"--netns={quiet.path}") as agent:
            agent.next_round()
            agent.next_round()
            quiet.run(lambda: socket.create_connection(("127.0.0.1", PORT)).close())
            until(lambda: agent.metrics().sum("tidewait_port_sockets", port=str(PORT), state="close_wait",
                                              netns=quiet.name) == 1, "the connection is seen")

    def test_a_namespace_ends_though_the_agent_has_looked_at_it(self):
        veth = f"tw{os.getpid() % 100000}"
        with Agent("--netns=all") as agent:
            agent.next_round()
            descriptors = agent.metrics().value("process_open_fds")
            namespace = Namespace(listening)
            subprocess.run(["ip", "link", "add", veth, "type", "veth", "peer", "name", "inside",
                            "netns", str(namespace.pid)], check=True)
            until(lambda: self.verdict(agent, namespace), "it is seen")
            namespace.close()
            until(lambda: not os.path.exists(f"/sys/class/net/{veth}"), "its devices are gone")
            until(lambda: agent.metrics().value("process_open_fds") <= descriptors, "its descriptors are closed")

    def test_what_may_not_be_entered_is_counted_and_named_with_the_capability(self):
        other = self.make(listening)
        through = ("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin")
        with Agent(f"--netns={other.path}", through=through) as agent:
            agent.next_round()
            row = self.row(agent, other.name)
            self.assertEqual(row["error"]["code"], "unreachable")
            self.assertIn("CAP_SYS_ADMIN", row["error"]["message"])
            page = agent.metrics()
            self.assertEqual(page.value("tidewait_netns", state="unreachable"), 1)
            self.assertEqual(page.value("tidewait_netns", state="watched"), 1)
            self.assertEqual(page.series("tidewait_sockets", netns=other.name), [])
            self.assertRegex(agent.log(), r"not every namespace can be looked at.*CAP_SYS_ADMIN")

    def test_without_owners_the_namespaces_of_other_users_are_found_or_the_capability_is_named(self):
        other = self.make(listening)
        for flag in "--netns=all", f"--netns={other.path}":
            with Agent("--no-owners", "--user=nobody", flag) as agent:
                until(lambda: self.verdict(agent, other), "the listener is seen")
        with Agent("--no-owners", "--netns=all", through=("setpriv", "--bounding-set=-sys_ptrace",
                                                          "--inh-caps=-sys_ptrace", "--reuid=nobody",
                                                          "--clear-groups")) as agent:
            agent.next_round()
            self.assertIsNone(self.row(agent, other.name))
            self.assertRegex(agent.log(), r"not every namespace can be looked at.*CAP_SYS_PTRACE")
            self.assertIn("namespaces of other users: needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
                          agent.json("/api/v1/report")["agent"]["sandbox"]["unknown"])

    def test_what_takes_another_s_place_takes_its_name(self):
        first, second = self.make(), self.make(listening)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "netns", "blue")
            path.parent.mkdir()
            path.symlink_to(first.path)
            with Agent(f"--netns={path}", "--netns=/proc/self/ns/net") as agent:
                until(lambda: self.row(agent, "blue"), "the first is seen")
                path.unlink()
                path.symlink_to(second.path)
                until(lambda: agent.metrics().sum("tidewait_sockets", netns="blue", state="listen") == 1,
                      "the second is seen")
                self.assertEqual([row["name"] for row in agent.json("/api/v1/report")["netns"]], ["self", "blue"])

    def test_what_there_is_no_descriptor_for_is_named_with_the_limit(self):
        def with_descriptors():
            resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS_FOR_TWO // 2, DESCRIPTORS_FOR_TWO))

        others = [self.make(listening) for _ in range(3)]
        with Agent(*(f"--netns={other.path}" for other in others), preexec_fn=with_descriptors) as agent:
            agent.next_round()
            page = agent.metrics()
            self.assertEqual(page.value("tidewait_netns", state="watched"), 3)
            self.assertEqual(page.value("tidewait_netns", state="unreachable"), 1)
            self.assertLess(page.value("process_open_fds"), page.value("process_max_fds"))
            self.assertRegex(agent.log(), r"not every namespace can be looked at.*for 2 namespaces only: raise the hard "
                                          r"limit \(ulimit -Hn, LimitNOFILE=\)")

    def test_no_round_fails_while_namespaces_come_and_go(self):
        with Agent("--netns=all") as agent:
            agent.next_round()
            failures = agent.metrics().sum("tidewait_round_failures_total")
            survivor = self.make(listening)
            while self.row(agent, survivor.name) is None:
                for passing in [self.make(listening) for _ in range(5)]:
                    passing.close()
            self.assertEqual(agent.metrics().sum("tidewait_round_failures_total"), failures)

    def test_a_path_that_is_no_namespace_is_named(self):
        with tempfile.NamedTemporaryFile() as file, Agent(f"--netns={file.name}", "--netns=/nowhere") as agent:
            agent.next_round()
            errors = [row["error"]["message"] for row in agent.json("/api/v1/report")["netns"][1:]]
            self.assertTrue(any(file.name in error and "not a network namespace" in error for error in errors), errors)
            self.assertTrue(any("/nowhere" in error and "No such file" in error for error in errors), errors)

    def test_a_name_that_is_no_path_is_refused_at_the_start(self):
        outcome = run("serve", "--netns=blue")
        self.assertEqual(outcome.code, 2)
        self.assertRegex(outcome.err, r"\A[^\n]*--netns[^\n]*/run/netns/blue\n\Z")

    def test_two_of_one_container_are_told_apart_for_good(self):
        with cgroup.named(f"docker-{CONTAINER}.scope") as join:
            both = [Namespace(lambda: (join(), listening())) for _ in range(2)]
            own_names = [CONTAINER[:12], *(namespace.name for namespace in both)]
            try:
                with Agent("--netns=all") as agent:
                    def named():
                        return [row["name"] for row in agent.json("/api/v1/report")["netns"] if row["name"] in own_names]

                    names = until(lambda: len(named()) == len(both) and named(), "both are seen")
                    self.assertEqual(names.count(CONTAINER[:12]), 1)
                    for _ in range(3):
                        agent.next_round()
                        self.assertEqual(named(), names)
            finally:
                for namespace in both:
                    namespace.close()

    def test_tracked_ports_of_all_namespaces_together_are_at_most_max_ports(self):
        def many():
            return [sockets.listener("0.0.0.0", port) for port in range(9000, 9010)]

        first, second = self.make(many), self.make(many)
        with Agent(f"--netns={first.path}", f"--netns={second.path}", "--max-ports=12") as agent:
            agent.next_round()
            self.assertEqual(len(agent.json("/api/v1/ports")["ports"]), 12)
            page = agent.metrics()
            for name in (first.name, second.name):
                self.assertEqual(page.sum("tidewait_port_sockets", netns=name, state="listen"), 10)

    def test_log_and_report_say_whose_namespace_it_is_in_a_container_of_its_own_processes_too(self):
        with socket.socket() as here:
            try:
                here.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8)
            except OSError as error:
                self.skipTest(f"this kernel does not tell network namespaces apart: {error.strerror}")
        container = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
        for through in ((), container):
            agent = Agent(through=through)
            self.addCleanup(agent.kill)
            self.assertRegex(agent.log(), r"msg=starting .*netns=self scope=container\n")
            self.assertEqual(self.row(agent, "self")["scope"], "container")


class Commands(unittest.TestCase):
    def setUp(self):
        self.namespace = Namespace(listening)
        self.addCleanup(self.namespace.close)

    def test_why_asks_in_the_namespace_of_a_process_or_a_path(self):
        for place in (str(self.namespace.pid), self.namespace.path):
            outcome = run("why", "--netns", place, str(PORT))
            self.assertEqual(outcome.code, 1, outcome.err)
            self.assertRegex(outcome.out, rf"\A{PORT}/tcp in namespace {self.namespace.name} "
                                          r"is held by a listener")
        self.assertEqual(run("why", str(PORT)).code, 0)

    def test_ports_and_wait_ask_there_too(self):
        place = f"--netns={self.namespace.pid}"
        self.assertIn(f"{PORT}/tcp", run("ports", place).out)
        self.assertNotIn(f"{PORT}/tcp", run("ports").out)
        self.assertEqual(run("wait", place, str(PORT), "--for", "listening", "--timeout", "5s").code, 0)
        self.assertEqual(run("release", place, str(PORT), "--time-wait", "--yes").code, 0)

    def test_what_is_no_namespace_is_a_mistake_of_usage(self):
        for place in ("blue", "/etc/passwd", "/nowhere", "2147483646", ""):
            for command in (("why", "80"), ("ports",), ("wait", "80"), ("release", "80", "--time-wait", "--yes")):
                outcome = run(*command, f"--netns={place}")
                self.assertEqual((outcome.code, outcome.out), (2, ""), (command, place, outcome.err))
                self.assertRegex(outcome.err, r"\A[^\n]*--netns[^\n]*\n\Z")

    def test_a_lacking_privilege_is_named(self):
        outcome = run("why", f"--netns={self.namespace.path}", "80",
                      through=("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"))
        self.assertEqual(outcome.code, 3)
        self.assertIn("CAP_SYS_ADMIN", outcome.err)


if __name__ == "__main__":
    main()

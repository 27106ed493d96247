"""--max-ports bounds what is tracked, whatever listens; nothing that is counted gets lost by it."""

import unittest

from lab import sockets
from lab.agent import Agent, run
from lab.suite import main

LISTENERS = 300
FIRST_PORT = 10001
MAX_PORTS = 16


class MaxPorts(unittest.TestCase):
    def test_more_watches_than_max_ports_are_refused(self):
        outcome = run("serve", "--watch=8001-8010", "--watch=udp:8001-8007", f"--max-ports={MAX_PORTS}")
        self.assertEqual((outcome.code, outcome.out), (2, ""))
        self.assertRegex(outcome.err, r"\A[^\n]*--max-ports[^\n]*17[^\n]*\n\Z")

    def test_as_many_watches_as_max_ports_are_taken_and_never_forgotten(self):
        self.listen()
        with Agent(f"--watch=8001-{8000 + MAX_PORTS}", f"--max-ports={MAX_PORTS}") as agent:
            agent.next_round()
            tracked = {port["endpoint"]["port"] for port in agent.json("/api/v1/ports")["ports"]}
        self.assertEqual(tracked, set(range(8001, 8001 + MAX_PORTS)))

    def listen(self):
        for port in range(FIRST_PORT, FIRST_PORT + LISTENERS):
            self.addCleanup(sockets.listener("127.0.0.1", port).close)

    def test_the_sums_are_the_totals_when_not_every_listener_is_tracked(self):
        self.listen()
        sockets.time_wait("127.0.0.1", FIRST_PORT + LISTENERS, 50)
        with Agent(f"--max-ports={MAX_PORTS}", "--watch=8001") as agent:
            agent.next_round()
            page = agent.metrics()
            ports = agent.json("/api/v1/ports")["ports"]
        self.assertEqual(len(ports), MAX_PORTS)
        labels = {labels["port"] for labels, _ in page.series("tidewait_port_sockets", protocol="tcp")}
        self.assertLessEqual({"8001", "ephemeral", "other"}, labels)
        self.assertEqual(len(labels - {"ephemeral", "other"}), MAX_PORTS)
        for labels, _ in page.series("tidewait_port_sockets"):
            labels.pop("port")
            self.assertEqual(page.sum("tidewait_port_sockets", **labels), page.sum("tidewait_sockets", **labels), labels)
        self.assertGreaterEqual(page.sum("tidewait_sockets", protocol="tcp", state="listen"), LISTENERS)

    def test_without_watching_listeners_only_what_is_watched_is_tracked(self):
        self.listen()
        with Agent("--no-watch-listeners", "--watch=8001=free") as agent:
            agent.next_round()
            self.assertEqual([port["endpoint"]["port"] for port in agent.json("/api/v1/ports")["ports"]], [8001])
            page = agent.metrics()
        self.assertEqual(page.value("tidewait_port_expected", protocol="tcp", address="*", port="8001", expect="free"), 1)


if __name__ == "__main__":
    main()

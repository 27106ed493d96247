"""/metrics is what Prometheus reads, in both formats: promtool is silent, Debian's prometheus_client parses it, and our
own strict reader finds no series twice. In every condition in which the agent can be: idle, busy, and failing."""

import errno
import shutil
import socket
import subprocess
import unittest

from lab import sockets
from lab.agent import Agent
from lab.exposition import Exposition
from lab.faults import without_sockets_of
from lab.suite import main
from lab.waiting import until

try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
    from prometheus_client.parser import text_string_to_metric_families as read_prometheus
except ImportError:
    read_openmetrics = read_prometheus = None

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OF_THE_AGENT = ("tidewait_rounds_total", "tidewait_round_failures_total", "tidewait_round_duration_seconds",
                "tidewait_interval_seconds", "tidewait_probes_total", "tidewait_probe_failures_total",
                "tidewait_build_info", "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
                "process_max_fds", "process_start_time_seconds")
OF_THE_SOCKETS = ("tidewait_sockets", "tidewait_port_sockets", "tidewait_port_time_wait_longest_remaining_seconds",
                  "tidewait_port_bindable", "tidewait_port_blocked", "tidewait_port_frees_in_seconds",
                  "tidewait_port_expected", "tidewait_listen_queue_length", "tidewait_listen_queue_limit",
                  "tidewait_listener_info", "tidewait_ephemeral_ports", "tidewait_ephemeral_ports_used",
                  "tidewait_port_in_ephemeral_range", "tidewait_time_wait_limit", "tidewait_time_wait_overflow_total",
                  "tidewait_time_wait_recycled_total", "tidewait_listen_overflows_total", "tidewait_listen_drops_total",
                  "tidewait_tcp_tw_reuse", "tidewait_tcp_fin_timeout_seconds", "tidewait_somaxconn",
                  "tidewait_unprivileged_port_start", "tidewait_socket_source", "tidewait_round_sockets",
                  "tidewait_last_round_success_timestamp_seconds")


def without_a_netlink_socket():
    """For preexec_fn: as for want of descriptors, which no other source of sockets makes up for."""
    without_sockets_of(socket.AF_NETLINK, errno.EMFILE)


class Conformance(unittest.TestCase):
    def check(self, agent):
        """Every reader takes the page, in both formats; returns it."""
        answer = agent.get("/metrics")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, CONTENT_TYPE))
        text = answer.body.decode()
        page = Exposition(text)
        self.check_promtool(answer.body)
        self.check_prometheus_client(read_prometheus, text, page)
        for name in OF_THE_AGENT:
            self.assertTrue(page.has(name), name)
        self.check_openmetrics(agent, page)
        return page

    def check_openmetrics(self, agent, prometheus):
        """It has the families that the page before it had, under its own names."""
        text = agent.openmetrics()
        page = Exposition(text, openmetrics=True)
        self.check_prometheus_client(read_openmetrics, text, page)
        names = {name + {"counter": "_total", "info": "_info"}.get(kind, "") for name, (kind, _) in page.families.items()}
        self.assertGreaterEqual(names, set(prometheus.families))
        self.assertEqual(page.families["tidewait_build"][0], "info")

    def check_promtool(self, body):
        if shutil.which("promtool") is None:
            self.skipTest("promtool is not installed (Debian package prometheus)")
        done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))

    def check_prometheus_client(self, read, text, page):
        """It reads as many samples as we do, each with the same value."""
        if read is None:
            self.skipTest("prometheus_client is not installed (Debian package python3-prometheus-client)")
        samples = [sample for family in read(text) for sample in family.samples]
        for sample in samples:
            self.assertEqual(page.value(sample.name, **sample.labels), sample.value, sample)
        self.assertEqual(len(samples), sum(not line.startswith("#") for line in text.splitlines()))

    def test_an_agent_without_anything_to_watch(self):
        with Agent() as agent:
            self.assertTrue(self.check(agent).has("tidewait_sockets"))

    def test_an_agent_with_much_to_watch(self):
        held = [sockets.listener("127.0.0.1", 7001), sockets.listener("::1", 7001), sockets.listener("::", 7002),
                sockets.bound("127.0.0.1", 7003, protocol="udp"), *sockets.accepted("127.0.0.1", 7004)]
        for each in held:
            self.addCleanup(each.close)
        sockets.time_wait("127.0.0.1", 7005, 3)
        with Agent("--watch=7001-7006=listening", "--watch=127.0.0.1:7001=free", "--watch=[::1]:7001",
                   "--watch=192.0.2.1:7007", "--watch=udp:7003") as agent:
            agent.get("/nowhere")
            agent.next_round()
            page = self.check(agent)
        for name in OF_THE_SOCKETS + ("tidewait_http_requests_total",):
            self.assertTrue(page.has(name), name)

    def test_an_agent_whose_rounds_fail(self):
        with Agent(ready=False, preexec_fn=without_a_netlink_socket) as agent:
            until(lambda: agent.get("/metrics").status == 200, "the first round is shown")
            page = self.check(agent)
        for name in OF_THE_SOCKETS:
            self.assertFalse(page.has(name), name)


if __name__ == "__main__":
    main()

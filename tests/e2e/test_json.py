"""JSON and HTTP are as the interface says: paths, keys, types, errors."""

import datetime
import json
import unittest

from lab import sockets
from lab.agent import Agent
from lab.kernel import TCP_STATES, UDP_STATES
from lab.suite import main

JSON = "application/json; charset=utf-8"
VERDICT_KEYS = ["endpoint", "netns", "verdict", "cause", "frees_in_seconds", "frees_at", "may_extend", "binds", "holders",
                "explanation", "remedies"]
ROW_KEYS = ["states", "accept_queue", "restart_safe", "expected"]
HOLDER_KEYS = ["state", "local", "remote", "count", "longest_remaining_seconds", "direction", "reuseport", "owners"]
OWNER_KEYS = ["pid", "process", "uid", "unit", "container_id", "container_name", "last_seen", "alive", "inferred"]
CAUSES = {"denied", "address", "privileged", "listener", "bound", "outgoing", "connected", "closing", "time_wait", "unseen",
          "none"}
REPORT_KEYS = ["taken_at", "host", "netns", "agent", "summary", "summary_left_out"]
NETNS_KEYS = ["name", "scope", "totals", "kernel", "ports"]
AGENT_KEYS = ["version", "interval_seconds", "round_seconds", "sandbox", "started_at"]


def moment(text):
    """RFC 3339 in UTC."""
    assert text.endswith("Z"), text
    return datetime.datetime.fromisoformat(text)


class Json(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(sockets.listener("127.0.0.1", 7001).close)
        cls.addClassCleanup(sockets.bound("127.0.0.1", 7001, protocol="udp").close)
        sockets.time_wait("127.0.0.1", 7002, 3)
        cls.agent = Agent("--watch=7001=listening", "--watch=7002=free", "--watch=127.0.0.1:7001", "--watch=udp:7001")
        cls.addClassCleanup(cls.agent.kill)
        cls.agent.next_round()

    def check_keys(self, shown, wanted):
        """All of them, in this order; others may stand between."""
        self.assertEqual([key for key in shown if key in wanted], wanted)

    def check_verdict(self, verdict):
        self.check_keys(verdict, VERDICT_KEYS)
        self.assertEqual(list(verdict["endpoint"]), ["protocol", "address", "port"])
        self.assertEqual(verdict["netns"], "self")
        self.assertIn(verdict["verdict"], ("free", "reusable", "held", "unknown"))
        self.assertIn(verdict["cause"], CAUSES | {None})
        for bind in verdict["binds"]:
            self.assertEqual(list(bind), ["address", "reuseaddr", "result", "how"])
            self.assertIn(bind["how"], ("performed", "inferred"))
            self.assertRegex(bind["result"], r"\A(ok|E[A-Z]+)\Z")
        for holder in verdict["holders"]:
            self.check_keys(holder, HOLDER_KEYS)
            self.assertIn(holder["direction"], ("inbound", "outbound", "unknown"))
            for owner in holder["owners"]:
                self.check_keys(owner, OWNER_KEYS)
                moment(owner["last_seen"])
        if verdict["frees_at"] is not None:
            moment(verdict["frees_at"])

    def check_row(self, row):
        self.check_verdict(row)
        self.check_keys(row, ROW_KEYS)
        protocol = row["endpoint"]["protocol"]
        states = set(row["states"]) - {"bound_inactive"}
        self.assertEqual(states, set({"tcp": TCP_STATES, "udp": UDP_STATES}[protocol]))

    def check_error(self, path, status, code, **options):
        answer = self.agent.get(path, **options)
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (status, JSON))
        error = json.loads(answer.body)
        self.assertEqual(list(error), ["error"])
        self.assertEqual(list(error["error"]), ["code", "message"])
        self.assertEqual(error["error"]["code"], code)
        return answer

    def test_report(self):
        answer = self.agent.get("/api/v1/report")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, JSON))
        report = json.loads(answer.body)
        self.check_keys(report, REPORT_KEYS)
        age = datetime.datetime.now(datetime.timezone.utc) - moment(report["taken_at"])
        self.assertLess(age.total_seconds(), 60)
        self.assertEqual(len(report["netns"]), 1)
        netns = report["netns"][0]
        self.check_keys(netns, NETNS_KEYS)
        self.assertIn(netns["scope"], ("host", "container", "unknown"))
        self.check_keys(report["agent"], AGENT_KEYS)
        self.assertGreaterEqual(netns["totals"]["tcp"]["ipv4"]["time_wait"], 3)
        for row in netns["ports"]:
            self.check_row(row)

    def test_ports(self):
        ports = self.agent.json("/api/v1/ports")
        self.assertEqual(list(ports), ["ports"])
        order = [(row["endpoint"]["protocol"], row["endpoint"]["port"]) for row in ports["ports"]]
        self.assertEqual(order, sorted(order))
        for row in ports["ports"]:
            self.check_row(row)
        expected = {(row["endpoint"]["protocol"], row["endpoint"]["address"], row["endpoint"]["port"]): row["expected"]
                    for row in ports["ports"]}
        self.assertEqual(expected["tcp", "*", 7001], "listening")
        self.assertEqual(expected["tcp", "*", 7002], "free")
        self.assertIsNone(expected["tcp", "127.0.0.1", 7001])

    def test_one_port(self):
        verdict = self.agent.verdict(7002)
        self.check_row(verdict)
        self.assertEqual(verdict["endpoint"], {"protocol": "tcp", "address": "*", "port": 7002})
        self.assertIsNone(verdict["accept_queue"])
        taken_at = moment(self.agent.json("/api/v1/report")["taken_at"]).timestamp()
        frees_at = moment(verdict["frees_at"]).timestamp()
        self.assertAlmostEqual(frees_at - taken_at, verdict["frees_in_seconds"]["plain"], delta=5)
        self.assertEqual(self.agent.verdict(7001)["accept_queue"]["length"], 0)
        for path, protocol, address in (("7001", "tcp", "*"), ("7001?protocol=udp", "udp", "*"),
                                        ("7001?address=127.0.0.1", "tcp", "127.0.0.1"), ("7001?netns=self", "tcp", "*"),
                                        ("7001?protocol=tcp&address=*&netns=self", "tcp", "*")):
            endpoint = self.agent.json(f"/api/v1/ports/{path}")["endpoint"]
            self.assertEqual(endpoint, {"protocol": protocol, "address": address, "port": 7001}, path)

    def test_what_is_not_tracked(self):
        for path in ("7003", "7001?address=127.0.0.2", "7002?protocol=udp", "7001?netns=elsewhere"):
            self.check_error(f"/api/v1/ports/{path}", 404, "not_tracked")

    def test_what_makes_no_sense(self):
        for path in ("0", "65536", "http", "", "7001?protocol=sctp", "7001?address=localhost", "7001?color=red",
                     "7001?protocol=tcp&protocol=udp"):
            self.check_error(f"/api/v1/ports/{path}", 400, "bad_request")

    def test_what_is_not_there(self):
        for path in ("/nowhere", "/api/v1", "/api/v1/report/", "/metrics/", "/api/v2/ports"):
            self.check_error(path, 404, "not_found")

    def test_only_get_and_head(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            for path in ("/metrics", "/api/v1/ports", "/readyz"):
                answer = self.check_error(path, 405, "method_not_allowed", method=method)
                self.assertEqual(answer.headers["Allow"], "GET, HEAD")

    def test_head_has_the_headers_of_get_and_no_body(self):
        for path in ("/metrics", "/api/v1/report", "/api/v1/ports/7001", "/healthz", "/nowhere"):
            with self.subTest(path=path):
                head = self.agent.get(path, method="HEAD")
                get = self.agent.get(path)
                self.assertEqual((head.status, head.headers["Content-Type"], head.body),
                                 (get.status, get.headers["Content-Type"], b""))

    def test_health(self):
        for path in ("/healthz", "/-/healthy", "/readyz", "/-/ready"):
            self.assertEqual(self.agent.get(path).status, 200)


if __name__ == "__main__":
    main()

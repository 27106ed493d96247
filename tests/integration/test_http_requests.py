"""Which requests are answered, which are refused, and with what: over a plain socket, byte for byte."""

import json
import unittest

from lab.agent import Agent
from lab.clients import ask, exchange, place_of
from lab.suite import main

OURS = ("127.0.0.1", "127.0.0.1:10098", "10.0.0.1", "[::1]", "[::1]:10098", "localhost", "LocalHost:1", "localhost.",
        "ports.example.org", "Ports.Example.org.:443", "harbour")
FOREIGN = ("evil.test", "evil.test:10098", "localhost.evil.test", "127.0.0.1.evil.test", "::1", "127.1", "", "example.org",
           "localhost, evil.test", "xharbour")
# Where others than this host can ask, these come under any name.
PROBED = ("/metrics", "/healthz", "/-/healthy", "/readyz", "/-/ready")
PRIVATE = ("/api/v1/report", "/api/v1/ports", "/api/v1/ports/22", "/nowhere")
METHODS = ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "get", "GETGET")
# It stays ready on a busy machine, too.
UNHURRIED = ("--interval=500ms", "--cpu-budget=100%")
ALLOWED = ("--web.allowed-host=ports.example.org", "--web.allowed-host=harbour")


def request(path="/healthz", *hosts, method="GET", version="1.1"):
    lines = [f"{method} {path} HTTP/{version}", *(f"Host: {host}" for host in hosts), "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode()


class Requests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent(*ALLOWED, *UNHURRIED, "--web.listen-address=0.0.0.0:7200", listen="127.0.0.1:7100", quick=False)
        cls.addClassCleanup(cls.agent.kill)
        cls.loopback = place_of(cls.agent)
        cls.network = ("127.0.0.1", 7200)

    def check(self, place, sent, status, code=None):
        with self.subTest(place=place, sent=sent[:100]):
            reply = ask(place, sent)
            self.assertEqual(reply.status, status, reply.body)
            if code is not None:
                self.assertEqual(json.loads(reply.body)["error"]["code"], code)
            return reply

    def rejected(self, reason):
        self.agent.next_round()
        return self.agent.metrics().value("tidewait_http_rejected_total", reason=reason)

    def test_on_loopback_every_path_wants_a_host_that_is_ours(self):
        for path in (*PROBED, "/api/v1/ports"):
            for host in OURS:
                self.check(self.loopback, request(path, host), 200)
            for host in FOREIGN:
                self.check(self.loopback, request(path, host), 403, "host_not_allowed")

    def test_on_the_network_scrapes_and_probes_come_under_any_name(self):
        for host in (*OURS, *FOREIGN):
            for path in PROBED:
                self.check(self.network, request(path, host), 200)
        for path in PRIVATE:
            for host in FOREIGN:
                self.check(self.network, request(path, host), 403, "host_not_allowed")
        self.check(self.network, request("/api/v1/ports", "localhost"), 200)

    def test_the_refusal_says_what_would_be_right(self):
        reply = self.check(self.loopback, request("/healthz", "evil.test"), 403)
        for part in ("evil.test", "localhost", "--web.allowed-host"):
            self.assertIn(part, json.loads(reply.body)["error"]["message"])
        self.assertNotIn("Access-Control-Allow-Origin", reply.head)

    def test_there_is_exactly_one_host(self):
        for place in (self.loopback, self.network):
            for hosts in ((), ("localhost", "localhost"), ("localhost", "evil.test"), ("evil.test", "localhost")):
                self.check(place, request("/metrics", *hosts), 400, "bad_request")

    def test_only_http_1_0_does_without_a_host(self):
        self.check(self.loopback, request(version="1.0"), 200)
        self.check(self.loopback, request("/healthz", "evil.test", version="1.0"), 403)
        self.check(self.loopback, request(version="1.2"), 400)

    def test_another_authority_in_the_target_is_refused(self):
        for target in ("http://evil.test/metrics", "http://localhost/metrics", "localhost:80", "*", "metrics"):
            self.check(self.loopback, request(target, "localhost"), 400, "bad_request")

    def test_a_host_cannot_be_smuggled_past_the_rule(self):
        for lines in (b"Host : localhost", b"Host: localhost\r\n .evil.test", b"Host: evil.test\r\n .localhost",
                      b"Host: localhost\r.evil.test", b" Host: localhost", b"X-Forwarded-Host: localhost"):
            sent = b"GET /healthz HTTP/1.1\r\n" + lines + b"\r\nConnection: close\r\n\r\n"
            with self.subTest(lines=lines):
                self.assertRegex(exchange(self.loopback, sent), rb"\AHTTP/1\.1 40[03] ")

    def test_rejections_are_counted_by_reason(self):
        before = self.rejected("host"), self.rejected("method")
        for _ in range(3):
            ask(self.loopback, request("/healthz", "evil.test"))
        ask(self.loopback, request())
        ask(self.loopback, request("/healthz", "localhost", method="POST"))
        self.assertEqual((self.rejected("host"), self.rejected("method")), (before[0] + 4, before[1] + 1))

    def test_each_reason_is_there_from_the_start(self):
        with Agent() as agent:
            page = agent.metrics()
        for reason in ("host", "method", "deadline", "connections", "per_address"):
            self.assertEqual(page.value("tidewait_http_rejected_total", reason=reason), 0)

    def test_other_methods_are_refused_with_those_that_work(self):
        for path in (*PROBED, "/api/v1/report", "/api/v1/ports", "/api/v1/ports/22"):
            for method in METHODS:
                reply = self.check(self.loopback, request(path, "localhost", method=method), 405, "method_not_allowed")
                self.assertEqual(reply.head["Allow"], "GET, HEAD")

    def test_what_is_too_long_is_answered(self):
        pairs = "&".join(f"a{i}={i}" for i in range(1000))
        for size in (8_000, 15_000, 16_000):
            self.check(self.loopback, request("/" + "a" * size, "localhost"), 404)
            self.check(self.loopback, request("/healthz", "localhost\r\nX: " + "a" * size), 200)
        for size in (20_000, 64_000, 1_000_000):
            self.check_early(request("/" + "a" * size, "localhost"), 414)
            self.check_early(request("/healthz", "localhost\r\nX: " + "a" * size), 431)
        self.check_early(request("/healthz", "localhost", *["a"] * 2000), 431)
        for count in (10, 100, 300, 1000):
            query = "&".join(pairs.split("&")[:count])
            self.check(self.loopback, request(f"/healthz?{query}", "localhost"), 200)
            self.check(self.loopback, request(f"/api/v1/ports/22?{query}", "localhost"), 400, "bad_request")

    def check_early(self, sent, status):
        """The server answers and closes before it has read everything, which may take the end of the answer away."""
        with self.subTest(sent=sent[:100], status=status):
            self.assertRegex(exchange(self.loopback, sent), rb"\AHTTP/1\.1 %d " % status)

    def test_what_is_no_request_is_told_so(self):
        for sent, status in ((b"GET /healthz\r\n\r\n", 400), (b"\xff \xfe \x80\r\n\r\n", 400), (b"GET / HTTP/2.0\r\n\r\n", 505),
                             (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", 400)):
            self.check(self.loopback, sent, status)


if __name__ == "__main__":
    main()

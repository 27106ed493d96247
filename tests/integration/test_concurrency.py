"""Many clients at once, while rounds are made as fast as they can be: each page is whole and agrees with itself."""

import concurrent.futures
import http.client
import json
import unittest
import urllib.parse

from lab import sockets
from lab.agent import Agent
from lab.exposition import Exposition
from lab.suite import main

CLIENTS = 12
REQUESTS = 40
PATHS = ("/metrics", "/api/v1/report", "/api/v1/ports", "/api/v1/ports/7001", "/readyz", "/nowhere")


def fetch(place, first):
    """Asks for the paths in turn over one connection; returns (path, status, body) of each."""
    client = http.client.HTTPConnection(*place, timeout=60)
    answers = []
    for i in range(REQUESTS):
        path = PATHS[(first + i) % len(PATHS)]
        client.request("GET", path)
        answer = client.getresponse()
        answers.append((path, answer.status, answer.read()))
    client.close()
    return answers


def churn(rounds):
    """Listeners that come and go, so that each round has another report."""
    for _ in range(rounds):
        made = [sockets.listener("127.0.0.1", port) for port in range(7001, 7011)]
        for each in made:
            each.close()


class Concurrency(unittest.TestCase):
    def check(self, path, status, body):
        if path == "/nowhere":
            self.assertEqual((status, json.loads(body)["error"]["code"]), (404, "not_found"))
            return
        if path == "/readyz" and status == 503:
            # Rounds come late on a busy machine; they must not fail.
            self.assertIn(b"more than three intervals", body)
            self.assertNotIn(b"failed", body)
            return
        self.assertEqual(status, 200, (path, body))
        if path == "/metrics":
            page = Exposition(body.decode())
            for protocol in ("tcp", "udp"):
                self.assertEqual(page.sum("tidewait_port_sockets", protocol=protocol),
                                 page.sum("tidewait_sockets", protocol=protocol))
        elif path.startswith("/api/"):
            json.loads(body)

    def test_every_page_is_whole(self):
        with Agent("--watch=7001-7010") as agent, concurrent.futures.ThreadPoolExecutor(CLIENTS + 1) as threads:
            url = urllib.parse.urlsplit(agent.url)
            moving = threads.submit(churn, 200)
            asked = [threads.submit(fetch, (url.hostname, url.port), first) for first in range(CLIENTS)]
            for client in asked:
                for answer in client.result():
                    self.check(*answer)
            moving.result()
            requests = agent.metrics().sum("tidewait_http_requests_total")
        self.assertGreater(requests, 0)


if __name__ == "__main__":
    main()

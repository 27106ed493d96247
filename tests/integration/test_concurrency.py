"""Many clients at once, while rounds are made as fast as they can be: each page is whole and agrees with itself."""

import concurrent.futures
import http.client
import json
import signal
import unittest

from lab import sockets
from lab.agent import Agent
from lab.clients import place_of
from lab.exposition import Exposition
from lab.secured import write
from lab.settings import Settings, hang_up
from lab.suite import main

CLIENTS = 12
REQUESTS = 40
REREADS = 300
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
    """Listeners that come and go, so that each round has another report. No test-bind is in the way of SO_REUSEADDR."""
    for _ in range(rounds):
        made = [sockets.listener("127.0.0.1", port, reuseaddr=True) for port in range(7001, 7011)]
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

    def check_pages(self, agent, disturb):
        """What many clients get at once while this is done."""
        with concurrent.futures.ThreadPoolExecutor(CLIENTS + 1) as threads:
            disturbing = threads.submit(disturb)
            asked = [threads.submit(fetch, place_of(agent), first) for first in range(CLIENTS)]
            for client in asked:
                for answer in client.result():
                    self.check(*answer)
            disturbing.result()
        self.assertGreater(agent.metrics().sum("tidewait_http_requests_total"), 0)

    def test_every_page_is_whole(self):
        with Agent("--watch=7001-7010") as agent:
            self.check_pages(agent, lambda: churn(200))

    def test_every_page_is_whole_while_the_configuration_is_read_again_and_again(self):
        settings = Settings(self)
        write(settings.room / "web.yml", "{}\n")

        def change(turn):
            write(settings.path, "interval: 50ms\ncpu-budget: 100%\nweb.config.file: web.yml\n"
                                 f"owners: {('true', 'false')[turn % 2]}\nwatch: [7001=free, {7002 + turn % 3}-7010]\n")

        def storm():
            for turn in range(REREADS):
                change(turn)
                agent.process.send_signal(signal.SIGHUP)
            hang_up(agent, says="configuration reread")

        change(0)
        with Agent(settings.flag, quick=False) as agent:
            self.check_pages(agent, storm)


if __name__ == "__main__":
    main()

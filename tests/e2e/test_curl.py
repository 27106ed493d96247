"""curl understands what the agent says of its pages: compressed, and unchanged or not."""

import pathlib
import subprocess
import tempfile
import unittest

from lab.agent import OPENMETRICS, Agent
from lab.suite import main

PAGES = ("/metrics", "/api/v1/report", "/api/v1/ports")
PATHS = PAGES + ("/healthz", "/readyz", "/api/v1/ports/7001", "/api/v1/ports/1", "/api/v1/ports/x", "/nowhere")
# So long that there is one round in a test.
ONE_ROUND = "--interval=50s"


def curl(url, *options):
    """(status, bytes received, body)."""
    done = subprocess.run(["curl", "--silent", "--show-error", "--write-out", r"%{stderr}%{http_code} %{size_download}",
                           *options, url], capture_output=True, check=True)
    status, size = map(int, done.stderr.split())
    return status, size, done.stdout


class Curl(unittest.TestCase):
    def test_it_unpacks_a_compressed_page(self):
        with Agent(ONE_ROUND, "--watch=7001-7020", quick=False) as agent:
            for path in PAGES:
                _, plain_size, plain = curl(agent.url + path)
                status, size, unpacked = curl(agent.url + path, "--compressed")
                self.assertEqual((status, plain_size), (200, len(plain)), path)
                self.assertEqual(unpacked, plain, path)
                self.assertLess(size, plain_size / 2, path)

    def test_it_asks_for_a_page_again_until_there_is_another(self):
        with tempfile.TemporaryDirectory() as room, Agent() as agent:
            for number, path in enumerate(PAGES):
                with self.subTest(path):
                    self.check_cycle(agent, path, pathlib.Path(room, f"tag{number}"))

    def check_cycle(self, agent, path, tag):
        """A page and its tag; with every round, another."""
        options = ("--compressed", "--etag-save", tag, "--etag-compare", tag)
        for _ in range(3):
            status, _, body = curl(agent.url + path, *options)
            self.assertEqual(status, 200)
            self.assertGreater(len(body), 0)
            agent.next_round()

    def test_it_is_not_sent_a_page_that_it_has(self):
        with tempfile.TemporaryDirectory() as room, Agent(ONE_ROUND, quick=False) as agent:
            for number, path in enumerate(PAGES):
                tag = pathlib.Path(room, f"tag{number}")
                self.assertEqual(curl(agent.url + path, "--etag-save", tag)[0], 200, path)
                self.assertEqual(curl(agent.url + path, "--etag-compare", tag), (304, 0, b""), path)
                # The compressed form is another.
                self.assertEqual(curl(agent.url + path, "--etag-compare", tag, "--compressed")[0], 200, path)

    def test_head_has_the_headers_of_get(self):
        asked = ({}, {"Accept": OPENMETRICS, "Accept-Encoding": "gzip"})
        with Agent(ONE_ROUND, "--watch=7001", quick=False) as agent:
            for path in PATHS:
                for headers in asked:
                    get, head = (agent.get(path, method=method, headers=headers) for method in ("GET", "HEAD"))
                    del get.headers["Date"], head.headers["Date"]
                    self.assertEqual((head.status, head.headers.items()), (get.status, get.headers.items()), path)
                    self.assertEqual(head.body, b"", path)

    def test_no_answer_is_for_the_page_of_another_site(self):
        with Agent(ONE_ROUND, "--watch=7001", quick=False) as agent:
            for path in PATHS:
                for method in ("GET", "HEAD", "OPTIONS"):
                    headers = agent.get(path, method=method, headers={"Origin": "http://localhost"}).headers
                    self.assertEqual(headers["Content-Security-Policy"], "default-src 'none'; frame-ancestors 'none'")
                    self.assertEqual(headers["Cross-Origin-Resource-Policy"], "same-origin")
                    self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
                    self.assertEqual([name for name in headers if name.lower().startswith("access-control")], [])


if __name__ == "__main__":
    main()

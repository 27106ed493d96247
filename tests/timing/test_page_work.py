"""The status page with as many ports as there can be: the work of a frame, and memory over 200 updates."""

import contextlib
import socket
import unittest

from lab import suite
from lab.agent import Agent
from lab.browser import Browser
from lab.waiting import until

PORTS = range(20000, 20256)
SAMPLES = 120
FRAME_MS = 100
UPDATES = 200
TRACED = 10
# Between the two: what the page needs to have settled, and what garbage may be left.
SETTLED = 50
GROWTH_BYTES = 1 << 20

_WATCH = """window.updates = 0,
new MutationObserver(() => window.updates++).observe(document.querySelector('#cost'), {childList: true, subtree: true,
    characterData: true}), 1"""


@contextlib.contextmanager
def crowd():
    """256 servers, a quarter of which have just closed a connection."""
    with contextlib.ExitStack() as scene:
        servers = []
        for port in PORTS:
            server = scene.enter_context(socket.socket())
            server.bind(("127.0.0.1", port))
            server.listen()
            servers.append(server)
        for server in servers[::4]:
            client = socket.create_connection(server.getsockname())
            server.accept()[0].close()
            client.close()
        yield


class Work(unittest.TestCase):
    def updates(self):
        """How many rounds the page has shown: each takes another time, which its footer tells."""
        return self.browser.evaluate("window.updates")

    def heap(self):
        """Bytes in use after the garbage is collected."""
        return self.browser.evaluate("gc(), performance.memory.usedJSHeapSize")

    def interact(self):
        """What a reader does: sorts, finds, opens, changes the range."""
        for script in ("document.querySelector('button[data-order=time_wait]').click()",
                       "words.value = '2001', words.dispatchEvent(new Event('input'))",
                       "words.value = '', words.dispatchEvent(new Event('input'))",
                       "document.querySelector('button.open').click()",
                       "document.querySelector('[data-span=\"3600\"]').click()",
                       "document.querySelector('button[data-order=time_wait]').click()"):
            self.browser.evaluate(script)

    def expect_little_work(self):
        """Counted in CPU time of the page's main thread, so that a busy machine does not count."""
        self.browser.do("trace")
        enough = self.updates() + TRACED
        until(lambda: self.interact() or self.updates() >= enough, "some updates", 60)
        longest = self.browser.do("longest")
        self.assertGreater(longest["tasks"], TRACED)
        self.assertGreater(longest["milliseconds"], 0.1)
        self.assertLess(longest["milliseconds"], FRAME_MS)

    def test_256_ports_with_a_history_are_little_work_and_memory_is_steady(self):
        flags = ("--interval=250ms", "--cpu-budget=100%", "--max-ports=257", "--history=1m")
        with crowd(), Agent(*flags, quick=False) as agent, Browser() as self.browser:
            path = f"/api/v1/history/{PORTS[0]}"
            until(lambda: len(agent.json(path)["samples"]) == SAMPLES, "a whole history", 120)
            self.browser.open(agent.url + "/")
            until(lambda: len(self.browser.rows()) >= len(PORTS), "every port is shown")
            self.browser.evaluate(_WATCH)
            until(lambda: self.interact() or self.updates() >= SETTLED, "the page has settled", 120)
            self.expect_little_work()
            before = self.heap()
            until(lambda: self.interact() or self.updates() >= UPDATES, "200 updates", 300)
            self.assertLess(self.heap() - before, GROWTH_BYTES)
            self.assertEqual(self.browser.do("complaints"), [])


if __name__ == "__main__":
    suite.main()

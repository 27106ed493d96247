"""Killed under load, the agent listens again at once."""

import os
import time
import unittest

from lab.agent import Agent
from lab.clients import HEALTHZ, ask, connect
from lab.suite import main
from lab.waiting import until

TIMES = 100
CONNECTIONS = 50
ADDRESSES = 5
PLACE = ("127.0.0.1", 7500)
SECONDS_TO_LISTEN = 1.0


def is_answered():
    try:
        return ask(PLACE, HEALTHZ).status == 200
    except OSError:
        return False


class Restart(unittest.TestCase):
    def load(self):
        """Half of them have asked for something and not read it."""
        clients = [connect(PLACE, f"127.0.0.{2 + i % ADDRESSES}") for i in range(CONNECTIONS)]
        for client in clients[::2]:
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return clients

    def test_a_hundred_times(self):
        agent = Agent(listen="{}:{}".format(*PLACE), ready=False)
        longest = 0.0
        for _ in range(TIMES):
            clients = self.load()
            agent.kill()
            began = time.monotonic()
            agent = Agent(listen="{}:{}".format(*PLACE), ready=False)
            until(is_answered, "it answers again")
            longest = max(longest, time.monotonic() - began)
            for client in clients:
                client.close()
        agent.stop()
        print(f"answered after {1000 * longest:.0f} ms at the longest")
        if not os.environ.get("TIDEWAIT_SANITIZE"):
            self.assertLess(longest, SECONDS_TO_LISTEN)


if __name__ == "__main__":
    main()

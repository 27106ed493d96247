"""Every TIME_WAIT is counted once, under its port, whoever closes first and however fast they come."""

import subprocess
import unittest

from lab.agent import Agent
from lab.kernel import set_sysctl
from lab.storm import Kernel, Storm, Weather
from lab.suite import main
from lab.waiting import until

ENTERED = "tidewait_port_time_wait_entered_total"
MISSED = "tidewait_time_wait_missed_total"
EXACT = "tidewait_time_wait_ledger_exact"


def mixes(thousand):
    """200 · thousand connections of every kind."""
    return (Storm(8080, 75 * thousand, source="127.1.0.1"),
            Storm(8081, 25 * thousand, listen="fd00::1", source="fd00::2", clients="ephemeral"),
            Storm(8082, 30 * thousand, listen="::", to="127.0.0.1", source="127.2.0.1", rate=20 * thousand),
            Storm(8083, 40 * thousand, closer="client", source="127.3.0.1"),
            Storm(8084, 10 * thousand, listen="::1", closer="client", clients="other", rate=2 * thousand),
            Storm(8085, 10 * thousand, closer="both", source="127.4.0.1"),
            Storm(8086, 10 * thousand, listen="::", to="::1", closer="both"))


def entered(page):
    """{label: count}."""
    return {labels["port"]: int(value) for labels, value in page.series(ENTERED)}


class Ledger(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        set_sysctl("ipv4.tcp_max_tw_buckets", 1_000_000)
        for address in ("fd00::1", "fd00::2"):
            subprocess.run(["ip", "address", "add", f"{address}/128", "dev", "lo", "nodad"], check=True)

    def try_it(self, interval, thousand):
        with Agent(f"--interval={interval}", "--cpu-budget=100%", quick=False, listen="127.0.0.1:20098") as agent:
            agent.next_round()
            kernel = Kernel()
            before = entered(agent.metrics())
            import time
            t0 = time.monotonic()
            with Weather(*mixes(thousand)) as weather:
                n = 0
                while not weather.is_over():
                    page = agent.metrics()
                    now = sum(entered(page).values()) - sum(before.values())
                    made = kernel.made()
                    if now > made:
                        print("TOO MANY", now, made)
                    if page.value(MISSED) != 0:
                        print("missed", page.value(MISSED), now, made)
                    n += 1
                print("storm", time.monotonic() - t0, n)
                agent.next_round()
                page = agent.metrics()
                now = entered(page)
                print("rounds", page.value("tidewait_rounds_total"), page.value("tidewait_round_duration_seconds_sum"))
                print({l: now[l] - before.get(l, 0) for l in now}, kernel.made(), kernel.cut_short(), page.value(MISSED), page.value(EXACT))
                for l, c in weather.expected.items():
                    if now.get(l, 0) - before.get(l, 0) != c:
                        print("WRONG", l, now.get(l, 0), c)

    def test_fast(self):
        self.try_it("200ms", 150)

    def test_slow(self):
        self.try_it("5s", 150)

    def test_full(self):
        self.try_it("200ms", 1000)

if __name__ == "__main__":
    main()

"""A real Prometheus scrapes the agent by the configuration that we ship, and finds what it should."""

import pathlib
import unittest

from lab.agent import OPENMETRICS, Agent
from lab.monitoring import Prometheus
from lab.relay import Relay
from lab.suite import main
from lab.waiting import until

CONFIGURATION = pathlib.Path(__file__).parents[2] / "dashboards/prometheus/scrape/static.yml"
DEFAULT_ADDRESS = "127.0.0.1:10098"


def prometheus(target):
    """It scrapes the target each second, and else as the configuration that we ship has it."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    for old, new in (("scrape_interval: 15s", "scrape_interval: 1s"), (DEFAULT_ADDRESS, target)):
        assert old in text, f"the configuration has no {old}"
        text = text.replace(old, new)
    return Prometheus(text)


class Scrape(unittest.TestCase):
    def test_a_scrape(self):
        with Agent("--watch=7001=listening", listen=DEFAULT_ADDRESS), prometheus(DEFAULT_ADDRESS) as server:
            up = until(lambda: server.query('up{job="tidewait"} == 1'), "the agent is scraped")
            self.assertEqual(len(up), 1)
            expected = server.query('tidewait_port_expected{port="7001", expect="listening"} == 1')
            self.assertEqual(len(expected), 1)
            bindable = server.query('tidewait_port_bindable{port="7001"} == 1')
            self.assertEqual({series["metric"]["reuseaddr"] for series in bindable}, {"true", "false"})
            sums = server.query("sum(tidewait_port_sockets) - sum(tidewait_sockets)")
            self.assertEqual([series["value"][1] for series in sums], ["0"])

    def test_it_takes_openmetrics_compressed(self):
        with Agent() as agent, Relay(agent) as relay, prometheus(relay.address) as server:
            until(lambda: server.query("up == 1"), "the agent is scraped")
            types = until(lambda: server.ask("metadata", metric="tidewait_build"), "the types are known")
            # Two that only OpenMetrics has: a type, and a family named without the suffix of its samples.
            self.assertEqual(types["tidewait_build"][0]["type"], "info")
            self.assertEqual(len(server.query("tidewait_build_info")), 1)
            self.assertEqual(len(server.query("tidewait_rounds_total")), 1)
            asked, answered = relay.said[0]
            self.assertTrue(asked["Accept"].startswith("application/openmetrics-text"), asked)
            self.assertEqual(answered["Content-Type"], f"{OPENMETRICS}; charset=utf-8")
            self.assertEqual(answered["Content-Encoding"], "gzip")


if __name__ == "__main__":
    main()

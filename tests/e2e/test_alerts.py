"""Each alert that we ship: the real thing brings it to Alertmanager, and it resolves; on a calm host there is none."""

import contextlib
import re
import unittest

from lab.alerting import Watch, calm_host, harmless_time_waits, quick_alerts, time_waits
from lab.suite import main
from lab.troubles import Troubles
from lab.waiting import until

HARMLESS = 20_000
PREDICTED = "TidewaitDestinationExhaustionPredicted"
SECONDS = 90


class Alerts(unittest.TestCase):
    def setUp(self):
        self.world = contextlib.ExitStack()
        self.addCleanup(self.world.close)
        self.troubles = Troubles(self, self.world)
        self.calm = self.world.enter_context(calm_host())
        self.watch = Watch(self.world, (*self.troubles.hosts(), self.calm))

    def test_each_fires_and_resolves_and_20000_harmless_time_waits_fire_none(self):
        with harmless_time_waits(self.calm, HARMLESS) as made:
            self.assertEqual(made.readline(), f"made {HARMLESS}\n")
            until(lambda: time_waits(self.watch, self.calm) >= HARMLESS, "Prometheus has the harmless TIME_WAITs")
            self.assertEqual(self.watch.firing(), set())
            self.check_troubles()
            until(lambda: time_waits(self.watch, self.calm) == 0, "they are gone", SECONDS)
        self.assertEqual(self.watch.ever_fired(self.calm.instance), [])
        self.assertGreater(len(self.watch.ever_fired(self.troubles.sockets.instance)), 5, "they would be noticed")

    def check_troubles(self):
        expected = self.troubles.alerts()
        self.assertEqual({name for name, _, _ in expected}, set(re.findall(r'"alert": "(\w+)"', quick_alerts())))
        self.troubles.begin()
        fired = self.fire(expected)
        # What fills within a second is seen to grow.
        self.assertEqual({name for name, _, _ in fired - expected} - {PREDICTED}, set())
        self.troubles.end()
        until(lambda: not self.watch.firing(), f"all resolve: {self.watch.firing()}", SECONDS)

    def fire(self, expected):
        """All that fires until these have."""
        fired, scrapes = set(), set()

        def all_have():
            fired.update(self.watch.firing())
            scrape = self.watch.prometheus.query("sum(tidewait_rounds_total)")[0]["value"][1]
            if scrape not in scrapes:
                scrapes.add(scrape)
                self.troubles.leak()
            return expected <= fired

        try:
            until(all_have, "every alert has fired", SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}: not {expected - fired}") from None
        return fired


if __name__ == "__main__":
    main()

"""A host with 20,000 harmless TIME_WAITs at all times fires no alert for five minutes, though alerts wait for seconds only."""

import contextlib
import unittest

from lab.alerting import Watch, calm_host, harmless_time_waits, time_waits
from lab.suite import main
from lab.waiting import until

HARMLESS = 20_000
# Each lasts a minute; a few more, as a busy machine makes them late.
RATE = 360
SECONDS = 300


class Calm(unittest.TestCase):
    def test_five_minutes(self):
        with contextlib.ExitStack() as world:
            host = world.enter_context(calm_host())
            watch = Watch(world, [host])
            count = RATE * (SECONDS + 60)
            made = world.enter_context(harmless_time_waits(host, count, rate=RATE))
            until(lambda: time_waits(watch, host) >= HARMLESS, "as many as there are to be", 90)
            self.assertEqual(made.readline(), f"made {count}\n")
            present = f'sum(tidewait_sockets{{instance="{host.instance}", state="time_wait"}})'
            fewest = watch.prometheus.query(f"min_over_time(({present})[{SECONDS - 30}s:1s])")[0]["value"][1]
            self.assertGreaterEqual(float(fewest), HARMLESS)
            self.assertEqual(watch.ever_fired(host.instance), [])


if __name__ == "__main__":
    main()

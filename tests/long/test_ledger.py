"""200,000 connections of every kind, with rounds every 0.2, 5 and 30 s: every TIME_WAIT is counted once, under its port.

Takes about five minutes and wants two processors for itself, so it is no part of an ordinary run of the tests:

    cmake --preset dev && cmake --build --preset dev
    ctest --test-dir build/dev -C long -R long/ledger --verbose
"""

import unittest

from lab.kernel import set_sysctl
from lab.ledger import check_mixes
from lab.storm import prepare
from lab.suite import main
from lab.waiting import until

SHARE = 1000
TIME_WAIT_S = 60


def _time_waits():
    with open("/proc/net/sockstat", encoding="ascii") as stat:
        words = next(line for line in stat if line.startswith("TCP:")).split()
    return int(words[words.index("tw") + 1])


class Ledger(unittest.TestCase):
    def setUp(self):
        set_sysctl("ipv4.tcp_max_tw_buckets", 2_000_000)
        prepare()
        # Those of the test before hold the ports that the clients of this one need.
        until(lambda: _time_waits() == 0, "the TIME_WAITs of the test before are gone", 2 * TIME_WAIT_S)

    def test_rounds_every_fifth_of_a_second(self):
        check_mixes(self, "200ms", SHARE, run=1)

    def test_rounds_every_five_seconds(self):
        check_mixes(self, "5s", SHARE, run=2)

    def test_rounds_every_thirty_seconds(self):
        check_mixes(self, "30s", SHARE, run=3)


if __name__ == "__main__":
    main()

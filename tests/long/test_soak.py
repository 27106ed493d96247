"""Ten minutes of rounds every 50 ms, while everything changes that can: no growth after the first minute.

It is no part of an ordinary run of the tests, which has a minute of it:

    cmake --preset dev && cmake --build --preset dev
    ctest --test-dir build/dev -C long -R long/soak --verbose
"""

import unittest

from lab.soak import check_steady
from lab.suite import main


class Soak(unittest.TestCase):
    def test_ten_minutes(self):
        check_steady(self, 600, 60)


if __name__ == "__main__":
    main()

"""A million requests that went wrong: the agent is alive, and holds no more than before.

Takes about ten minutes, so it is no part of an ordinary run of the tests:

    cmake --preset dev && cmake --build --preset dev
    ctest --test-dir build/dev -C long -R long/http_mutations --verbose
"""

import unittest

from lab.mutations import check_outlived
from lab.suite import main


class Mutations(unittest.TestCase):
    def test_a_million(self):
        check_outlived(self, 1_000_000)


if __name__ == "__main__":
    main()

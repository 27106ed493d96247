"""20,000 requests that went wrong: the agent is alive, and holds no more than before. (A million: tests/long.)"""

import unittest

from lab.mutations import check_outlived
from lab.suite import main


class Mutations(unittest.TestCase):
    def test_twenty_thousand(self):
        check_outlived(self, 20_000)


if __name__ == "__main__":
    main()

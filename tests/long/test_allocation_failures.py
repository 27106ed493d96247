"""Each single allocation of the commands and of the agent's start fails once: a refusal, an error or the right answer.

Takes some minutes, so it is no part of an ordinary run of the tests, which try a sample:

    cmake --preset dev && cmake --build --preset dev
    ctest --test-dir build/dev -C long -R long/allocation_failures --verbose
"""

import unittest

from lab.starvation import check_checks, check_commands, check_starts
from lab.suite import main


class EachSingleOne(unittest.TestCase):
    def test_of_a_command(self):
        check_commands(self)

    def test_of_the_start_of_the_agent(self):
        check_starts(self)

    def test_of_the_check_of_a_configuration(self):
        check_checks(self)


if __name__ == "__main__":
    main()

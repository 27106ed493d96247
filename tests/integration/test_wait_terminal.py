"""`tidewait wait` for a person: the countdown, Ctrl-C, and a screen that is left in order."""

import json
import re
import unittest

from lab import sockets
from lab.agent import run
from lab.suite import main
from lab.terminal import Terminal
from lab.wait import INTERRUPTED, MET, TIMED_OUT
from lab.waiting import until
from lab.why import Text, check_schema

SHORT = "300ms"
CLOCK_JITTER_S = 0.1


class OnATerminal(unittest.TestCase):
    next_port = 7001

    def setUp(self):
        self.port = OnATerminal.next_port
        OnATerminal.next_port += 1

    def keep(self, *made):
        for each in made:
            self.addCleanup(each.close)

    def seconds_left(self, terminal):
        return [float(shown) for shown in re.findall(r"free in (\d+\.\d) s", terminal.output)]

    def test_countdown(self):
        sockets.time_wait("127.0.0.1", self.port, 3)
        with Terminal("wait", str(self.port)) as terminal:
            until(lambda: terminal.until_shown("free in") and len(self.seconds_left(terminal)) > 10, "it counts down")
            terminal.until_shown(r"\(1 s\)")
            self.assertEqual(run("release", str(self.port), "--time-wait", "--yes").code, 0)
            self.assertEqual(terminal.end(), MET)
            left = self.seconds_left(terminal)
            for earlier, later in zip(left, left[1:]):
                self.assertLessEqual(later, earlier + CLOCK_JITTER_S)
            self.assertGreater(left[0], left[-1])
            self.assertEqual(terminal.screen(), [f"{self.port}/tcp is free", ""])

    def test_ctrl_c_leaves_the_screen_in_order(self):
        self.keep(sockets.listener("127.0.0.1", self.port), sockets.bound("127.0.0.1", self.port + 500))
        with Terminal("wait", str(self.port), str(self.port + 500)) as terminal:
            terminal.until_shown(rf"{self.port}/tcp: held by listener, and 1 more")
            terminal.type("\x03")
            self.assertEqual(terminal.end(), INTERRUPTED)
            # What the terminal itself echoes of Ctrl-C.
            self.assertEqual([line.replace("^C", "") for line in terminal.screen()], [""])
            self.assertNotIn("\x1b[?25l", terminal.output)

    def test_a_timeout_clears_the_countdown_first(self):
        self.keep(sockets.listener("127.0.0.1", self.port))
        with Terminal("wait", str(self.port), "--timeout", SHORT) as terminal:
            self.assertEqual(terminal.end(), TIMED_OUT)
            self.assertIn("is held by a listener", Text("\n".join(terminal.screen())).headline)

    def test_it_says_at_once_that_reuseaddr_would_do(self):
        sockets.time_wait("127.0.0.1", self.port, 1, reuseaddr=True)
        with Terminal("wait", str(self.port)) as terminal:
            terminal.until_shown("can be bound with SO_REUSEADDR already")
            terminal.until_shown(r"time_wait, free in")
            terminal.type("\x03")
            self.assertEqual(terminal.end(), INTERRUPTED)
            self.assertEqual(len(terminal.screen()), 2)

    def test_json_is_not_disturbed(self):
        self.keep(sockets.listener("127.0.0.1", self.port))
        with Terminal("wait", str(self.port), "--json", "--timeout", SHORT) as terminal:
            self.assertEqual(terminal.end(), TIMED_OUT)
            check_schema(json.loads(terminal.output))


if __name__ == "__main__":
    main()

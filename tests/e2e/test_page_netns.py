"""The status page of an agent that looks at several namespaces: one can be chosen, and a link keeps the choice."""

import unittest

from lab import sockets, suite
from lab.agent import Agent
from lab.browser import Browser
from lab.namespaces import Namespace, lo_is_up
from lab.waiting import until

FLAGS = ("--interval=500ms", "--cpu-budget=100%")
SERVED, CONNECTED = 8080, 9000
CONNECTIONS = 3


def serving():
    return sockets.listener("0.0.0.0", SERVED)


def connected():
    """A listener, and both ends of each connection to it."""
    lo_is_up()
    server = sockets.listener("127.0.0.1", CONNECTED)
    ends = []
    for _ in range(CONNECTIONS):
        ends.append(sockets.new_socket("127.0.0.1"))
        ends[-1].connect(("127.0.0.1", CONNECTED))
        ends.append(server.accept()[0])
    return server, ends


class Selector(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.first, cls.second = Namespace(serving), Namespace(connected)
        cls.addClassCleanup(cls.first.close)
        cls.addClassCleanup(cls.second.close)
        cls.agent = cls.enterClassContext(Agent(*FLAGS, *(f"--netns={space.path}" for space in (cls.first, cls.second)),
                                                quick=False))
        cls.browser = cls.enterClassContext(Browser())

    def open(self, address="/"):
        self.browser.open(self.agent.url + address)
        until(lambda: self.browser.text("#connection").startswith("Live"), "the page is live")
        until(lambda: len(self.names()) >= 1, "it shows ports")

    def names(self):
        """Of the rows that are shown."""
        return [row[0] for row in self.browser.rows()]

    def selector_is_shown(self):
        return self.browser.evaluate("document.querySelector('#netns').checkVisibility()")

    def expect_only(self, space, port, totals):
        self.assertEqual(self.names(), [f"{port}/tcp{space.name}"])
        self.assertEqual(self.browser.text("#totals"), totals)
        self.assertEqual(self.browser.evaluate("document.querySelector('#netns').value"), space.name)
        self.assertEqual(self.browser.evaluate("decodeURIComponent(location.hash)"), f"#netns={space.name}")

    def expect_first(self):
        self.expect_only(self.first, SERVED, "Sockets: 0 established, 0 TIME_WAIT, 1 listening, 0 UDP")

    def expect_second(self):
        self.expect_only(self.second, CONNECTED,
                         f"Sockets: {2 * CONNECTIONS} established, 0 TIME_WAIT, 1 listening, 0 UDP")

    def test_rows_and_totals_are_those_of_the_namespace_that_is_chosen(self):
        self.open()
        everything = {f"{SERVED}/tcp{self.first.name}", f"{CONNECTED}/tcp{self.second.name}"}
        self.assertLessEqual(everything, set(self.names()))
        self.assertTrue(self.selector_is_shown())
        self.assertIn(" 3 listening", self.browser.text("#totals"))
        self.browser.do("select", selector="#netns", value=self.first.name)
        self.expect_first()
        self.browser.do("select", selector="#netns", value=self.second.name)
        self.expect_second()
        before = self.browser.text("#cost")
        until(lambda: self.browser.text("#cost") != before, "another round")
        self.expect_second()
        self.browser.do("select", selector="#netns", value="")
        self.assertLessEqual(everything, set(self.names()))
        self.assertEqual(self.browser.evaluate("location.hash"), "")
        self.assertEqual(self.browser.do("complaints"), [])

    def test_a_link_keeps_the_choice(self):
        self.open(f"/#netns={self.second.name}")
        self.expect_second()
        self.browser.evaluate(f"location.hash = 'netns={self.first.name}'")
        until(lambda: self.names() == [f"{SERVED}/tcp{self.first.name}"], "the rows follow the address")
        self.expect_first()

    def test_a_link_to_a_namespace_that_is_not_there_shows_all(self):
        self.open("/#netns=gone")
        self.assertEqual(self.browser.evaluate("document.querySelector('#netns').value"), "")
        self.assertGreater(len(self.names()), 1)

    def test_where_there_is_one_there_is_no_selector(self):
        with Agent(*FLAGS, quick=False) as agent:
            self.browser.open(agent.url + "/")
            until(lambda: self.browser.text("#connection").startswith("Live"), "the page is live")
            self.assertFalse(self.selector_is_shown())

    def test_without_javascript_each_row_names_its_namespace(self):
        self.browser.open(self.agent.url + "/", javascript=False)
        self.assertIn(f"{SERVED}/tcp {self.first.name}", self.names())
        self.assertIn(f"{CONNECTED}/tcp {self.second.name}", self.names())
        self.assertFalse(self.selector_is_shown())


if __name__ == "__main__":
    suite.main()

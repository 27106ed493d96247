"""The status page for everybody: contrast, names and roles by axe-core, the keyboard, and nothing that jumps."""

import contextlib
import unittest

from lab import harbour, suite
from lab.agent import Agent
from lab.browser import Browser
from lab.waiting import until

FLAGS = ("--interval=500ms", "--cpu-budget=100%", *harbour.INCIDENT_FLAGS)
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}

# Cumulative layout shift. One line of text more or less, above the ports, is more.
NOTICEABLE_SHIFT = 0.01

_SHIFTS = """(() => {
    const observer = new PerformanceObserver(() => {});
    observer.observe({type: 'layout-shift', buffered: true});
    return observer.takeRecords().map(({value, sources}) =>
        [value, ...sources.map(({node}) => (node?.outerHTML ?? node?.textContent ?? '').slice(0, 80))]);
})()"""


def open_live(browser, agent, **look):
    """The page of an agent, when the script has taken over."""
    browser.open(agent.url + "/", **look)
    until(lambda: browser.text("#connection").startswith("Live"), "the page is live")


class Access(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(harbour.incident())
        cls.agent = cls.enterClassContext(Agent(*FLAGS, quick=False))
        cls.browser = cls.enterClassContext(Browser())

    def open(self, **look):
        open_live(self.browser, self.agent, **look)

    def expect_accessible(self):
        """No violation of any weight."""
        self.assertEqual(self.browser.do("axe"), [])

    def test_axe_finds_nothing_in_light_and_dark_at_any_size(self):
        for size in (DESKTOP, PHONE):
            for scheme in ("light", "dark"):
                with self.subTest(size=size, scheme=scheme):
                    self.open(**size, scheme=scheme)
                    self.expect_accessible()
                    self.browser.evaluate("document.querySelectorAll('button.open').forEach((button) => button.click())")
                    self.expect_accessible()

    def test_axe_would_find_an_image_without_a_text(self):
        self.open()
        self.browser.evaluate("document.querySelector('main').append(new Image())")
        self.assertIn("image-alt", [violation["id"] for violation in self.browser.do("axe")])

    def test_every_control_is_reached_by_keyboard_and_shows_the_focus(self):
        self.open(**DESKTOP)
        self.browser.evaluate("document.activeElement.blur()")
        reached = []
        for _ in range(30):
            self.browser.do("press", key="Tab")
            if self.browser.evaluate("document.activeElement === document.body"):
                break
            reached.append(self.browser.evaluate("document.activeElement.id || document.activeElement.innerText"))
            self.assertNotEqual(self.browser.evaluate("getComputedStyle(document.activeElement).outlineStyle"), "none")
        for control in ("words", "only", "Port", "TIME_WAIT", "8080/tcp", "15 min"):
            self.assertIn(control, reached)

    def test_a_phone_shows_a_port_without_scrolling_sideways(self):
        self.open(**PHONE)
        overflow = "[document.documentElement, document.querySelector('.scroll')].map((e) => e.scrollWidth - e.clientWidth)"
        self.assertEqual(self.browser.evaluate(overflow), [0, 0])


class Stillness(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(Browser())

    @contextlib.contextmanager
    def new_world(self):
        """Nothing changes in it: its TIME_WAITs outlast a look, and the browser's own connections are too few for news."""
        with harbour.incident(), Agent(*FLAGS, quick=False) as agent:
            yield agent

    def shift(self):
        """Of everything since the page was opened: (the sum, what it is made of)."""
        shifts = self.browser.evaluate(_SHIFTS)
        return sum(shift[0] for shift in shifts), shifts

    def test_nothing_jumps(self):
        for size in (DESKTOP, PHONE):
            with self.subTest(size=size), self.new_world() as agent:
                open_live(self.browser, agent, **size)
                rounds = agent.rounds() + 4
                until(lambda: agent.rounds() >= rounds, "four rounds")
                shift, shifts = self.shift()
                self.assertLess(shift, NOTICEABLE_SHIFT, shifts)

    def test_a_jump_would_be_noticed(self):
        with harbour.calm(), Agent(*FLAGS, quick=False) as agent:
            open_live(self.browser, agent, **PHONE)
            self.browser.evaluate("document.querySelector('main').prepend('One more line.')")
            until(lambda: self.shift()[0] > NOTICEABLE_SHIFT, "a line above the rest is a jump")

    def test_the_summary_is_announced_when_its_words_change_only(self):
        with self.new_world() as agent:
            open_live(self.browser, agent, **DESKTOP)
            self.browser.evaluate("window.changes = 0, new MutationObserver((list) => window.changes += list.length)"
                                  ".observe(document.querySelector('#summary'), {childList: true}), 1")
            before = self.browser.text("#summary .remaining")
            until(lambda: self.browser.text("#summary .remaining") != before, "the countdown goes on")
            self.assertEqual(self.browser.evaluate("window.changes"), 0)
            self.assertEqual(self.browser.evaluate("document.querySelector('#summary').ariaLive"), "polite")


if __name__ == "__main__":
    suite.main()

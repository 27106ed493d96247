"""A scripted story on a real port of the ephemeral range: its events and its history tell it in the right order, with the
right times."""

import itertools
import unittest

from lab.agent import Agent
from lab.kernel import get_sysctl
from lab.story import CLIENTS, Story, seconds_of
from lab.suite import main

PORT = 40123
STEP_SECONDS = 0.5
INTERVAL_SECONDS = 0.05


class TheStory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        low, high = map(int, get_sysctl("ipv4.ip_local_port_range"))
        assert low <= PORT <= high
        agent = Agent(f"--watch={PORT}=listening", "--history=1m")
        cls.addClassCleanup(agent.kill)
        cls.story = Story(agent, PORT)
        cls.story.tell()
        cls.events = cls.story.events()
        cls.history = agent.json(f"/api/v1/history/{PORT}")
        agent.stop()

    @staticmethod
    def events_of(chapter):
        """Of several verdicts in a row the last: a round may fall into the middle of what happens."""
        return [event for event, later in itertools.zip_longest(chapter.events, chapter.events[1:])
                if later is None or (event["kind"], later["kind"]) != ("verdict_changed", "verdict_changed")]

    def chapter(self, name):
        return next(chapter for chapter in self.story.chapters if chapter.name == name)

    def test_events_come_in_the_order_of_the_story_and_in_its_time(self):
        for chapter in self.story.chapters:
            self.assertEqual([event["kind"] for event in self.events_of(chapter)], chapter.kinds, chapter.name)
            for event in chapter.events:
                self.assertTrue(chapter.tells(event["at"]), (chapter.name, event))
        self.assertEqual([event for chapter in self.story.chapters for event in chapter.events], self.events)

    def test_ids_rise_and_times_do_not_go_back(self):
        ids = [event["id"] for event in self.events]
        self.assertEqual(ids, sorted(set(ids)))
        times = [seconds_of(event["at"]) for event in self.events]
        self.assertEqual(times, sorted(times))

    def test_events_name_who_it_was(self):
        first, second, thief = self.story.pids()
        at = f"127.0.0.1:{PORT}/tcp"
        wanted = {
            "listen": [rf"{at}: a new listener of \S+ \({first}\)",
                       rf"{PORT}/tcp: held by a listener of \S+ \({first}\).*; before: free"],
            "crash": [rf"{at}: the listener of \S+ \({first}\).* is gone",
                      rf"{PORT}/tcp: .*closing connections.*; before: (a listener of \S+ \({first}\)|connections still open).*"],
            "time_wait": [rf"{PORT}/tcp: .*TIME_WAIT of \S+ \({first}\); before: .*closing connections of \S+ \({first}\)"],
            "rebind": [rf"{at}: a new listener of \S+ \({second}\)",
                       rf"{PORT}/tcp: held by a listener of \S+ \({second}\).*; before: .*TIME_WAIT of \S+ \({first}\)"],
            "release": [rf"{PORT}/tcp: free; before: .*TIME_WAIT.*"],
            "theft": [rf"{PORT}/tcp: taken by an outgoing connection to 127\.0\.0\.1:{PORT + 1} of \S+ \({thief}\).*; "
                      "a listener is expected there", rf"{PORT}/tcp: held by an outgoing connection .*; before: free"],
        }
        for name, patterns in wanted.items():
            texts = [event["text"] for event in self.events_of(self.chapter(name))]
            self.assertEqual(len(texts), len(patterns), name)
            for text, pattern in zip(texts, patterns):
                self.assertRegex(text, rf"\A{pattern}\Z")

    def test_every_chapter_is_a_sample_in_its_time(self):
        samples = self.history["samples"]
        for chapter in self.story.chapters:
            shown = [sample for sample in samples if chapter.shows(sample) and chapter.holds(sample["at"])]
            self.assertTrue(shown, chapter.name)

    def test_samples_are_a_step_apart(self):
        self.assertEqual(self.history["step_seconds"], STEP_SECONDS)
        times = [seconds_of(sample["at"]) for sample in self.history["samples"]]
        for earlier, later in zip(times, times[1:]):
            self.assertGreaterEqual(later - earlier, STEP_SECONDS - INTERVAL_SECONDS)

    def test_what_entered_time_wait_is_counted_at_the_right_moment(self):
        before, after = self.chapter("crash"), self.chapter("time_wait")
        for sample in self.history["samples"]:
            entered = sample["time_wait_entered_total"]
            if seconds_of(sample["at"]) < before.seen:
                self.assertEqual(entered, 0)
            elif seconds_of(sample["at"]) >= after.seen:
                self.assertEqual(entered, CLIENTS)

    def test_the_accept_queue_is_that_of_a_listener(self):
        for sample in self.history["samples"]:
            self.assertEqual(sample["accept_queue"] is not None, sample["states"]["listen"] > 0, sample)


if __name__ == "__main__":
    main()

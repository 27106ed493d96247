"""What the agent has counted of entries into TIME_WAIT, held against what the kernel has."""

from lab.agent import Agent
from lab.storm import Kernel, Weather, first_port, mixes
from lab.waiting import PATIENCE, until

_ENTERED = "tidewait_port_time_wait_entered_total"
_LISTEN = "127.0.0.1:7998"  # where no storm has a client


def agent_with(interval, *flags):
    """An agent that keeps to the interval whatever that costs."""
    return Agent(f"--interval={interval}", "--cpu-budget=100%", *flags, listen=_LISTEN, quick=False)


def entered(page):
    """{label: entries}."""
    return {labels["port"]: int(value) for labels, value in page.series(_ENTERED)}


def missed(page):
    """Entries that came and went unseen."""
    return int(page.value("tidewait_time_wait_missed_total"))


class Books:
    """The agent's counters and the kernel's, from now on. Nothing else may make a TIME_WAIT meanwhile."""

    def __init__(self, case, agent):
        self._case = case
        self._agent = agent
        self._before = entered(agent.metrics())
        self._latest = self._before
        self._missed_before = missed(agent.metrics())
        self.kernel = Kernel()

    def look(self):
        """The latest page and {label: entries}; no counter may go back, nor all of them exceed what was made."""
        page = self._agent.metrics()
        now = entered(page)
        for label, count in self._latest.items():
            self._case.assertGreaterEqual(now[label], count, label)
        self._latest = now
        since = {label: count - self._before.get(label, 0) for label, count in now.items()}
        made = self.kernel.made()
        self._case.assertLessEqual(sum(since.values()) + missed(page) - self._missed_before, made)
        return page, {label: count for label, count in since.items() if count}

    def settled(self, seconds=PATIENCE):
        """As look(), after a round that began after this call."""
        self._agent.next_round(seconds)
        return self.look()


def check_mixes(case, interval, share, run, seconds=240):
    """Lets all of mixes() pass; every TIME_WAIT of theirs is counted, under its port, and nothing else is.

    The servers' ports are watched: else what enters before a round has seen the server counts under a sum.
    """
    with agent_with(interval, f"--watch={first_port(run)}-{first_port(run) + 9}") as agent:
        books = Books(case, agent)
        with Weather(*mixes(share, run)) as weather:
            until(lambda: books.look() and weather.is_over(), "the storms are over", seconds)
            page, counted = books.settled(seconds)
            made = books.kernel.made()
    case.assertEqual(counted, dict(weather.expected))
    case.assertEqual(sum(counted.values()), made)
    case.assertEqual((books.kernel.recycled(), books.kernel.overflowed()), (0, 0))
    case.assertEqual(page.value("tidewait_time_wait_ledger_exact"), 1)
    case.assertEqual(page.sum("tidewait_round_failures_total"), 0)
    print(f"{sum(counted.values())} TIME_WAITs, {page.value('tidewait_rounds_total'):.0f} rounds, "
          f"{page.value('tidewait_round_duration_seconds_sum') / page.value('tidewait_rounds_total'):.3f} s each", flush=True)
    return page

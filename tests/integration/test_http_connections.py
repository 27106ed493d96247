"""Clients that take connections and give nothing for them: those who ask are served all the same."""

import http.client
import os
import re
import resource
import time
import unittest

from lab.agent import Agent, run
from lab.clients import HEALTHZ, Crowd, ask, exchange, open_at, place_of, seconds_to_scrape
from lab.suite import main
from lab.waiting import until

SANITIZED = bool(os.environ.get("TIDEWAIT_SANITIZE"))
IDLE = 500
DRIPPING = 50
SECONDS_TO_CLOSE = 6.0
SECONDS_TO_SCRAPE = 0.1
DESCRIPTORS = 64
CLIENTS = 200
LINES_A_MINUTE = 10


def with_descriptors(soft, hard):
    """For preexec_fn."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def cpu_seconds(agent):
    with open(f"/proc/{agent.process.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Connections(unittest.TestCase):
    def start(self, *flags, **options):
        agent = Agent(*flags, quick=False, **options)
        self.addCleanup(agent.kill)
        return agent

    def gather(self):
        crowd = Crowd()
        self.addCleanup(crowd.close)
        return crowd

    def rejected(self, agent, reason):
        """As the page shows it that a round after this one makes."""
        agent.next_round()
        return agent.metrics().value("tidewait_http_rejected_total", reason=reason)

    def check_outlived(self, sources):
        """Idle and dripping clients from these addresses: the next scrape from another does not notice them."""
        agent = self.start("--interval=1s")
        place = place_of(agent)
        crowd = self.gather()
        for i in range(IDLE + DRIPPING):
            crowd.join(place, sources[i % len(sources)], drips=i % (IDLE // DRIPPING + 1) == 0)
        self.assertGreater(len(crowd), 0)
        seconds = seconds_to_scrape(place, "127.0.0.100")
        self.assertTrue(crowd.outlast(2 * SECONDS_TO_CLOSE), f"{len(crowd)} are still open")
        print(f"scraped in {1000 * seconds:.1f} ms; the last was closed after {max(crowd.ages):.2f} s")
        self.assertLess(seconds, SECONDS_TO_SCRAPE)
        self.assertLess(max(crowd.ages), SECONDS_TO_CLOSE)
        self.assertGreater(self.rejected(agent, "deadline"), 0)
        agent.stop()
        return agent

    def test_a_crowd_from_one_address_is_outlived(self):
        self.check_outlived(["127.0.0.2"])

    def test_a_crowd_from_a_hundred_addresses_is_outlived(self):
        self.check_outlived([f"127.0.1.{i}" for i in range(1, 101)])

    def test_a_scraper_that_keeps_its_connection_is_never_cut(self):
        agent = self.start()
        scraper = http.client.HTTPConnection(*place_of(agent))
        scraper.connect()
        scraper.auto_open = False
        end = time.monotonic() + 2 * SECONDS_TO_CLOSE
        for second in range(int(2 * SECONDS_TO_CLOSE)):
            scraper.request("GET", "/metrics")
            self.assertTrue(scraper.getresponse().read().endswith(b"\n"))
            until(lambda due=end - 2 * SECONDS_TO_CLOSE + second + 1: time.monotonic() >= due, "the next second")
        scraper.request("GET", "/healthz")
        self.assertEqual(scraper.getresponse().read(), b"ok\n")
        scraper.close()

    def test_an_address_has_no_more_than_its_share(self):
        """Over an IPv6 socket, too, where IPv4 addresses come in another form."""
        agent = self.start("--interval=50ms", "--cpu-budget=100%", "--web.max-connections-per-address=3", listen=":7300")
        crowd = self.gather()
        for source, host in (("127.0.0.2", "127.0.0.1"), ("127.0.0.3", "127.0.0.1"), ("::1", "::1")):
            with self.subTest(source=source):
                open_before = len(crowd)
                before = self.rejected(agent, "per_address")
                for _ in range(5):
                    crowd.join((host, 7300), source)
                until(lambda expected=before + 2: self.rejected(agent, "per_address") == expected, "two are refused")
                self.assertEqual(len(crowd), open_before + 3)

    def test_whoever_waited_longest_makes_way_when_there_are_too_many(self):
        agent = self.start("--interval=50ms", "--cpu-budget=100%", "--web.max-connections=4")
        agent.hang_up()
        place = place_of(agent)
        until(lambda: not open_at(place), "the agent has no connection")
        first, newest = self.gather(), self.gather()
        for _ in range(4):
            first.join(place)
        self.assertEqual(len(first), 4)
        for left in (3, 2, 1):
            newest.join(place)
            until(lambda left=left: len(first) == left, f"one more of the first four is closed: {left} are left")
            self.assertEqual(len(newest), 4 - left)
        self.assertEqual(ask(place, HEALTHZ).status, 200)
        self.assertGreaterEqual(self.rejected(agent, "connections"), 4)
        self.assertEqual(self.rejected(agent, "per_address"), 0)

    def test_two_hundred_clients_with_few_descriptors(self):
        agent = self.start("--log.level=debug", preexec_fn=with_descriptors(DESCRIPTORS, DESCRIPTORS))
        self.assertRegex(agent.log(), r"level=warn [^\n]*--web.max-connections[^\n]*ulimit -Hn from 64 to \d+")
        place = place_of(agent)
        lines_before = agent.log().count("\n")
        cpu_before, began = cpu_seconds(agent), time.monotonic()
        crowd = self.gather()
        for i in range(CLIENTS):
            crowd.join(place, f"127.0.2.{i + 1}")
        self.assertEqual(ask(place, HEALTHZ).status, 200)
        seconds = seconds_to_scrape(place)
        self.assertTrue(crowd.outlast(SECONDS_TO_CLOSE))
        share = (cpu_seconds(agent) - cpu_before) / (time.monotonic() - began)
        print(f"scraped in {1000 * seconds:.1f} ms; {100 * share:.2f} % of a core")
        if not SANITIZED:
            self.assertLess(share, 0.01)
        self.assertLessEqual(agent.log().count("\n") - lines_before, LINES_A_MINUTE)
        self.assertEqual(agent.get("/healthz").status, 200)
        agent.stop()

    def test_the_soft_limit_of_descriptors_is_raised_as_needed(self):
        agent = self.start(preexec_fn=with_descriptors(DESCRIPTORS, 4 * DESCRIPTORS))
        self.assertNotIn("level=warn", agent.log())
        page = agent.metrics()
        self.assertGreater(page.value("process_max_fds"), DESCRIPTORS + page.value("process_open_fds"))

    def test_too_few_descriptors_are_refused_with_the_figures(self):
        outcome = run("serve", "--web.listen-address=127.0.0.1:7400", preexec_fn=with_descriptors(20, 20))
        self.assertEqual(outcome.code, 3)
        self.assertRegex(outcome.err, r"\Atidewait: 20 [^\n]*--web.max-connections 64 [^\n]*\d+[^\n]*LimitNOFILE[^\n]*\n\Z")

    def test_whatever_clients_do_is_ten_lines_a_minute(self):
        agent = self.start("--log.level=debug")
        place = place_of(agent)
        before = agent.log().count("\n")
        for _ in range(2000):
            exchange(place, b"GET /healthz HTTP/1.1\r\nHost\x1b[2J\r\n\r\n")
        written = agent.log().count("\n") - before
        self.assertGreater(written, 0)
        until(lambda: re.search(r'msg="lines about clients were left out" count=\d{4}', agent.log()), "the rest is counted")
        self.assertLessEqual(agent.log().count("\n") - before, LINES_A_MINUTE)
        self.assertNotIn("\x1b", agent.log())


if __name__ == "__main__":
    main()

"""When memory lacks: a refusal, an error or the right answer; never a signal, never half an answer."""

import http.client
import unittest

from lab.agent import Agent
from lab.allocations import Allocations
from lab.sockets import listener
from lab.starvation import PORT, check_checks, check_commands, check_starts
from lab.suite import main
from lab.waiting import until

# Of all single allocations; tests/long tries each.
SAMPLE = 40
FAILURES = 300
PATHS = ("/", "/metrics", "/api/v1/report", "/api/v1/ports", f"/api/v1/ports/{PORT}", f"/api/v1/history/{PORT}",
         "/api/v1/events", "/healthz", "/readyz", "/nowhere")


class EachSingleOne(unittest.TestCase):
    def test_of_a_command(self):
        check_commands(self, SAMPLE)

    def test_of_the_start_of_the_agent(self):
        check_starts(self, SAMPLE)

    def test_of_the_check_of_a_configuration(self):
        check_checks(self, SAMPLE)


class Running(unittest.TestCase):
    """An agent of which each so many-th allocation fails."""

    def ask(self, agent):
        """Every path; an answer, or the end of the connection."""
        for path in PATHS:
            try:
                answer = agent.get(path, headers={"Accept-Encoding": "gzip"})
            except (http.client.HTTPException, OSError):
                agent.hang_up()
                continue
            self.assertIn(answer.status, (200, 404, 500, 503), path)

    def check(self, every):
        allocations = Allocations(self)
        with listener("127.0.0.1", PORT), Agent("--watch=8080", env=allocations.env) as agent:
            allocations.fail_each(every)
            while allocations.failed < FAILURES:
                self.ask(agent)
                self.assertIsNone(agent.process.poll(), agent.log())
            allocations.succeed()
            agent.next_round()
            until(lambda: agent.get("/readyz").status == 200, "the agent is ready again")
            self.assertEqual((agent.verdict(PORT)["verdict"], agent.verdict(8080)["verdict"]), ("held", "free"))
            for path in PATHS:
                self.assertEqual(agent.get(path).status, 404 if path == "/nowhere" else 200, path)

    def test_every_second(self):
        self.check(2)

    def test_every_third(self):
        self.check(3)

    def test_every_seventh(self):
        self.check(7)

    def test_every_fiftieth(self):
        self.check(50)


if __name__ == "__main__":
    main()

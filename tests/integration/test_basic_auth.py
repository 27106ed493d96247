"""Basic authentication from --web.config.file."""

import contextlib
import http.client
import pathlib
import tempfile
import threading
import time
import unittest

from lab.pki import bcrypt
from lab.secured import agent_with, basic, place_of, write
from lab.suite import main
from lab.waiting import until

PASSWORD = "open sesame, \u00a3"
ALICE = basic("alice", PASSWORD)
QUIET_SECONDS = 2
SCRAPES = 1000


def cpu_seconds(agent):
    """What the process has used, as the kernel counts it."""
    stat = pathlib.Path(f"/proc/{agent.process.pid}/stat").read_text(encoding="ascii")
    return sum(map(int, stat.rpartition(") ")[2].split()[11:13])) / 100


def status_from(address, agent, headers):
    """The status of a request that comes from another address."""
    client = http.client.HTTPConnection(*place_of(agent), timeout=30, source_address=(address, 0))
    with contextlib.closing(client):
        client.request("GET", "/healthz", headers=headers)
        return client.getresponse().status


class BasicAuth(unittest.TestCase):
    def config(self, users):
        """A web.yml with these users."""
        if not hasattr(self, "room"):
            self.room = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        lines = "".join(f"  {name}: {hashed}\n" for name, hashed in users.items())
        write(self.room / "web.yml", f"basic_auth_users:\n{lines}")
        return self.room / "web.yml"

    def agent(self, *flags, cost=4):
        """With the user alice."""
        config = self.config({"alice": bcrypt(PASSWORD, cost)})
        return self.enterContext(agent_with(config, *flags, headers=ALICE))

    def test_every_path_asks_for_the_password(self):
        agent = self.agent()
        for path in ("/", "/metrics", "/api/v1/report", "/api/v1/ports", "/healthz", "/readyz", "/nowhere"):
            answer = agent.get(path)
            self.assertEqual(answer.status, 401, path)
            self.assertEqual(answer.headers["WWW-Authenticate"], 'Basic realm="tidewait", charset="UTF-8"')
            self.assertNotEqual(agent.get(path, headers=ALICE).status, 401, path)

    def test_what_cannot_be_read_is_refused(self):
        agent = self.agent()
        for value in ("", "Basic", "Basic @@@", "Basic YWxpY2U=", "Bearer x", "Basic " + "x" * 4000, "\u00ff"):
            self.assertEqual(agent.get("/healthz", headers={"Authorization": value}).status, 401, value)
        self.assertEqual(agent.get("/healthz", headers=ALICE).status, 200)

    def test_a_wrong_password_and_a_wrong_name_are_refused_alike(self):
        answers = []
        for user, password in (("alice", "wrong"), ("mallory", PASSWORD)):
            agent = self.agent()
            answer = agent.get("/healthz", headers=basic(user, password))
            answers.append((answer.status, answer.body))
        self.assertEqual(answers[0][0], 401)
        self.assertEqual(answers[0], answers[1])

    def test_a_thousand_scrapes_do_not_hash_a_thousand_times(self):
        cost = 12
        before = time.thread_time()
        bcrypt(PASSWORD, cost)
        one_hash = time.thread_time() - before
        agent = self.agent(cost=cost)
        before = cpu_seconds(agent)
        for _ in range(SCRAPES):
            self.assertEqual(agent.get("/metrics", headers=ALICE).status, 200)
        self.assertLess(cpu_seconds(agent) - before, SCRAPES * one_hash / 4)

    def test_who_guesses_is_slowed_down_and_hinders_nobody(self):
        agent = self.agent()
        statuses = []
        done = threading.Event()

        def guess():
            while not done.is_set():
                statuses.append(status_from("127.0.0.2", agent, basic("alice", len(statuses))))

        began = time.monotonic()
        guesser = threading.Thread(target=guess)
        guesser.start()
        try:
            until(lambda: statuses.count(429) >= 20, "the guesser is told to wait")
            for _ in range(100):
                self.assertEqual(agent.get("/metrics", headers=ALICE).status, 200)
        finally:
            done.set()
            guesser.join()
        self.assertEqual(set(statuses), {401, 429})
        self.assertLessEqual(statuses.count(401), 1 + (time.monotonic() - began) / QUIET_SECONDS)

    def test_users_change_with_the_file(self):
        agent = self.agent()
        self.config({"bob": bcrypt("new")})
        until(lambda: agent.get("/healthz", headers=basic("bob", "new")).status == 200, "bob may ask")
        self.assertEqual(agent.get("/healthz", headers=ALICE).status, 401)

    def test_passwords_are_not_logged(self):
        agent = self.agent("--log.level=debug")
        agent.get("/healthz", headers=basic("alice", "s3cret-guess"))
        agent.get("/healthz", headers={"Authorization": "Basic s3cret-garbage"})
        log = agent.log()
        for secret in (PASSWORD, "s3cret", ALICE["Authorization"].split()[1], "$2b$"):
            self.assertNotIn(secret, log)


if __name__ == "__main__":
    main()

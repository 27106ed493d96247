"""What a service manager is told: sd_notify(3). That systemd makes of it what it should, tests/deploy sees."""

import os
import re
import signal
import socket
import tempfile
import unittest

from lab import sockets
from lab.agent import Agent
from lab.faults import injected, without_sockets_of
from lab.settings import Settings, hang_up
from lab.suite import main
from lab.waiting import until

RELOADING = re.compile(r"RELOADING=1\nMONOTONIC_USEC=\d+")


class Manager:
    """The socket that NOTIFY_SOCKET names, and what came in."""

    def __init__(self, case, abstract=False):
        room = tempfile.TemporaryDirectory()
        case.addCleanup(room.cleanup)
        self.name = f"{'@' if abstract else ''}{room.name}/notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        case.addCleanup(self._socket.close)
        self._socket.bind(self.name.replace("@", "\0"))
        self._messages = []

    def messages(self):
        """All of them, so far."""
        while True:
            try:
                self._messages.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return self._messages

    def waits_for(self, *messages, after=0):
        """Until these were told, one after the other; gives the place behind the last one. Each is a text, or a pattern."""
        place = after
        for wanted in messages:
            pattern = re.compile(re.escape(wanted)) if isinstance(wanted, str) else wanted
            place = until(lambda: self._behind(pattern, place), f"{wanted!r} is told")
        return place

    def _behind(self, pattern, after):
        for place, message in enumerate(self.messages()[after:], after + 1):
            if pattern.fullmatch(message):
                return place
        return None


class Notify(unittest.TestCase):
    def start(self, *flags, manager=None, **options):
        self.manager = manager or Manager(self)
        variables = {"NOTIFY_SOCKET": self.manager.name, **options.pop("env", {})}
        agent = Agent(*flags, env=variables, **options)
        self.addCleanup(agent.kill)
        return agent

    def test_it_is_ready_when_it_answers_with_a_round(self):
        agent = self.start("--no-watch-listeners", ready=False)
        place = self.manager.waits_for("STATUS=No port has a listener yet, and none is watched", "READY=1")
        self.assertEqual(place, 2, self.manager.messages())
        self.assertEqual(agent.get("/readyz").status, 200)
        agent.next_round()
        agent.stop()
        self.assertEqual(self.manager.messages()[place:], ["STOPPING=1"])

    def test_a_manager_may_have_an_abstract_socket(self):
        self.start(manager=Manager(self, abstract=True))
        self.manager.waits_for("READY=1")

    def test_the_status_is_what_is_wrong_first(self):
        self.start("--watch=8080=listening")
        place = self.manager.waits_for("STATUS=8080/tcp has no listener, though one is expected")
        with sockets.listener("127.0.0.1", 8080):
            self.manager.waits_for(re.compile(r"STATUS=(?!8080).*"), after=place)

    def test_a_round_that_fails_first_does_not_keep_it_from_starting(self):
        self.start(ready=False, preexec_fn=lambda: without_sockets_of(socket.AF_NETLINK, 12))
        self.manager.waits_for(re.compile("STATUS=.*Cannot allocate memory.*"), "READY=1")

    def test_it_says_when_it_rereads(self):
        settings = Settings(self, "interval: 50ms")
        agent = self.start(settings.flag, quick=False)
        place = self.manager.waits_for("READY=1")
        for line, says in (("watch: [8001]", "reread"), ("watch: [x]", "refused")):
            settings.write(line)
            hang_up(agent, says=says)
            place = self.manager.waits_for(RELOADING, "READY=1", after=place)

    def test_a_manager_that_is_not_there_is_told_of_and_no_reason_not_to_run(self):
        with Agent(env={"NOTIFY_SOCKET": "/nowhere/notify"}) as agent:
            self.assertRegex(agent.log(), 'level=warn msg="the service manager cannot be told how the agent is" '
                                          'reason="NOTIFY_SOCKET=/nowhere/notify: No such file or directory"')


class Watchdog(unittest.TestCase):
    def start(self, *flags, watchdog, through=(), **options):
        self.manager = Manager(self)
        agent = Agent(*flags, env={"NOTIFY_SOCKET": self.manager.name, **watchdog}, through=through, **options)
        self.addCleanup(agent.kill)
        return agent

    def signs(self):
        return self.manager.messages().count("WATCHDOG=1")

    def test_signs_of_life_come_though_rounds_are_rare(self):
        self.start("--interval=50s", quick=False, watchdog={"WATCHDOG_USEC": "100000"})
        until(lambda: self.signs() >= 5, "five signs of life")

    def test_no_sign_comes_while_a_round_hangs(self):
        agent = self.start(watchdog={"WATCHDOG_USEC": "1000"})
        until(lambda: self.signs() >= 1, "a sign of life")

        def still():
            """Meanwhile the agent answers many requests, as its other threads do not hang."""
            before = self.signs()
            answers = {agent.get("/healthz").status for _ in range(200)}
            return answers == {200} and self.signs() == before

        until(lambda: not still(), "signs of life while the agent answers")
        with injected(agent.process, "recvmsg:delay_enter=1s", threads=False) as happened:
            until(still, "no sign of life")
            until(happened, "the round goes on")
        before = self.signs()
        until(lambda: self.signs() > before, "signs of life again")

    def test_a_watchdog_for_another_process_gets_none(self):
        its_own = ("sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "sh")
        self.start(watchdog={"WATCHDOG_USEC": "1000"}, through=its_own)
        until(lambda: self.signs() >= 1, "a sign of life")
        agent = self.start(watchdog={"WATCHDOG_USEC": "1000", "WATCHDOG_PID": str(os.getpid())})
        agent.next_round()
        self.assertEqual(self.signs(), 0)


if __name__ == "__main__":
    main()

"""`/api/v1/events`, `/api/v1/history/…` and `tidewait events`: what happened, from the agent's memory."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import unittest

from lab import sockets
from lab.agent import BINARY, Agent, environment, run
from lab.faults import injected
from lab.kernel import ss_sockets
from lab.story import seconds_of
from lab.suite import main
from lab.waiting import PATIENCE, until

PORT = 7101
KEYS = ["id", "at", "kind", "netns", "protocol", "address", "port", "text"]
SAMPLE_KEYS = ["at", "states", "time_wait_entered_total", "verdict", "accept_queue"]
AGENT_PORT = 7200
EVENTS_MAX = 1024
MANY_PORTS = range(7301, 7501)
ROUNDS_OF_MANY = 3


def events(agent, since=0):
    return agent.json(f"/api/v1/events?since={since}")["events"]


def kinds(agent, since=0):
    return [event["kind"] for event in events(agent, since)]


class Follower:
    """A running `tidewait events --follow`."""

    def __init__(self, url, *flags):
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.process = subprocess.Popen([BINARY, "events", "--follow", f"--url={url}", *flags], env=environment(),
                                        stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._err)

    def lines(self):
        return os.pread(self._out.fileno(), 1 << 24, 0).decode().splitlines()

    def says(self):
        return os.pread(self._err.fileno(), 1 << 20, 0).decode()

    def end(self, sign=signal.SIGINT):
        self.process.send_signal(sign)
        return self.process.wait(PATIENCE)

    def close(self):
        self.process.kill()
        self.process.wait()
        self._out.close()
        self._err.close()


class OverHttp(unittest.TestCase):
    def test_the_first_event_is_the_start(self):
        with Agent() as agent:
            answer = agent.json("/api/v1/events")
            self.assertEqual(list(answer), ["instance", "events"])
            self.assertEqual(list(answer["events"][0]), KEYS)
            self.assertEqual((answer["events"][0]["id"], answer["events"][0]["kind"]), (1, "agent_started"))

    def test_ids_go_on_and_since_asks_for_what_is_new(self):
        with Agent(f"--watch={PORT}") as agent:
            before = len(events(agent))
            with sockets.listener("127.0.0.1", PORT):
                until(lambda: len(events(agent)) == before + 2, "the listener is an event, and so is the verdict")
                self.assertEqual(kinds(agent, before), ["listener_appeared", "verdict_changed"])
                self.assertEqual(kinds(agent, before + 1), ["verdict_changed"])
                self.assertEqual(kinds(agent, before + 2), [])
            self.assertEqual([event["id"] for event in events(agent)][:before + 2], list(range(1, before + 3)))

    def test_an_id_that_is_none_is_refused(self):
        with Agent() as agent:
            for since in ("-1", "1e3", "last", "99999999999999999999"):
                answer = agent.get(f"/api/v1/events?since={since}")
                self.assertEqual((answer.status, json.loads(answer.body)["error"]["code"]), (400, "bad_request"))

    def test_more_events_than_are_kept(self):
        # Each port: a listener that comes and goes, and two verdicts.
        told = 4 * len(MANY_PORTS) * ROUNDS_OF_MANY
        with Agent(f"--watch={MANY_PORTS[0]}-{MANY_PORTS[-1]}") as agent:
            for _ in range(ROUNDS_OF_MANY):
                with contextlib.ExitStack() as held:
                    for port in MANY_PORTS:
                        held.enter_context(sockets.listener("127.0.0.1", port))
                    agent.next_round()
                agent.next_round()
            kept = events(agent)
            self.assertGreaterEqual(kept[-1]["id"], told)
            self.assertEqual(len(kept), EVENTS_MAX)
            self.assertEqual([event["id"] for event in kept], list(range(kept[0]["id"], kept[-1]["id"] + 1)))
            self.assertEqual(events(agent, 5), kept)

    def test_an_accept_queue_that_overflows(self):
        with Agent(f"--watch={PORT}") as agent:
            for each in sockets.unanswered_syn("127.0.0.1", PORT):
                self.addCleanup(each.close)
            told = until(lambda: [event for event in events(agent) if event["kind"] == "accept_queue_overflowed"],
                         "the overflow is an event")
            self.assertEqual(told[0]["port"], PORT)
            self.assertRegex(told[0]["text"], rf"{PORT}/tcp: the accept queue of .*\({os.getpid()}\).* is full, 1 wait")

    def test_a_round_that_fails_is_told_once_and_leaves_a_gap_in_the_history(self):
        with Agent(f"--watch={PORT}", "--history=1m", env={"ASAN_OPTIONS": "detect_leaks=0"}) as agent:
            with injected(agent.process, "recvmsg:error=ENOBUFS"):
                failed = until(lambda: [event for event in events(agent) if event["kind"] == "round_failed"],
                               "the failure is an event")
                self.assertRegex(failed[0]["text"], "No buffer space")
                failures = agent.metrics().sum("tidewait_round_failures_total")
                until(lambda: agent.metrics().sum("tidewait_round_failures_total") >= failures + 30, "more failures")
            recovered = until(lambda: [event for event in events(agent) if event["kind"] == "round_recovered"],
                              "the recovery is an event")
            self.assertEqual([kind for kind in kinds(agent) if kind.startswith("round_")],
                             ["round_failed", "round_recovered"])
            began, ended = seconds_of(failed[0]["at"]), seconds_of(recovered[0]["at"])
            until(lambda: seconds_of(self.samples(agent)[-1]["at"]) >= ended, "samples go on")
            blind = [sample for sample in self.samples(agent) if began <= seconds_of(sample["at"]) < ended]
            self.assertEqual(blind, [])

    @staticmethod
    def samples(agent, port=PORT, protocol="tcp"):
        return agent.json(f"/api/v1/history/{port}?protocol={protocol}")["samples"]

    def test_history_by_protocol_and_what_has_none(self):
        with Agent(f"--watch={PORT}", f"--watch=udp:{PORT}") as agent:
            answer = agent.json(f"/api/v1/history/{PORT}")
            self.assertEqual((list(answer), answer["step_seconds"]), (["step_seconds", "samples"], 30))
            self.assertEqual(list(answer["samples"][0]), SAMPLE_KEYS)
            self.assertIn("time_wait", answer["samples"][0]["states"])
            self.assertEqual(set(self.samples(agent, protocol="udp")[0]["states"]), {"established", "close"})
            for target, status, code in ((f"{PORT + 1}", 404, "not_tracked"), ("http", 400, "bad_request"),
                                         (f"{PORT}?netns=other", 404, "not_tracked"),
                                         (f"{PORT}?address=127.0.0.1", 400, "bad_request")):
                answer = agent.get(f"/api/v1/history/{target}")
                self.assertEqual((answer.status, json.loads(answer.body)["error"]["code"]), (status, code), target)

    def test_without_a_history_events_remain(self):
        with Agent(f"--watch={PORT}", "--history=0") as agent:
            answer = agent.get(f"/api/v1/history/{PORT}")
            self.assertEqual((answer.status, json.loads(answer.body)["error"]["code"]), (404, "no_history"))
            self.assertEqual(kinds(agent)[0], "agent_started")


class InTheTerminal(unittest.TestCase):
    def follow(self, *arguments):
        follower = Follower(*arguments)
        self.addCleanup(follower.close)
        return follower

    def test_events_prints_what_the_agent_remembers(self):
        with Agent() as agent:
            outcome = run("events", f"--url={agent.url}", env={"TZ": "UTC"})
            self.assertEqual((outcome.code, outcome.err), (0, ""))
            self.assertRegex(outcome.out.splitlines()[0],
                             r"\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  the agent has started, tidewait \d+\.\d+\.\d+\Z")
            outcome = run("events", "--json", "--url", agent.url)
            self.assertEqual([json.loads(line) for line in outcome.out.splitlines()], events(agent))

    def test_follow_prints_live_and_each_event_once(self):
        with Agent(f"--watch={PORT}") as agent:
            follower = self.follow(agent.url, "--json")
            until(follower.lines, "what has been is printed at once")
            with sockets.listener("127.0.0.1", PORT):
                until(lambda: "listener_appeared" in "".join(follower.lines()), "the listener is printed")
            until(lambda: "listener_gone" in "".join(follower.lines()), "its end is printed")
            until(lambda: len(follower.lines()) == len(events(agent)), "the rest is printed")
            self.assertEqual([json.loads(line) for line in follower.lines()], events(agent))
            self.assertEqual((follower.end(), follower.says()), (130, ""))

    def test_follow_survives_a_restart_of_the_agent(self):
        listen = f"127.0.0.1:{AGENT_PORT}"
        with Agent(listen=listen) as agent:
            follower = self.follow(agent.url, "--json")
            until(follower.lines, "the first agent's events")
        until(lambda: "waiting" in follower.says(), "it says that the agent is gone")
        with Agent(f"--watch={PORT}", listen=listen) as agent:
            before = len(events(agent))
            until(lambda: "restarted" in follower.says(), "it says that the agent was restarted")
            with sockets.listener("127.0.0.1", PORT):
                until(lambda: "listener_appeared" in "".join(follower.lines()), "it goes on")
            printed = [json.loads(line) for line in follower.lines()]
            again = [at for at, event in enumerate(printed) if event["kind"] == "agent_started"]
            self.assertEqual(len(again), 2)
            self.assertEqual(printed[again[1]:][:before], events(agent)[:before])
            self.assertEqual(follower.end(signal.SIGTERM), 130)
        said = follower.says().splitlines()
        self.assertEqual(len(said), 2, said)

    def test_asking_leaves_no_time_wait_behind(self):
        with Agent() as agent:
            agent.hang_up()
            until(lambda: {state for state, *_ in ss_sockets()} <= {"listen", "time_wait"}, "that connection has ended")
            before = ss_sockets()
            for _ in range(10):
                self.assertEqual(run("events", f"--url={agent.url}").code, 0)
            more = ss_sockets() - before
            self.assertEqual([sock for sock in more if sock[0] == "time_wait"], [])

    def test_without_an_agent_it_says_how_to_start_one(self):
        outcome = run("events", "--url=http://127.0.0.1:7199")
        self.assertEqual((outcome.code, outcome.out), (3, ""))
        self.assertRegex(outcome.err, r"\Atidewait: nothing listens at 127\.0\.0\.1:7199; `tidewait serve` [^\n]+\n\Z")

    def test_what_is_no_agent_is_not_believed(self):
        with sockets.listener("127.0.0.1", 0) as server, \
                subprocess.Popen([BINARY, "events", f"--url=http://127.0.0.1:{server.getsockname()[1]}"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True) as asking:
            server.settimeout(PATIENCE)
            with server.accept()[0] as client:
                client.recv(1 << 16)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"events\":[]}")
                out, err = asking.communicate(timeout=PATIENCE)
        self.assertEqual((asking.returncode, out), (3, ""))
        self.assertRegex(err, r"\Atidewait: [^\n]+ does not answer as an agent [^\n]+\n\Z")

    def test_wrong_arguments(self):
        for arguments, says in ((["--since"], "--follow, --json and --url"), (["8080"], "--follow, --json and --url"),
                                (["--url"], "--url http://127.0.0.1:10098"), (["--url=localhost"], "http://127.0.0.1:10098"),
                                (["--url=https://127.0.0.1:10098"], "TLS is not spoken here"),
                                (["--url=http://127.0.0.1:10098/api"], "has a path")):
            with self.subTest(arguments=arguments):
                outcome = run("events", *arguments)
                self.assertEqual((outcome.code, outcome.out), (2, ""))
                self.assertRegex(outcome.err, rf"\Atidewait: [^\n]*{says}[^\n]*\n\Z")


if __name__ == "__main__":
    main()

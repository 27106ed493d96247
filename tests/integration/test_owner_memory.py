"""Who had the port, once the process is gone: what only a resident agent can know, and what `why` asks it for. Never a
wrong owner, whatever comes and goes meanwhile."""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
import unittest
import urllib.parse

from lab import cgroup
from lab.agent import Agent, run
from lab.kernel import ss_counts
from lab.suite import main
from lab.waiting import until
from lab.why import why

HELD = 1
C_SERVER = os.environ["SERVE_PLAINLY"]
FORK_STORM = os.environ["FORK_STORM"]
ADDRESS = "127.0.0.1"
CONTAINER = "0123456789abcdef" * 4


@contextlib.contextmanager
def server(port, *options, address=ADDRESS, **started):
    """A server that keeps its connections, until it is killed."""
    with subprocess.Popen([C_SERVER, address, str(port), *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, **started) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def connected(stack, port, count, address=ADDRESS):
    """So many clients; each closes when it is told so."""
    return [stack.enter_context(socket.create_connection((address, port))) for _ in range(count)]


def time_waits(verdict):
    return [holder for holder in verdict["holders"] if holder["state"] == "time_wait"]


class Memory(unittest.TestCase):
    """Of an agent that was there before."""

    def crash(self, agent, port, *options, count=20, address=ADDRESS, **started):
        """A server that is killed under load, and leaves TIME_WAITs. Returns its pid."""
        with contextlib.ExitStack() as clients:
            with server(port, *options, address=address, **started) as process:
                connected(clients, port, count, address)
                until(lambda: ss_counts()["ipv4", port, "established"] == count, "all are connected")
                until(lambda: any(holder["owners"] for holder in agent.verdict(port)["holders"]), "the owner is known")
                agent.next_round()
        until(lambda: ss_counts()["ipv4", port, "time_wait"] == count, "only TIME_WAITs are left")
        until(lambda: [holder["count"] for holder in agent.verdict(port)["holders"]] == [count], "the agent has seen it")
        return process.pid

    def ask(self, agent, endpoint, code, *flags):
        """`why`, which finds this agent."""
        place = urllib.parse.urlsplit(agent.url).netloc
        ask = lambda *arguments: run(*arguments, env={"TIDEWAIT_WEB_LISTEN_ADDRESS": place})
        return why(self, endpoint, code, *flags, ask=ask)

    def test_ten_seconds_after_a_crash_why_names_the_server_its_unit_and_the_time_left(self):
        name = f"tidewait-test-{os.getpid()}.service"
        with Agent("--watch=7001") as agent, cgroup.named(name) as join:
            pid = self.crash(agent, 7001, preexec_fn=join)
            until(lambda: time_waits(agent.verdict(7001))[0]["longest_remaining_seconds"] < 50, "ten seconds are gone")
            told = time_waits(agent.verdict(7001))[0]["owners"]
            text, verdict = self.ask(agent, "7001", HELD)
        for owners in told, time_waits(verdict)[0]["owners"]:
            self.assertEqual([(owner["pid"], owner["process"], owner["unit"], owner["alive"]) for owner in owners],
                             [(pid, "serve_plainly", name, False)])
        self.assertEqual(verdict["owners_source"], "agent")
        self.assertFalse(time_waits(verdict)[0]["owners"][0]["inferred"])
        self.assertRegex(text.text, r"\n  Owner as the agent remembers it, seen 1\d(\.\d)? s ago\n")
        self.assertIn(f"serve_plainly ({pid}, exited), {name}", text.flow)
        self.assertLess(verdict["frees_in_seconds"]["plain"], 55)

    def test_container(self):
        with Agent("--watch=7002") as agent, cgroup.named(f"docker-{CONTAINER}.scope") as join:
            pid = self.crash(agent, 7002, preexec_fn=join)
            _, verdict = self.ask(agent, "7002", HELD)
        owner, = time_waits(verdict)[0]["owners"]
        self.assertEqual((owner["pid"], owner["container_id"]), (pid, CONTAINER))

    def test_a_second_server_is_told_apart_from_the_first(self):
        with Agent("--watch=7003") as agent:
            first = self.crash(agent, 7003, "reuseaddr")
            agent.next_round()
            with server(7003, "reuseaddr") as second:
                until(lambda: agent.verdict(7003)["holders"][0]["state"] == "listen", "the second listens")
                agent.next_round()
                _, verdict = self.ask(agent, "7003", HELD)
                listening, = verdict["holders"][0]["owners"]
                left, = time_waits(verdict)[0]["owners"]
        self.assertEqual((listening["pid"], listening["alive"]), (second.pid, True))
        self.assertEqual((left["pid"], left["alive"]), (first, False))

    def test_what_an_outgoing_connection_left_is_not_the_server_s(self):
        with Agent("--watch=7004") as agent, server(7005), contextlib.ExitStack() as held:
            client = held.enter_context(socket.socket())
            client.bind((ADDRESS, 7004))
            client.connect((ADDRESS, 7005))
            until(lambda: [holder["direction"] for holder in agent.verdict(7004)["holders"]] == ["outbound"], "it is seen")
            until(lambda: agent.verdict(7004)["holders"][0]["owners"], "its owner is known")
            agent.next_round()
            client.shutdown(socket.SHUT_WR)
            client.close()
            until(lambda: ss_counts()["ipv4", 7004, "fin_wait2"] == 1, "it is orphaned")
            agent.next_round()
            holder, = agent.verdict(7004)["holders"]
        owner, = holder["owners"]
        self.assertEqual((holder["state"], holder["direction"]), ("fin_wait2", "outbound"))
        self.assertEqual((owner["pid"], owner["alive"], owner["inferred"]), (os.getpid(), True, False))

    def test_what_was_there_before_the_agent_has_no_owner(self):
        with contextlib.ExitStack() as clients, server(7006):
            connected(clients, 7006, 3)
            until(lambda: ss_counts()["ipv4", 7006, "established"] >= 3, "they are connected")
        until(lambda: ss_counts()["ipv4", 7006, "time_wait"] + ss_counts()["ipv4", 7006, "fin_wait2"] > 0, "it is gone")
        with Agent("--watch=7006") as agent:
            agent.next_round()
            self.assertEqual([holder["owners"] for holder in time_waits(agent.verdict(7006))],
                             [[] for _ in time_waits(agent.verdict(7006))])

    def test_without_owners_nothing_is_remembered(self):
        with Agent("--watch=7007", "--no-owners") as agent:
            with contextlib.ExitStack() as clients, server(7007):
                connected(clients, 7007, 3)
                until(lambda: agent.verdict(7007)["states"]["established"] >= 3, "they are seen")
            until(lambda: agent.verdict(7007)["states"]["listen"] == 0, "it is gone")
            self.assertTrue(all(not holder["owners"] for holder in agent.verdict(7007)["holders"]))


class Distrust(unittest.TestCase):
    """What listens where the agent should is not believed just so."""

    def ask_liar(self, answer, port):
        """`why` of TIME_WAITs, while this is what it gets from the agent's address. Returns (text, verdict)."""
        with socket.create_server((ADDRESS, 0)) as liar:
            def lie():
                with contextlib.suppress(OSError):
                    while True:
                        connection, _ = liar.accept()
                        with connection:
                            connection.recv(4096)
                            connection.sendall(answer)
            threading.Thread(target=lie, daemon=True).start()
            place = f"{ADDRESS}:{liar.getsockname()[1]}"
            told = why(self, str(port), HELD,
                       ask=lambda *arguments: run(*arguments, env={"TIDEWAIT_WEB_LISTEN_ADDRESS": place}))
            liar.shutdown(socket.SHUT_RDWR)
        return told

    def test_neither_nonsense_nor_silence_nor_another_namespace_changes_the_answer(self):
        with Agent("--watch=7011") as agent:
            Memory.crash(self, agent, 7011)
            agent.next_round()
            page = json.loads(agent.page("/api/v1/ports/7011"))
        self.assertTrue(time_waits(page)[0]["owners"])
        elsewhere = json.dumps({**page, "netns_id": page["netns_id"] + "1"}).encode()
        right = json.dumps(page).encode()
        wrong = json.dumps({**page, "holders": [{**holder, "count": -1} for holder in page["holders"]]}).encode()
        for body, believed in (right, True), (elsewhere, False), (wrong, False), (b"[]", False), (b"\xff{", False):
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            _, verdict = self.ask_liar(head + body, 7011)
            self.assertEqual("owners_source" in verdict, believed, body)
            self.assertEqual(bool(time_waits(verdict)[0]["owners"]), believed)
        _, verdict = self.ask_liar(b"", 7011)
        self.assertNotIn("owners_source", verdict)


SERVER_STORM = """
import os, socket, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
made, began = 0, time.monotonic()
while time.monotonic() - began < float(sys.argv[2]):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    made += 1
print(made, flush=True)
sys.stdin.read()
"""


class Storm(unittest.TestCase):
    """Processes that come and go by thousands while owners are looked up."""

    def test_never_a_wrong_owner(self):
        seconds = "5"
        with Agent() as agent, contextlib.ExitStack() as running:
            storms = [running.enter_context(subprocess.Popen([FORK_STORM, seconds], stdout=subprocess.PIPE, text=True))
                      for _ in range(2)]
            right = 0
            port = 7020
            while any(storm.poll() is None for storm in storms):
                port += 1
                with server(port) as process:
                    owners = until(lambda: self.owners(agent, port), "its owner is known")
                    self.assertEqual(owners, [(process.pid, "serve_plainly")])
                    right += 1
            made = sum(int(storm.stdout.read()) for storm in storms)
        print(f"{right} listeners named while {made / float(seconds):.0f} processes a second came and went")
        self.assertGreater(right, 3)

    @staticmethod
    def owners(agent, port):
        """Of the listener on the port, if the agent has seen it."""
        answer = agent.get(f"/api/v1/ports/{port}")
        holders = json.loads(answer.body)["holders"] if answer.status == 200 else []
        return [(owner["pid"], owner["process"]) for holder in holders if holder["state"] == "listen"
                for owner in holder["owners"]]

    def test_a_server_that_forks_all_the_time_stays_its_own_owner(self):
        with Agent() as agent, subprocess.Popen([sys.executable, "-c", SERVER_STORM, "7020", "3"], text=True,
                                                stdin=subprocess.PIPE, stdout=subprocess.PIPE) as forking:
            self.assertEqual(forking.stdout.readline(), "ready\n")
            until(lambda: self.owners(agent, 7020), "its owner is known")
            while not self.ended(forking):
                # A child shares the socket as long as it lives.
                self.assertIn((forking.pid, "python3"), self.owners(agent, 7020))
            agent.next_round()
            agent.next_round()
            self.assertEqual(self.owners(agent, 7020), [(forking.pid, "python3")])
            forking.stdin.close()

    @staticmethod
    def ended(forking):
        """It has said how many it made."""
        return bool(select.select([forking.stdout], [], [], 0)[0])


if __name__ == "__main__":
    main()

"""Who had the port, once the process is gone: what only a resident agent can know, and what `why` and `ports` ask it.
Never a wrong owner, whatever comes and goes meanwhile."""

import contextlib
import json
import os
import re
import select
import socket
import subprocess
import sys
import threading
import unittest
import urllib.parse

from lab import cgroup
from lab.agent import Agent, run
from lab.kernel import accept_queue, ss_counts
from lab.load import Load
from lab.suite import main
from lab.waiting import until
from lab.why import why

HELD = 1
C_SERVER = os.environ["SERVE_PLAINLY"]
FORK_STORM = os.environ["FORK_STORM"]
STORM_RATE = 5000
ADDRESS = "127.0.0.1"
CONTAINER = "0123456789abcdef" * 4


# Sends to whoever connects until nothing more fits, and says to how many it has.
CHATTERER = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
clients = []
while True:
    clients.append(server.accept()[0])
    clients[-1].setblocking(False)
    try:
        while True:
            clients[-1].send(bytes(65536))
    except BlockingIOError:
        print(len(clients), flush=True)
"""


@contextlib.contextmanager
def server(port, *options, address=ADDRESS, command=(C_SERVER,), **started):
    """A server that keeps its connections, until it is killed."""
    with subprocess.Popen([*command, address, str(port), *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
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


def ports(place, *flags):
    """`ports --all` with an agent at this address. Returns the OWNER of each row by port, and the objects by port."""
    said, counted = (run("ports", "--all", *flags, *more, env={"TIDEWAIT_WEB_LISTEN_ADDRESS": place})
                     for more in ((), ("--json",)))
    assert (said.code, said.err, counted.code, counted.err) == (0, "", 0, ""), (said, counted)
    rows = [re.split(r"\s{2,}", line) for line in said.out.splitlines()[1:]]
    objects = map(json.loads, counted.out.splitlines())
    return {row[0]: row[-1] for row in rows}, {verdict["endpoint"]["port"]: verdict for verdict in objects}


class Memory(unittest.TestCase):
    """Of an agent that was there before."""

    def crash(self, agent, port, *options, count=20, address=ADDRESS, **started):
        """A server that is killed under load, and leaves TIME_WAITs. Returns its pid."""
        with contextlib.ExitStack() as clients:
            with server(port, *options, address=address, **started) as process:
                sockets = connected(clients, port, count, address)
                until(lambda: ss_counts()["ipv4", port, "established"] == count, "all are connected")
                # What nobody accepted is reset when its listener ends.
                until(lambda: accept_queue(port) == 0, "all are accepted")
                until(lambda: any(holder["owners"] for holder in agent.verdict(port)["holders"]), "the owner is known")
                agent.next_round()
            # The server's end is first, also when somebody who looks at its files keeps one for an instant longer.
            self.assertEqual([client.recv(1) for client in sockets], [b""] * count)
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

    def test_ports_names_all_who_left_sockets_behind(self):
        with Agent("--watch=7014", "--watch=7015") as agent:
            pids = {port: self.crash(agent, port) for port in (7014, 7015)}
            owners, verdicts = ports(urllib.parse.urlsplit(agent.url).netloc)
            agent.stop()
            alone = ports(urllib.parse.urlsplit(agent.url).netloc)
        for port, pid in pids.items():
            self.assertRegex(owners[f"{port}/tcp"], rf"\Aserve_plainly \({pid}, exited\)")
            owner, = time_waits(verdicts[port])[0]["owners"]
            self.assertEqual((owner["pid"], owner["alive"], owner["inferred"]), (pid, False, False))
            self.assertEqual(verdicts[port]["owners_source"], "agent")
            self.assertEqual(alone[0][f"{port}/tcp"], "-")
            self.assertNotIn("owners_source", alone[1][port])

    def test_all_that_a_server_leaves_that_is_killed_under_load_is_its_own(self):
        with Agent("--watch=7012") as agent:
            with server(7012) as process, Load((ADDRESS, 7012)) as load:
                until(lambda: agent.verdict(7012)["states"]["established"] > 10, "there is load")
                until(lambda: agent.verdict(7012)["holders"][0]["owners"], "the owner is known")
                process.kill()
                load.until_refused()
            until(lambda: ss_counts()["ipv4", 7012, "time_wait"] > 10, "TIME_WAITs are left")
            agent.next_round()
            _, verdict = self.ask(agent, "7012", HELD)
        for left in time_waits(verdict):
            self.assertEqual([(owner["pid"], owner["alive"]) for owner in left["owners"]], [(process.pid, False)])
        self.assertTrue(time_waits(verdict))

    def test_an_orphan_of_the_first_server_is_not_taken_for_the_second_s(self):
        with Agent("--watch=7013", "--interval=300ms", "--cpu-budget=100%", quick=False) as agent, contextlib.ExitStack() as clients:
            with server(7013, "reuseaddr", command=(sys.executable, "-c", CHATTERER)) as first:
                until(lambda: agent.verdict(7013)["holders"] and agent.verdict(7013)["holders"][0]["owners"], "it is known")
                agent.next_round()
                # Within a round: none of it is ever seen open. It stays in FIN_WAIT1, as nobody reads what it has sent.
                connected(clients, 7013, 3)
                until(lambda: "3\n" == first.stdout.readline(), "what was sent fills the buffers")
                first.kill()
            until(lambda: ss_counts()["ipv4", 7013, "fin_wait1"] == 3, "they are orphans")
            until(lambda: self.owners_in(agent, 7013, "fin_wait1"), "the agent has seen them")
            with server(7013, "reuseaddr") as second:
                until(lambda: self.owners_in(agent, 7013, "listen"), "the second listens")
                agent.next_round()
                self.assertEqual(self.owners_in(agent, 7013, "listen"), [(second.pid, True)])
                self.assertEqual(self.owners_in(agent, 7013, "fin_wait1"), [(first.pid, False)])

    @staticmethod
    def owners_in(agent, port, state):
        """Of the port's sockets in this state."""
        return [(owner["pid"], owner["alive"]) for holder in agent.verdict(port)["holders"] if holder["state"] == state
                for owner in holder["owners"]]

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

    @staticmethod
    @contextlib.contextmanager
    def liar(body):
        """Gives everybody this answer. Yields where it is, and what it is asked for."""
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        asked = []
        with socket.create_server((ADDRESS, 0)) as listener:
            def lie():
                with contextlib.suppress(OSError):
                    while True:
                        connection, _ = listener.accept()
                        with connection:
                            asked.append(connection.recv(4096).split()[1].decode())
                            connection.sendall(head + body if body else b"")
            threading.Thread(target=lie, daemon=True).start()
            yield f"{ADDRESS}:{listener.getsockname()[1]}", asked
            listener.shutdown(socket.SHUT_RDWR)

    def ask_liar(self, body, port):
        """`why` of TIME_WAITs, while this is what it gets from the agent's address. Returns (text, verdict)."""
        with self.liar(body) as (place, _):
            return why(self, str(port), HELD,
                       ask=lambda *arguments: run(*arguments, env={"TIDEWAIT_WEB_LISTEN_ADDRESS": place}))

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
            _, verdict = self.ask_liar(body, 7011)
            self.assertEqual("owners_source" in verdict, believed, body)
            self.assertEqual(bool(time_waits(verdict)[0]["owners"]), believed)
        _, verdict = self.ask_liar(b"", 7011)
        self.assertNotIn("owners_source", verdict)

    def test_ports_asks_once_for_all_of_them_and_believes_no_more(self):
        with Agent("--watch=7016", "--watch=7017") as agent:
            for port in 7016, 7017:
                Memory.crash(self, agent, port)
            agent.next_round()
            page = agent.json("/api/v1/ports")
        elsewhere = {"ports": [{**row, "netns_id": row["netns_id"] + "1"} for row in page["ports"]]}
        for answer, believed in (page, True), (elsewhere, False), ({"ports": [{}]}, False), ({"ports": 1}, False):
            with self.liar(json.dumps(answer).encode()) as (place, asked):
                owners, verdicts = ports(place)
                self.assertEqual(asked, ["/api/v1/ports"] * 2)
            for port in 7016, 7017:
                self.assertEqual("exited" in owners[f"{port}/tcp"], believed)
                self.assertEqual(bool(time_waits(verdicts[port])[0]["owners"]), believed)

    def test_ports_asks_nobody_when_every_socket_has_a_process(self):
        with self.liar(b"{}") as (place, asked):
            listed = run("ports", env={"TIDEWAIT_WEB_LISTEN_ADDRESS": place})
        self.assertIn(f"({os.getpid()})", listed.out)
        self.assertEqual(asked, [])


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
        if not os.environ.get("TIDEWAIT_SANITIZE"):
            self.assertGreater(made / float(seconds), STORM_RATE)

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

"""What the agent remembers of other namespaces: the same port in two of them has two pasts, which are never mixed up; and
what `why` offers for one of them works when it is pasted."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import unittest
import urllib.parse

from lab.agent import BINARY, Agent, environment, run
from lab.kernel import accept_queue
from lab.namespaces import Namespace, lo_is_up
from lab.suite import main
from lab.waiting import until
from lab.why import why

SERVER = os.environ["SERVE_PLAINLY"]
ADDRESS, PORT = "127.0.0.1", 8080
CLIENTS = 3
HELD = 1


@contextlib.contextmanager
def serving(namespace):
    """A server without SO_REUSEADDR, in there; killed in the end."""
    with namespace.inside():
        server = subprocess.Popen([SERVER, ADDRESS, str(PORT)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    with server:
        try:
            assert server.stdout.readline() == "ready\n"
            yield server
        finally:
            server.kill()


class TwoPasts(unittest.TestCase):
    """In one namespace the server is killed under its clients, in the other it goes on."""

    @classmethod
    def setUpClass(cls):
        cls.dead, cls.alive = Namespace(lo_is_up), Namespace(lo_is_up)
        cls.addClassCleanup(cls.dead.close)
        cls.addClassCleanup(cls.alive.close)
        cls.agent = Agent(f"--netns={cls.dead.path}", f"--netns={cls.alive.path}", f"--watch={PORT}", "--history=1m")
        cls.addClassCleanup(cls.agent.kill)
        until(lambda: all(cls.row_of(namespace) for namespace in (cls.dead, cls.alive)), "both are watched")
        scene = contextlib.ExitStack()
        cls.addClassCleanup(scene.close)
        cls.second = scene.enter_context(serving(cls.alive))
        with serving(cls.dead) as cls.first:
            cls.until_owned_by(cls.alive, cls.second.pid)
            cls.until_owned_by(cls.dead, cls.first.pid)
            with cls.dead.inside():
                clients = [socket.create_connection((ADDRESS, PORT)) for _ in range(CLIENTS)]
            until(lambda: cls.verdict(cls.dead)["states"]["established"] == CLIENTS, "the clients are seen")
            with cls.dead.inside():
                until(lambda: accept_queue(PORT) == 0, "they are accepted")
            cls.agent.next_round()
        for client in clients:
            assert client.recv(1) == b"", "the server has closed"
            client.close()
        until(lambda: cls.verdict(cls.dead)["states"]["time_wait"] == CLIENTS, "TIME_WAITs are left")
        until(lambda: cls.samples(cls.dead)[-1]["states"]["time_wait"] == CLIENTS, "the history has them")

    @classmethod
    def row_of(cls, namespace):
        """Of the report."""
        rows = [row for row in cls.agent.json("/api/v1/report")["netns"] if row["name"] == namespace.name]
        return rows and "error" not in rows[0]

    @classmethod
    def verdict(cls, namespace):
        """Of the port in there; {} while it is not tracked."""
        answer = cls.agent.get(f"/api/v1/ports/{PORT}?netns={namespace.name}")
        return json.loads(answer.body) if answer.status == 200 else {}

    @classmethod
    def until_owned_by(cls, namespace, pid):
        """Waits until the agent knows who listens in there."""
        def owners():
            return [owner["pid"] for holder in cls.verdict(namespace).get("holders", []) for owner in holder["owners"]]
        until(lambda: owners() == [pid], "the owner is known")

    @classmethod
    def samples(cls, namespace):
        """The history of the port in there."""
        return cls.agent.json(f"/api/v1/history/{PORT}?netns={namespace.name}")["samples"]

    def events(self, name):
        """Those of the port in the namespace of this name."""
        return [event for event in self.agent.json("/api/v1/events")["events"]
                if (event["netns"], event["port"]) == (name, PORT)]

    def ask(self, *arguments):
        """A command that finds this agent."""
        place = urllib.parse.urlsplit(self.agent.url).netloc
        return run(*arguments, env={"TIDEWAIT_WEB_LISTEN_ADDRESS": place})

    def test_events_are_those_of_each_namespace(self):
        dead, alive = self.events(self.dead.name), self.events(self.alive.name)
        self.assertEqual([event["kind"] for event in alive], ["listener_appeared"])
        kinds = [event["kind"] for event in dead]
        self.assertEqual(kinds[0], "listener_appeared")
        self.assertEqual(kinds[1], "listener_gone")
        self.assertEqual(set(kinds[2:]), {"verdict_changed"})
        for namespace, server, events in (self.dead, self.first, dead), (self.alive, self.second, alive):
            for event in events:
                self.assertRegex(event["text"], rf"\A\S+ in {namespace.name}: .*\({server.pid}\)")
        self.assertEqual(self.events("self"), [])

    def test_the_terminal_says_in_which_namespace_it_was(self):
        lines = run("events", f"--url={self.agent.url}").out.splitlines()
        for namespace in self.dead, self.alive:
            told = [line for line in lines if f" in {namespace.name}: " in line]
            self.assertEqual(len(told), len(self.events(namespace.name)))

    def test_samples_are_those_of_each_namespace(self):
        dead, alive = self.samples(self.dead), self.samples(self.alive)
        self.assertEqual(max(sample["states"]["established"] for sample in alive), 0)
        self.assertEqual({sample["states"]["time_wait"] for sample in alive}, {0})
        self.assertEqual(alive[-1]["states"]["listen"], 1)
        self.assertEqual((dead[-1]["states"]["listen"], dead[-1]["verdict"]), (0, "held"))
        own = self.agent.json(f"/api/v1/history/{PORT}")["samples"]
        self.assertEqual({sample["verdict"] for sample in own}, {"free"})

    def test_a_namespace_has_its_inode_as_a_name_too(self):
        inode = f"ino-{os.stat('/proc/self/ns/net').st_ino}"
        self.assertEqual(self.agent.json(f"/api/v1/ports/{PORT}?netns={inode}")["netns"], "self")
        self.assertEqual({sample["verdict"] for sample in
                          self.agent.json(f"/api/v1/history/{PORT}?netns={inode}")["samples"]}, {"free"})

    def test_what_is_not_there_is_said_to_be_missing_in_its_namespace(self):
        for path in "ports", "history":
            for port, netns, words in ((PORT, "nowhere", '"nowhere" is not watched'),
                                       (1, self.dead.name, f"1/tcp is not tracked in namespace {self.dead.name}")):
                answer = self.agent.get(f"/api/v1/{path}/{port}?netns={netns}")
                error = json.loads(answer.body)["error"]
                self.assertEqual((answer.status, error["code"]), (404, "not_tracked"))
                self.assertIn(words, error["message"])

    def test_why_asks_the_agent_at_home_who_it_was(self):
        for place in self.dead.path, str(self.dead.pid):
            text, verdict = why(self, str(PORT), HELD, "--netns", place, ask=self.ask)
            self.assertEqual((verdict["cause"], verdict["owners_source"]), ("time_wait", "agent"))
            self.assertEqual([(owner["pid"], owner["alive"]) for owner in verdict["holders"][0]["owners"]],
                             [(self.first.pid, False)])
            self.assertIn(f"serve_plainly ({self.first.pid}, exited)", text.flow)

    def test_ports_asks_it_too(self):
        for namespace, wanted in (self.dead, (self.first.pid, False)), (self.alive, (self.second.pid, True)):
            rows = map(json.loads, self.ask("ports", f"--netns={namespace.path}", "--all", "--json").out.splitlines())
            owners = [(owner["pid"], owner["alive"]) for row in rows if row["endpoint"]["port"] == PORT
                      for holder in row["holders"] for owner in holder["owners"]]
            self.assertEqual(owners, [wanted])

    def test_the_agent_and_ports_say_how_to_get_there(self):
        listed = run("ports", f"--netns={self.dead.path}", "--all", "--json").out.splitlines()
        for verdict in self.verdict(self.dead), *map(json.loads, listed):
            commands = [remedy["command"] for remedy in verdict["remedies"] if remedy["kind"] in ("wait", "release")]
            self.assertEqual(len(commands), 2)
            for command in commands:
                self.assertRegex(command, rf" --netns {self.dead.path}\Z")


class Pasted(unittest.TestCase):
    """The commands of `why --netns`, run by a shell."""

    def paste(self, command, **options):
        path = f"{pathlib.Path(BINARY).parent}:{os.environ['PATH']}"
        return subprocess.run(["sh", "-c", command], env=environment(PATH=path), check=False, capture_output=True,
                              text=True, timeout=30, **options)

    def command(self, namespace, kind, port=PORT):
        verdict = json.loads(run("why", f"--netns={namespace.path}", "--json", str(port)).out)
        return next(remedy["command"] for remedy in verdict["remedies"] if remedy["kind"] == kind)

    def test_release_and_wait(self):
        namespace = Namespace(lo_is_up)
        self.addCleanup(namespace.close)
        with serving(namespace), namespace.inside():
            client = socket.create_connection((ADDRESS, PORT))
            until(lambda: accept_queue(PORT) == 0, "it is accepted")
        self.assertEqual(client.recv(1), b"")
        client.close()
        until(lambda: '"time_wait"' in run("why", f"--netns={namespace.path}", "--json", str(PORT)).out, "a TIME_WAIT")
        wait, release = self.command(namespace, "wait"), self.command(namespace, "release")
        self.assertEqual(self.paste(f"{wait} --timeout 0s").returncode, HELD)
        self.assertEqual(self.paste(f"{release} --yes").stdout, f"{PORT}/tcp: 1 socket ended\n")
        self.assertEqual(self.paste(wait).returncode, 0)

    def test_a_setting(self):
        namespace = Namespace()
        self.addCleanup(namespace.close)
        port = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0]) + 1
        self.assertEqual(self.paste(self.command(namespace, "reserve", port)).returncode, 0)
        reserved = pathlib.Path("/proc/sys/net/ipv4/ip_local_reserved_ports")
        with namespace.inside():
            self.assertEqual(reserved.read_text(encoding="ascii"), f"{port}\n")
        self.assertEqual(reserved.read_text(encoding="ascii"), "\n")


if __name__ == "__main__":
    main()

"""A port's life, told by real sockets: a server comes, is used, crashes, is followed by another, and the port is stolen."""

import contextlib
import datetime
import os
import socket
import subprocess
import sys
import time

from lab import sockets
from lab.agent import run
from lab.waiting import until

# Listens with SO_REUSEADDR, says it, and keeps every connection until it is killed.
_SERVER = """
import socket, sys
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", int(sys.argv[1])))
server.listen()
print("listening", flush=True)
kept = []
while True:
    kept.append(server.accept())
"""
CLIENTS = 3
# A round is dated when it begins, and may see what happens until it ends.
ROUND_SECONDS = 1.0


def seconds_of(text):
    """Since 1970, of a time as JSON has it."""
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


class Chapter:
    """What happened, in which seconds since 1970, and what it must have led to."""

    def __init__(self, name, kinds, state, count):
        self.name, self.kinds, self.state, self.count = name, kinds, state, count
        self.began, self.seen, self.ended = time.time(), None, None
        self.events = []

    def holds(self, at):
        """True when the time, as JSON has it, is in the chapter."""
        return self.began - ROUND_SECONDS <= seconds_of(at) <= self.ended

    def tells(self, at):
        """True when it lies between what happened and the moment when the agent had seen it, as an event does."""
        return self.began - ROUND_SECONDS <= seconds_of(at) <= self.seen

    def shows(self, sample):
        """True when the sample was taken after what happened in the chapter had been seen."""
        return seconds_of(sample["at"]) >= self.seen and sample["states"][self.state] == self.count


class Story:
    """Told while an agent watches; each chapter ends when the agent knows it, and a sample of its history shows it."""

    def __init__(self, agent, port):
        self.agent, self.port, self.chapters = agent, port, []
        self.first = self.second = self.clients = None

    @contextlib.contextmanager
    def chapter(self, name, kinds, cause, state, count):
        """kinds: of the events on the port, in order; state, count: what a sample shows."""
        chapter = Chapter(name, kinds, state, count)
        yield
        until(lambda: self.agent.verdict(self.port)["cause"] == cause, f"{name}: {cause}")
        chapter.seen = time.time()
        until(lambda: any(map(chapter.shows, self.samples())), f"{name}: {count} {state} in the history")
        chapter.ended = time.time()
        chapter.events = self.events()[sum(len(earlier.events) for earlier in self.chapters):]
        self.chapters.append(chapter)

    def samples(self):
        """The history of the port."""
        return self.agent.json(f"/api/v1/history/{self.port}")["samples"]

    def events(self):
        """Those of the port."""
        return [event for event in self.agent.json("/api/v1/events")["events"] if event["port"] == self.port]

    @contextlib.contextmanager
    def server(self):
        """A server of its own process, killed in the end."""
        command = [sys.executable, "-c", _SERVER, str(self.port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout.readline() == "listening\n"
                yield process
            finally:
                process.kill()

    def tell(self):
        """From the beginning to the end."""
        changed, appeared, gone = "verdict_changed", "listener_appeared", "listener_gone"
        with contextlib.ExitStack() as scene:
            with self.chapter("listen", [appeared, changed], "listener", "listen", 1):
                self.first = scene.enter_context(self.server())
            with self.chapter("load", [], "listener", "established", CLIENTS):
                self.clients = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(CLIENTS)]
            with self.chapter("crash", [gone, changed], "closing", "fin_wait2", CLIENTS):
                scene.close()
        with self.chapter("time_wait", [changed], "time_wait", "time_wait", CLIENTS):
            for client in self.clients:
                client.close()
        with contextlib.ExitStack() as scene:
            with self.chapter("rebind", [appeared, changed], "listener", "listen", 1):
                self.second = scene.enter_context(self.server())
            with self.chapter("stop", [gone, changed], "time_wait", "listen", 0):
                scene.close()
        with self.chapter("release", [changed], "none", "time_wait", 0):
            released = run("release", f"127.0.0.1:{self.port}", "--time-wait", "--yes")
            assert released.code == 0, released
        with sockets.listener("127.0.0.1", self.port + 1) as elsewhere, contextlib.ExitStack() as scene:
            with self.chapter("theft", ["port_stolen", changed], "outgoing", "established", 1):
                scene.enter_context(sockets.outgoing(self.port, elsewhere.getsockname()))

    def pids(self):
        """Of the first server, the second, and the thief."""
        return self.first.pid, self.second.pid, os.getpid()

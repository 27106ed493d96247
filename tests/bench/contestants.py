"""Those who read the socket table: each with cost(), the CPU time of one look at all sockets, in nanoseconds."""

import contextlib
import http.client
import os
import re
import subprocess
import tempfile
import time

from cost import command_cost, process_cpu
from lab.waiting import until

TIDEWAIT = os.environ["TIDEWAIT"]
FLOOR = os.environ["BENCH_FLOOR"]


class Command:
    """A command that is run anew for each look."""

    def __init__(self, name, *command):
        self.name = name
        self._command = command

    def cost(self):
        return command_cost(*self._command).cpu

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def floor():
    """The bare reader."""
    return Command("bare reader", FLOOR)


def ss():
    """All TCP sockets, by number."""
    return Command("ss -tan", "ss", "-tan")


def procfs():
    """What everybody read before netlink."""
    return Command("/proc/net/tcp", "cat", "/proc/net/tcp", "/proc/net/tcp6")


class Daemon:
    """A program that runs until the end of the block."""

    def __init__(self, *command, **options):
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, **options)

    def cpu(self):
        """Nanoseconds since it started."""
        return process_cpu(self.process.pid)

    def answers(self):
        """Whether it serves its metrics yet."""
        return get(self.address) is not None

    def resident_kib(self):
        """VmRSS."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"^VmRSS:\s+(\d+)", status.read(), re.MULTILINE).group(1))

    def said(self):
        """Its output so far."""
        return os.pread(self._log.fileno(), 1 << 20, 0).decode(errors="replace")

    def __enter__(self):
        return self

    def stop(self):
        """By SIGTERM."""
        self.process.terminate()
        self.process.wait()
        self._log.close()

    def __exit__(self, *_):
        self.stop()


def get(address, path="/metrics"):
    """The body, once it is answered with 200; None while it is not."""
    with contextlib.closing(http.client.HTTPConnection(address, timeout=30)) as connection:
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.read() if answer.status == 200 else None
        except OSError:
            return None


class Agent(Daemon):
    """tidewait serve; cost() is that of one round."""

    name = "tidewait"
    address = "127.0.0.1:10098"

    def __init__(self, *flags, interval="1s", budget="100%"):
        self.interval_s = float(interval.rstrip("s"))
        super().__init__(TIDEWAIT, "serve", f"--web.listen-address={self.address}", f"--interval={interval}",
                         f"--cpu-budget={budget}", *flags)
        self.url = f"http://{self.address}"

    def __enter__(self):
        until(lambda: get(self.address, "/readyz"), f"the agent is ready: {self.said()}")
        return self

    def number(self, metric):
        """A sample without labels."""
        return float(re.search(rf"^tidewait_{metric} (\S+)$", get(self.address).decode(), re.MULTILINE).group(1))

    def entered(self):
        """Sum of port_time_wait_entered_total."""
        return sum(map(float, re.findall(r"^tidewait_port_time_wait_entered_total\{[^}]*\} (\S+)$",
                                         get(self.address).decode(), re.MULTILINE)))

    def settle(self):
        """Returns halfway between two rounds, so that a window of whole intervals holds as many rounds."""
        seen = self.number("rounds_total")
        until(lambda: self.number("rounds_total") > seen, "the next round", 2 * self.interval_s + 60)
        time.sleep(self.interval_s / 2)

    def cost(self, rounds=3):
        before = self.number("rounds_total")
        began = self.cpu()
        time.sleep(rounds * self.interval_s)
        spent = self.cpu() - began
        made = self.number("rounds_total") - before
        if made == 0:
            raise AssertionError("no round in the window")
        return spent / made


class NodeExporter(Daemon):
    """Its tcpstat collector alone; cost() is that of one scrape."""

    name = "node_exporter tcpstat"
    address = "127.0.0.1:19100"

    def __init__(self, *collectors):
        super().__init__("prometheus-node-exporter", f"--web.listen-address={self.address}",
                         *(collectors or ("--collector.disable-defaults", "--collector.tcpstat")))
        self.url = f"http://{self.address}"

    def __enter__(self):
        until(lambda: get(self.address), f"node_exporter answers: {self.said()}")
        return self

    def cost(self):
        began = self.cpu()
        if not get(self.address):
            raise AssertionError("node_exporter does not answer")
        return self.cpu() - began


class Collectd(Daemon):
    """Its tcpconns plugin alone, every second; cost() is that of one interval."""

    name = "collectd tcpconns"

    def __init__(self):
        self._place = tempfile.TemporaryDirectory()
        path = os.path.join(self._place.name, "collectd.conf")
        with open(path, "w", encoding="ascii") as config:
            config.write(f'Interval 1\nBaseDir "{self._place.name}"\nPIDFile "{self._place.name}/pid"\n'
                         "LoadPlugin tcpconns\n<Plugin tcpconns>\n  ListeningPorts true\n  AllPortsSummary true\n</Plugin>\n"
                         "LoadPlugin unixsock\n"
                         f'<Plugin unixsock>\n  SocketFile "{self._place.name}/socket"\n</Plugin>\n')
        super().__init__("collectd", "-f", "-C", path)

    def __enter__(self):
        socket = os.path.join(self._place.name, "socket")
        until(lambda: os.path.exists(socket), f"collectd runs: {self.said()}")
        time.sleep(2)
        return self

    def cost(self, intervals=3):
        began = self.cpu()
        time.sleep(intervals)
        return (self.cpu() - began) / intervals

    def stop(self):
        super().stop()
        self._place.cleanup()

"""TIME_WAITs in numbers that are known beforehand, and what the kernel counted of them."""

import collections
import dataclasses
import os
import select
import subprocess
from typing import Optional

_MAKE_TIME_WAIT = os.environ["MAKE_TIME_WAIT"]
_RECYCLED = ("TWRecycled", "TCPTimeWaitOverflow")
# Ports that clients use, by the label under which their TIME_WAITs are counted.
CLIENT_PORTS = {"ephemeral": "33000-60000", "other": "10000-32000"}


@dataclasses.dataclass(frozen=True)
class Storm:
    """count connections to a port; who closes them first has the TIME_WAIT. clients: the label of their ports."""

    port: int
    count: int
    listen: str = "127.0.0.1"
    to: Optional[str] = None
    closer: str = "server"
    clients: str = "ephemeral"
    source: Optional[str] = None
    rate: int = 0

    def entered(self):
        """How many TIME_WAITs it makes: a Counter by label."""
        made = collections.Counter()
        if self.closer != "client":
            made[str(self.port)] += self.count
        if self.closer != "server":
            made[self.clients] += self.count
        return made

    def command(self):
        """The one that makes it; its listener stays until its standard input ends."""
        source = [f"--from={self.source}"] if self.source else []
        return [_MAKE_TIME_WAIT, "--stay", f"--closer={self.closer}", f"--rate={self.rate}",
                f"--client-ports={CLIENT_PORTS[self.clients]}", *source, self.listen, str(self.port), str(self.count),
                *([self.to] if self.to else [])]


class Weather:
    """Storms that go on at the same time; as a context manager ends their listeners."""

    def __init__(self, *storms):
        self.expected = sum((storm.entered() for storm in storms), collections.Counter())
        self._makers = [(storm, subprocess.Popen(storm.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                 text=True)) for storm in storms]
        self._busy = list(self._makers)

    def is_over(self):
        """Whether every connection was made and closed."""
        for storm, maker in list(self._busy):
            if select.select([maker.stdout], [], [], 0)[0]:
                said = maker.stdout.readline()
                assert said == f"made {storm.count}\n", f"{storm} said {said!r}"
                self._busy.remove((storm, maker))
        return not self._busy

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for _, maker in self._makers:
            if kind is not None:
                maker.kill()
            maker.stdin.close()
            maker.wait(30)
            maker.stdout.close()


def tcp_ext():
    """The counters TcpExt of /proc/net/netstat."""
    with open("/proc/net/netstat", encoding="ascii") as table:
        names, values = [line.split()[1:] for line in table if line.startswith("TcpExt:")]
    return dict(zip(names, map(int, values)))


class Kernel:
    """What the kernel has counted since this was made: of TIME_WAITs made, and of those that did not run their life."""

    def __init__(self):
        self._before = tcp_ext()

    def made(self):
        """Minisockets made."""
        now = tcp_ext()
        return sum(now[name] - self._before[name] for name in ("TW", "TWKilled"))

    def cut_short(self):
        """TIME_WAITs taken over by connect(), or not made for want of room."""
        now = tcp_ext()
        return sum(now[name] - self._before[name] for name in _RECYCLED)

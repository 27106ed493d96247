"""TIME_WAITs in numbers that are known beforehand, and what the kernel counted of them."""

import collections
import dataclasses
import os
import select
import subprocess
from typing import Optional

_MAKE_TIME_WAIT = os.environ["MAKE_TIME_WAIT"]
# By the label under which their TIME_WAITs are counted, when ip_local_port_range is 32768 to 60999.
CLIENT_PORTS = {"ephemeral": "33000-60000", "other": "10000-32000"}


@dataclasses.dataclass(frozen=True)
class Storm:
    """count connections to a port; who closes them first keeps the TIME_WAIT. clients: the label of their ports."""

    port: int
    count: int
    listen: str = "127.0.0.1"
    to: Optional[str] = None
    source: Optional[str] = None
    closer: str = "server"
    clients: str = "ephemeral"
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
        to = [self.to] if self.to else []
        return [_MAKE_TIME_WAIT, "--stay", f"--closer={self.closer}", f"--rate={self.rate}", *source,
                f"--client-ports={CLIENT_PORTS[self.clients]}", self.listen, str(self.port), str(self.count), *to]


def first_port(run):
    """Of the servers of mixes()."""
    return 8000 + 10 * run


def mixes(share, run):
    """Of every kind, 200 · share connections: who closes, both families and dual-stack, several rates and ports.

    run: a number of its own for each time that they are made in this namespace, so that no place is used twice.
    """
    port = first_port(run)
    return (Storm(port, 75 * share, source=f"127.1.{run}.1"),
            Storm(port + 1, 25 * share, listen="fd00::1", source="fd00::2"),
            Storm(port + 2, 30 * share, listen="::", to="127.0.0.1", source=f"127.2.{run}.1", rate=20 * share),
            Storm(port + 3, 40 * share, source=f"127.3.{run}.1", closer="client"),
            Storm(port + 4, 10 * share, listen="::1", closer="client", clients="other", rate=2 * share),
            Storm(port + 5, 10 * share, source=f"127.4.{run}.1", closer="both"),
            Storm(port + 6, 10 * share, listen="::", to="::1", closer="both"))


def prepare():
    """What the mixes need: their addresses, and room for their TIME_WAITs."""
    for address in ("fd00::1", "fd00::2"):
        subprocess.run(["ip", "address", "replace", f"{address}/128", "dev", "lo", "nodad"], check=True)


class Weather:
    """Storms that go on at the same time; as a context manager ends their listeners."""

    def __init__(self, *storms):
        self.expected = sum((storm.entered() for storm in storms), collections.Counter())
        self._makers = {storm: subprocess.Popen(storm.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                        for storm in storms}
        self._busy = set(storms)

    def is_over(self):
        """Whether every connection was made and closed."""
        for storm in list(self._busy):
            output = self._makers[storm].stdout
            if select.select([output], [], [], 0)[0]:
                said = output.readline()
                assert said == f"made {storm.count}\n", f"{storm} said {said!r}"
                self._busy.remove(storm)
        return not self._busy

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for maker in self._makers.values():
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
    """What the kernel has counted since this was made."""

    def __init__(self):
        self._before = tcp_ext()

    def _since(self, *names):
        now = tcp_ext()
        return sum(now[name] - self._before[name] for name in names)

    def made(self):
        """TIME_WAITs, and orphans on the way there."""
        return self._since("TW", "TWKilled")

    def recycled(self):
        """TIME_WAITs that a connect() took over."""
        return self._since("TWRecycled")

    def overflowed(self):
        """TIME_WAITs that were not made, for want of room."""
        return self._since("TCPTimeWaitOverflow")

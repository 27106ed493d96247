"""A namespace full of TIME_WAITs, for as long as they last."""

import contextlib
import os
import subprocess

from lab.kernel import set_sysctl
from lab.waiting import until

MAKE_TIME_WAIT = os.environ["MAKE_TIME_WAIT"]
# For two cores. Each connection leaves a TIME_WAIT at each end.
_MAKERS = 2
_ENDS = 2
_FIRST_PORT = 7000
# What the agent and its peers listen on is not among them.
_CLIENT_PORTS = "20000-60000"
_FEW = 100


def prepare():
    """Room for all of them."""
    set_sysctl("ipv4.tcp_max_tw_buckets", 4_000_000)
    set_sysctl("ipv4.ip_local_port_range", "20000 60999")


def time_waits():
    """Of this namespace."""
    with open("/proc/net/sockstat", encoding="ascii") as stat:
        words = next(line for line in stat if line.startswith("TCP:")).split()
    return int(words[words.index("tw") + 1])


def _makers(connections, *options):
    return [subprocess.Popen([MAKE_TIME_WAIT, "--closer=both", f"--from=127.{10 + i}.0.1",
                              f"--client-ports={_CLIENT_PORTS}", *options, "127.0.0.1", str(_FIRST_PORT + i),
                              str(connections // _MAKERS)], stdout=subprocess.DEVNULL) for i in range(_MAKERS)]


def _finish(makers):
    codes = [maker.wait() for maker in makers]
    if any(codes):
        raise AssertionError(f"make_time_wait ended with {codes}")


@contextlib.contextmanager
def crowd(count):
    """That many TIME_WAITs, each gone 60 s after it was made; in the end all of them are: the next need their ports."""
    _finish(_makers(count // _ENDS))
    if time_waits() < count * 9 // 10:
        raise AssertionError(f"{time_waits():,} TIME_WAITs instead of {count:,}: too slow, or memory is short")
    yield
    until(lambda: time_waits() < _FEW, "the TIME_WAITs are gone", 90)


@contextlib.contextmanager
def stream(time_waits_a_second, seconds):
    """So many enter TIME_WAIT each second, for so long; yields how many it will have been."""
    connections = time_waits_a_second * seconds // _ENDS // _MAKERS * _MAKERS
    makers = _makers(connections, f"--rate={time_waits_a_second // _ENDS // _MAKERS}")
    try:
        yield connections * _ENDS
        _finish(makers)
    finally:
        for maker in makers:
            maker.kill()
            maker.wait()

"""Sockets of every kind that can hold a port. What is returned must be closed by the caller, or by addCleanup."""

import contextlib
import os
import socket
import subprocess

from lab.kernel import new_socket, ss_counts
from lab.waiting import until

_MAKE_TIME_WAIT = os.environ["MAKE_TIME_WAIT"]


def listener(address, port, **options):
    """A listening socket."""
    made = new_socket(address, **options)
    made.bind((address, port))
    made.listen()
    return made


def bound(address, port, **options):
    """Bound, neither listening nor connected."""
    made = new_socket(address, **options)
    made.bind((address, port))
    return made


def accepted(address, port, **options):
    """An accepted connection whose listener is gone: (server's end, client's end)."""
    with listener(address, port, **options) as server:
        client = socket.create_connection((address, port))
        return server.accept()[0], client


def orphaned_fin_wait2(address, port, **options):
    """The server has closed, the client has not: only a timer keeps the server's end. Returns the client's end."""
    far, client = accepted(address, port, **options)
    far.close()
    family = "ipv6" if ":" in address else "ipv4"
    until(lambda: ss_counts()[family, port, "fin_wait2"] == 1, "the server's end is in FIN_WAIT2")
    return client


def outgoing(port, to):
    """A connection that we opened from this local port to a listener at `to`."""
    made = new_socket(to[0])
    made.bind((to[0], port))
    made.connect(to)
    return made


def time_wait(listen, port, count, to=None, reuseaddr=False):
    """count TIME_WAIT sockets on the port, of a server that closed first and is gone."""
    with serving_time_wait(listen, port, count, to, reuseaddr, stay=False):
        pass


@contextlib.contextmanager
def serving_time_wait(listen, port, count, to=None, reuseaddr=False, stay=True):
    """The same, while the server still listens."""
    options = ["--reuseaddr"] * reuseaddr + ["--stay"] * stay
    command = [_MAKE_TIME_WAIT, *options, listen, str(port), str(count), *([to] if to else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as maker:
        said = maker.stdout.readline()
        assert said == f"made {count}\n", f"make_time_wait said {said!r}"
        yield
        maker.stdin.close()
        assert maker.wait(30) == 0


def unanswered_syn(address, port):
    """A client that gets no answer, as the accept queue is full. Returns (client in SYN_SENT, all that keeps it so)."""
    server = new_socket(address)
    server.bind((address, port))
    server.listen(0)
    first = socket.create_connection((address, port))
    client = new_socket(address)
    client.setblocking(False)
    client.connect_ex((address, port))
    return client, first, server

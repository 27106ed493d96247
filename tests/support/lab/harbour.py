"""A world with a port of each kind: what the status page is shown with."""

import contextlib
import socket
import struct

from lab import sockets
from lab.agent import run
from lab.kernel import new_socket, set_sysctl

BACKLOG = 256
EPHEMERAL = (40000, 40199)
LISTENER, HELD, REUSABLE, BOUND, OUTGOING, FREE, MISSING, RESOLVER, DATABASE = (
    8000, 8080, 8081, 8443, 9100, 9000, 7000, 5300, 5432)
# So many of the 200 ephemeral ports lead to the database.
CONNECTIONS = 166
INCIDENT_FLAGS = (f"--watch={HELD}", f"--watch={REUSABLE}", f"--watch={OUTGOING}", f"--watch={BOUND}",
                  f"--watch={FREE}=free", f"--watch={MISSING}=listening")


_CLOSE_AT_ONCE = struct.pack("ii", 1, 0)


def _leave_nothing(client):
    """When it is closed no TIME_WAIT stays."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_AT_ONCE)
    return client


def _release(port):
    outcome = run("release", str(port), "--time-wait", "--yes")
    assert outcome.code == 0, outcome


@contextlib.contextmanager
def calm():
    """Two servers and a resolver, all in their place. Yields the first server."""
    with contextlib.ExitStack() as scene:
        servers = [scene.enter_context(sockets.listener("127.0.0.1", port, reuseaddr=True)) for port in (LISTENER, DATABASE)]
        for server in servers:
            server.listen(BACKLOG)
        resolver = scene.enter_context(new_socket("127.0.0.1", "udp"))
        resolver.bind(("127.0.0.1", RESOLVER))
        yield servers[0]


@contextlib.contextmanager
def incident():
    """The same, with ports that nobody can bind, and a destination that fills."""
    set_sysctl("ipv4.ip_local_port_range", "{} {}".format(*EPHEMERAL))
    with calm(), contextlib.ExitStack() as scene:
        for port, count, reuseaddr in ((HELD, 3, False), (REUSABLE, 5, True)):
            sockets.time_wait("127.0.0.1", port, count, reuseaddr=reuseaddr)
            scene.callback(_release, port)
        scene.enter_context(sockets.bound("127.0.0.1", BOUND))
        scene.enter_context(_leave_nothing(sockets.outgoing(OUTGOING, ("127.0.0.1", LISTENER))))
        for _ in range(CONNECTIONS):
            scene.enter_context(_leave_nothing(socket.create_connection(("127.0.0.1", DATABASE))))
        yield

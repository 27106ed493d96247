"""Clients that do what no HTTP library does: any bytes at all, too many connections, silence, a byte now and then."""

import collections
import contextlib
import http.client
import select
import socket
import time
import urllib.parse

from lab.kernel import ss_counts
from lab.waiting import PATIENCE

Reply = collections.namedtuple("Reply", "status head body")

HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
_DRIP_SECONDS = 0.25


def place_of(agent):
    """Host and port of its URL."""
    url = urllib.parse.urlsplit(agent.url)
    return url.hostname, url.port


def open_at(place):
    """How many connections the server there has."""
    return sum(count for (_, port, state), count in ss_counts().items()
               if port == place[1] and state not in ("listen", "time_wait"))


def connect(place, source=None):
    """A connection, from this address of ours if one is given."""
    return socket.create_connection(place, PATIENCE, (source, 0) if source else None)


def exchange(place, request, source=None):
    """Sends the bytes and the end of them; returns all that comes back until the server closes, be it before the end."""
    received = b""
    with connect(place, source) as client:
        with contextlib.suppress(OSError):
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while piece := client.recv(1 << 16):
                received += piece
    return received


def ask(place, request, source=None):
    """The first reply to these bytes, whose connection is not ended by the client."""
    with connect(place, source) as client:
        client.sendall(request)
        answer = http.client.HTTPResponse(client)
        answer.begin()
        return Reply(answer.status, answer.headers, answer.read())


def seconds_to_scrape(place, source=None):
    """How long /metrics takes on a connection of its own."""
    began = time.monotonic()
    client = http.client.HTTPConnection(*place, PATIENCE, (source, 0) if source else None)
    client.request("GET", "/metrics")
    answer = client.getresponse()
    assert answer.status == 200 and answer.read().endswith(b"\n")
    client.close()
    return time.monotonic() - began


class Crowd:
    """Connections that ask for nothing, or for ever, until the server ends them."""

    def __init__(self):
        self._poll = select.poll()
        self._open = {}
        self.ages = []

    def join(self, place, source=None, drips=False):
        """One more; with drips, one that begins a request and never comes to its end."""
        client = connect(place, source)
        client.setblocking(False)
        self._open[client.fileno()] = (client, time.monotonic(), drips)
        self._poll.register(client, select.POLLIN)
        if drips:
            client.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Drip: ")

    def _note_ends(self, seconds):
        for number, _ in self._poll.poll(1000 * seconds):
            client, began, _ = self._open.pop(number)
            self.ages.append(time.monotonic() - began)
            self._poll.unregister(client)
            client.close()

    def __len__(self):
        """How many are still open."""
        while self._poll.poll(0):
            self._note_ends(0)
        return len(self._open)

    def outlast(self, seconds):
        """Drips until the server has ended each, or for so long; whether it has."""
        end = time.monotonic() + seconds
        due = time.monotonic()
        while self._open and time.monotonic() < end:
            self._note_ends(_DRIP_SECONDS)
            if time.monotonic() < due:
                continue
            due += _DRIP_SECONDS
            for client, _, drips in self._open.values():
                with contextlib.suppress(OSError):
                    if drips:
                        client.send(b"x")
        return not self._open

    def close(self):
        """Leaves."""
        for client, _, _ in self._open.values():
            client.close()
        self._open = {}

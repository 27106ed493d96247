"""A life in which everything changes that can, with rounds every 50 ms; and that the agent holds no more at its end."""

import contextlib
import http.client
import itertools
import socket
import time

from lab import sockets
from lab.agent import Agent
from lab.clients import HEALTHZ, connect, place_of
from lab.footprint import Footprint, footprint
from lab.kernel import set_sysctl
from lab.settings import Settings, hang_up

_MAX_PORTS = 256
# The shortest; the ring of events is full sooner.
_HISTORY = "1m"
# After so many turns everything has been there once.
_TURNS = 20
_LISTENERS = 60
_CLIENTS = 20
_PATHS = ("/metrics", "/api/v1/report", "/api/v1/ports", "/api/v1/events", "/readyz", "/nowhere")
_GROWTH_KIB = 512
# glibc keeps free blocks of every size for each thread, which takes minutes to come to its bound.
_WITHOUT_CACHE = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}


def _settings(turn):
    watched = 8001 + turn % _TURNS
    return ("interval: 50ms", "cpu-budget: 100%", f"max-ports: {_MAX_PORTS}", f"history: {_HISTORY}",
            "web.max-connections-per-address: 64", f"watch: [{watched}-{watched + 19}=free, udp:{watched}]",
            f"probe-interval: {1 + turn % 15}s", f"owners: {('true', 'false')[turn % 2]}")


def _use(port):
    """Connections to a server on this port, which closes them first: they stay behind in TIME_WAIT."""
    with sockets.listener("127.0.0.1", port, reuseaddr=True) as server:
        for _ in range(_CLIENTS):
            client = socket.create_connection(server.getsockname())
            server.accept()[0].close()
            client.close()


def _ask(place, turn):
    """Each page, with and without gzip, over new connections; and requests that are left alone."""
    for path in (*_PATHS, f"/api/v1/history/{8001 + turn % _TURNS}"):
        client = http.client.HTTPConnection(*place, timeout=30)
        client.request("GET", path, headers={"Accept-Encoding": "gzip"} if turn % 2 else {})
        client.getresponse().read()
        client.close()
    for _ in range(3):
        with connect(place) as client:
            client.sendall(HEALTHZ[:-turn % len(HEALTHZ)])


def _turn(agent, settings, turn):
    """One second or so of this life."""
    first = 10_000 + turn % _TURNS * _LISTENERS
    with contextlib.ExitStack() as held:
        for port in range(first, first + _LISTENERS):
            held.enter_context(sockets.listener("127.0.0.1", port, reuseaddr=True))
        settings.write(*_settings(turn))
        hang_up(agent, says="configuration reread")
        _use(9000 + turn % _TURNS)
        agent.next_round()
    _ask(place_of(agent), turn)
    agent.next_round()


def _least(held):
    """What is never given back. Above it the heap has its tides, as pages of all sizes come and go."""
    return Footprint(*map(min, zip(*held)))


def check_steady(test, seconds, warm_up_seconds):
    """Lives for so long, and on a slow machine until everything has been there in the warm-up, the first part of its turns.
    In the second half no more is held for good than in the second half of the warm-up."""
    set_sysctl("ipv4.tcp_max_tw_buckets", 100_000)
    settings = Settings(test, *_settings(0))
    held = []
    with Agent(settings.flag, quick=False, env=_WITHOUT_CACHE) as agent:
        began = time.monotonic()
        for turn in itertools.count():
            _turn(agent, settings, turn)
            agent.hang_up()
            held.append(footprint(agent))
            warm_up = len(held) * warm_up_seconds // seconds
            if warm_up >= _TURNS and time.monotonic() - began >= seconds:
                break
        rounds = agent.rounds()
        before, after = _least(held[warm_up // 2:warm_up]), _least(held[len(held) // 2:])
    print(f"{rounds} rounds, {len(held)} rereads; at least {before} in the first {warm_up} turns, {after} at the end")
    test.assertLessEqual(after.anonymous - before.anonymous, _GROWTH_KIB)
    test.assertLessEqual(after.file - before.file, _GROWTH_KIB)
    test.assertEqual((after.descriptors, after.threads), (before.descriptors, before.threads))

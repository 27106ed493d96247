"""Over HTTP: scrapes a second, how long one takes, and what the rounds notice of it."""

import contextlib
import http.client
import re
import statistics
import subprocess
import time
import urllib.parse

from contestants import Agent, NodeExporter
from figures import alone, compared

_CLIENT_CPU = "1"
_CONNECTIONS = 8
_LISTENERS = 50
_FIRST_LISTENER = 11000
_PACE_HZ = 200


def scrapes(url, seconds, gzip=False, connections=_CONNECTIONS):
    """A second, over kept connections, from one client that has one core."""
    said = subprocess.run(["taskset", "-c", _CLIENT_CPU, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
                           *(("-HAccept-Encoding: gzip",) if gzip else ()), f"{url}/metrics"],
                          check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said:
        raise AssertionError(said)
    return float(re.search(r"Requests/sec:\s+(\S+)", said).group(1))


def _watch_fifty():
    return [f"--watch={_FIRST_LISTENER + i}" for i in range(_LISTENERS)]


def throughput(seconds, pairs):
    """With 50 tracked ports, beside node_exporter with the collectors that it has by default."""
    for gzip in (False, True):
        ours, theirs = [], []
        with Agent(*_watch_fifty(), interval="5s") as agent, NodeExporter("--web.disable-exporter-metrics") as peer:
            for _ in range(pairs):
                ours.append(scrapes(agent.url, seconds, gzip))
                theirs.append(scrapes(peer.url, seconds, gzip))
        yield compared(f"scrapes, 50 ports, gzip {'on' if gzip else 'off'}", "node_exporter", ours, theirs, least=20,
                       unit="/s")


def latency(seconds):
    """The slowest of a hundred, at a steady pace, over one kept connection."""
    took = []
    with Agent(*_watch_fifty(), interval="5s") as agent:
        with contextlib.closing(http.client.HTTPConnection(urllib.parse.urlsplit(agent.url).netloc)) as connection:
            due = time.monotonic()
            while len(took) < seconds * _PACE_HZ:
                began = time.monotonic()
                connection.request("GET", "/metrics")
                connection.getresponse().read()
                took.append(time.monotonic() - began)
                due += 1 / _PACE_HZ
                time.sleep(max(0.0, due - time.monotonic()))
    yield alone("p99 of a scrape at 200/s", statistics.quantiles(took, n=100)[98] * 1000, "ms", most=1)


def rounds_meanwhile(seconds):
    """Rounds made while a client scrapes as fast as it can."""
    with Agent(*_watch_fifty(), interval="1s") as agent:
        agent.settle()
        before = agent.number("rounds_total")
        rate = scrapes(agent.url, seconds)
        made = agent.number("rounds_total") - before
    yield alone(f"rounds of 1 s in {seconds} s under {rate:,.0f} scrapes/s", made, "rounds", exactly=seconds)


def start(runs):
    """From exec to the first 200 on /metrics."""
    ours, theirs = [], []
    for _ in range(runs):
        for contestant, took in ((Agent, ours), (NodeExporter, theirs)):
            began = time.monotonic_ns()
            daemon = contestant()
            while not daemon.answers():
                time.sleep(0.0005)
            took.append(time.monotonic_ns() - began)
            daemon.stop()
    yield compared("start to the first 200 on /metrics", "node_exporter", ours, theirs, most=0.2)

"""Whatever a process calls itself, every representation tells its name: any 15 bytes, repaired to UTF-8, read back equal."""

import codecs
import os
import random
import socket
import unittest

from lab.agent import Agent
from lab.exposition import Exposition
from lab.suite import main
from lab.waiting import until

try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
    from prometheus_client.parser import text_string_to_metric_families as read_prometheus
except ImportError:
    read_openmetrics = read_prometheus = None

PORTS = range(20000, 20200)
NAME_BYTES = 15
SPITEFUL = b'a"b\\c\nd\xffe'
# What a format gives a meaning to, and UTF-8 that is whole, cut short, overlong, a surrogate, beyond Unicode.
PIECES = (b'"', b"\\", b"\n", b"\\n", b"{", b"}", b",", b"=", b"#", b" ", b"\t", b"\r", b"\x01", b"\x7f", b"<", b"&", b"/",
          "é".encode(), "€".encode(), "𝄞".encode(), b"\xe2\x82", b"\xf0\x9d\x84", b"\xc0\xaf", b"\xed\xa0\x80",
          b"\xf4\x90\x80\x80", b"\xff", b"\x80", "\u2028".encode(), "\ufeff".encode())

# Each byte that is no part of a character becomes one U+FFFD.
codecs.register_error("repair", lambda error: ("\ufffd" * (error.end - error.start), error.end))


def any_name(chance):
    """Of bytes but NUL, or of the pieces."""
    if chance.random() < 0.3:
        return bytes(chance.randrange(1, 256) for _ in range(chance.randint(1, NAME_BYTES)))
    return b"".join(chance.choices(PIECES, k=NAME_BYTES))[:NAME_BYTES]


class Crowd:
    """Processes with these names; each listens on the port of its name and has nothing else to do."""

    def __init__(self, names):
        self._end, self._begin = os.pipe()
        self._children = [self._start(port, name) for port, name in names.items()]

    def _start(self, port, name):
        child = os.fork()
        if child == 0:
            try:
                os.close(self._begin)
                with open("/proc/self/comm", "wb") as comm:
                    comm.write(name)
                with socket.create_server(("127.0.0.1", port)):
                    os.read(self._end, 1)
            finally:
                os._exit(0)
        return child

    def close(self):
        """Ends them."""
        os.close(self._begin)
        os.close(self._end)
        for child in self._children:
            os.waitpid(child, 0)


def by_port(samples):
    """The names of the crowd, by the labels of tidewait_listener_info."""
    return {int(labels["port"]): labels["process"] for labels in samples if int(labels["port"]) in PORTS}


def labels_by_client(read, text):
    """The same as Debian's prometheus_client reads it."""
    return by_port(sample.labels for family in read(text) for sample in family.samples
                   if sample.name == "tidewait_listener_info")


def names_in_json(agent):
    """The same as the list of ports has it."""
    rows = [row for row in agent.json("/api/v1/ports")["ports"] if row["endpoint"]["port"] in PORTS]
    return {row["endpoint"]["port"]: row["holders"][0]["owners"][0]["process"] for row in rows if row["holders"]}


class Names(unittest.TestCase):
    def setUp(self):
        seed = int(os.environ.get("TIDEWAIT_TEST_SEED", random.SystemRandom().getrandbits(32)))
        print(f"TIDEWAIT_TEST_SEED={seed}", flush=True)
        chance = random.Random(seed)
        names = {port: any_name(chance) for port in PORTS}
        names[PORTS[0]] = SPITEFUL
        self.expected = {port: name.decode(errors="repair") for port, name in names.items()}
        self.addCleanup(Crowd(names).close)

    def test_every_representation_reads_back(self):
        with Agent("--interval=1s", quick=False) as agent:
            until(lambda: len(names_in_json(agent)) == len(PORTS), "every process is seen")
            self.assertEqual(names_in_json(agent), self.expected)
            text = agent.page("/metrics").decode()
            openmetrics = agent.openmetrics()
        for page in (Exposition(text), Exposition(openmetrics, openmetrics=True)):
            self.assertEqual(by_port(labels for labels, _ in page.series("tidewait_listener_info")), self.expected)
        if read_openmetrics is None:
            self.skipTest("prometheus_client is not installed (Debian package python3-prometheus-client)")
        self.assertEqual(labels_by_client(read_prometheus, text), self.expected)
        self.assertEqual(labels_by_client(read_openmetrics, openmetrics), self.expected)


if __name__ == "__main__":
    main()

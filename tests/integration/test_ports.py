"""`tidewait ports`: one table of real sockets, without the agent."""

import json
import os
import re
import socket
import unittest

from lab import sockets
from lab.agent import run
from lab.suite import main

COLUMNS = ["PORT", "VERDICT", "WHY", "ESTAB", "TIME_WAIT", "LEFT", "QUEUE", "RESTART", "OWNER"]


def table(*arguments):
    """The rows by port, each a dict by column; cells are what stands under a column's head."""
    outcome = run("ports", *arguments)
    assert (outcome.code, outcome.err) == (0, ""), outcome
    lines = outcome.out.splitlines()
    assert lines[0].split() == COLUMNS, lines[0]
    rows = {}
    for line in lines[1:]:
        cells = re.split(r"\s{2,}", line)
        assert len(cells) == len(COLUMNS), line
        rows[cells[0]] = dict(zip(COLUMNS, cells))
    return rows


def objects(*arguments):
    """One JSON object a line, by (protocol, port)."""
    outcome = run("ports", "--json", *arguments)
    assert (outcome.code, outcome.err) == (0, ""), outcome
    rows = [json.loads(line) for line in outcome.out.splitlines()]
    return {(row["endpoint"]["protocol"], row["endpoint"]["port"]): row for row in rows}


class Ports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        def keep(made):
            cls.addClassCleanup(made.close)
            return made

        server = keep(sockets.listener("127.0.0.1", 7001))
        keep(sockets.bound("127.0.0.1", 7002, protocol="udp"))
        sockets.time_wait("127.0.0.1", 7003, 3)
        keep(sockets.outgoing(33333, server.getsockname()))
        cls.client = keep(socket.create_connection(server.getsockname()))
        keep(server.accept()[0])
        keep(server.accept()[0])

    def test_listeners_and_udp(self):
        rows = table()
        self.assertEqual(set(rows), {"7001/tcp", "7002/udp"})
        listener = rows["7001/tcp"]
        self.assertEqual((listener["VERDICT"], listener["WHY"], listener["ESTAB"]), ("held", "listener", "2"))
        self.assertRegex(listener["QUEUE"], r"\A0/\d+\Z")
        self.assertIn(f"python3 ({os.getpid()})", listener["OWNER"])
        udp = rows["7002/udp"]
        self.assertEqual((udp["VERDICT"], udp["WHY"], udp["ESTAB"], udp["TIME_WAIT"]), ("held", "bound", "-", "-"))
        self.assertIn(f"python3 ({os.getpid()})", udp["OWNER"])

    def test_all_shows_outgoing_connections_too(self):
        rows = table("--all")
        ephemeral = f"{self.client.getsockname()[1]}/tcp"
        self.assertEqual(set(rows), {"7001/tcp", "7002/udp", "7003/tcp", "33333/tcp", ephemeral})
        for port in ("33333/tcp", ephemeral):
            self.assertEqual((rows[port]["VERDICT"], rows[port]["WHY"]), ("held", "outgoing to 127.0.0.1:7001"))
            self.assertEqual(rows[port]["QUEUE"], "-")
            self.assertIn(f"({os.getpid()})", rows[port]["OWNER"])

    def test_time_wait_shows_when_it_ends(self):
        row = table("--all")["7003/tcp"]
        self.assertEqual((row["VERDICT"], row["TIME_WAIT"]), ("held", "3"))
        self.assertRegex(row["WHY"], r"\Atime_wait, free in \d+\.\d s\Z")
        self.assertRegex(row["LEFT"], r"\A(60\.0|[45]\d\.\d) s\Z")

    def test_json_says_the_same(self):
        rows = objects("--all")
        shown = {f"{port}/{protocol}": row["verdict"] for (protocol, port), row in rows.items()}
        self.assertEqual(shown, {port: row["VERDICT"] for port, row in table("--all").items()})
        self.assertEqual(rows["tcp", 7001]["states"]["established"], 2)
        self.assertEqual(rows["tcp", 33333]["cause"], "outgoing")
        self.assertEqual(rows["udp", 7002]["cause"], "bound")
        self.assertEqual([owner["pid"] for owner in rows["tcp", 7001]["holders"][0]["owners"]], [os.getpid()])
        self.assertEqual(set(objects()), {("tcp", 7001), ("udp", 7002)})

    def test_nothing_but_the_answer_is_printed(self):
        for arguments in (["ports"], ["ports", "--json"]):
            outcome = run(*arguments)
            self.assertNotIn("\x1b", outcome.out)
            self.assertTrue(outcome.out.endswith("\n"))


if __name__ == "__main__":
    main()

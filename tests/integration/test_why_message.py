"""`tidewait why --message`: the port that an error message names, as text and through a pipe; and what is said when it
names none. Which messages are understood is proven in unit/model/message."""

import json
import os
import subprocess
import unittest

from lab import sockets
from lab.agent import BINARY, Outcome, environment, run
from lab.suite import main
from lab.why import Text, check_schema, flowing

FREE, HELD, USAGE, UNDETERMINED = 0, 1, 2, 3
PORT = 8080

# A message about a port, and the endpoint that must be answered for.
NAMED = {
    "listen tcp :8080: bind: address already in use": "8080/tcp",
    "Error: listen EADDRINUSE: address already in use 127.0.0.1:8080": "127.0.0.1:8080/tcp",
    "nginx: [emerg] bind() to [::]:8080 failed (98: Address already in use)": "[::]:8080/tcp",
    "Bind for 0.0.0.0:8080 failed: port is already allocated": "0.0.0.0:8080/tcp",
    "listen udp 127.0.0.1:8080: bind: address already in use": "127.0.0.1:8080/udp",
    "listen tcp 192.0.2.1:8080: bind: cannot assign requested address": "192.0.2.1:8080/tcp",
}
# Messages without a port, and what must be explained.
NAMELESS = {
    "OSError: [Errno 98] Address already in use": "EADDRINUSE, errno 98; on Windows 10048, WSAEADDRINUSE",
    "OSError: [WinError 10048] Normalerweise darf jede Socketadresse nur einmal verwendet werden": "WSAEADDRINUSE",
    "bind: Cannot assign requested address": "EADDRNOTAVAIL, errno 99",
    "PermissionError: [Errno 13] Permission denied": "EACCES, errno 13",
}
NONSENSE = ("", "hello", "8080", "it took 8080 ms", "\x00\xff", "Address", "-")


def heard(message):
    """Through a pipe, as in `some-server 2>&1 | tidewait why --message -`: the bytes as they are."""
    done = subprocess.run([BINARY, "why", "--message", "-"], input=message, env=environment(), check=False,
                          capture_output=True)
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


class Messages(unittest.TestCase):
    def test_the_port_that_is_named_is_answered_for(self):
        with sockets.listener("::", PORT):
            for message, endpoint in NAMED.items():
                with self.subTest(message=message):
                    outcome = run("why", "--message", message)
                    self.assertEqual(outcome.err, "")
                    self.assertEqual(Text(outcome.out).headline.split()[0], endpoint)
                    self.assertEqual(outcome.code, FREE if endpoint.endswith("/udp") else HELD)
                    self.assertEqual(heard(message.encode()), outcome)

    def test_flags_go_with_it(self):
        with sockets.bound("127.0.0.1", PORT, reuseaddr=True):
            message = "listen tcp :8080: bind: address already in use"
            self.assertEqual(run("why", "--message", message).code, 4)
            self.assertEqual(run("why", "--reuseaddr", "--message", message).code, FREE)
            outcome = run("why", "--message", message, "--json")
        verdict = json.loads(outcome.out)
        check_schema(verdict)
        self.assertEqual((outcome.code, verdict["endpoint"]["port"], verdict["cause"]), (4, PORT, "bound"))
        self.assertEqual(run("why", f"--message={message}").code, FREE)
        refused = run("why", "--reuseaddr", "--message", "listen udp :53: bind: address already in use")
        self.assertEqual((refused.code, refused.out), (USAGE, ""))

    def test_a_whole_log_may_come_through_the_pipe(self):
        before = b"12:00:00 INFO warming up, took 12 ms, 13 of 9000 done\n" * 50_000
        after = b"    at Server.setupListenHandle [as _listen2] (node:net:1817:16)\n" * 1000
        message = before + b"Error: listen EADDRINUSE: address already in use :::8080\n" + after
        with sockets.listener("127.0.0.1", PORT):
            code, out, err = heard(message)
        self.assertEqual((code, Text(out).headline.split()[0], err), (HELD, "[::]:8080/tcp", ""))

    def test_a_server_that_fails_can_be_piped_in(self):
        with sockets.listener("127.0.0.1", PORT):
            command = f"{os.environ['MAKE_TIME_WAIT']} 127.0.0.1 {PORT} 1 2>&1 | {BINARY} why --message -"
            done = subprocess.run(["sh", "-c", command], env=environment(), check=False, capture_output=True, text=True)
        # It names no port, as C programs like to.
        self.assertEqual(done.returncode, UNDETERMINED)
        self.assertIn("EADDRINUSE", done.stdout)

    def test_a_message_without_a_port_is_explained(self):
        for message, says in NAMELESS.items():
            with self.subTest(message=message):
                outcome = run("why", "--message", message)
                self.assertEqual((outcome.code, outcome.err), (UNDETERMINED, ""))
                self.assertIn(says, flowing(outcome.out))
                self.assertTrue(outcome.out.endswith("\n"))
                for line in outcome.out.splitlines():
                    self.assertLessEqual(len(line), 80)

    def test_a_message_without_a_port_is_no_object(self):
        outcome = run("why", "--json", "--message", "OSError: [Errno 98] Address already in use")
        self.assertEqual((outcome.code, outcome.out), (UNDETERMINED, ""))
        self.assertIn("EADDRINUSE", outcome.err)

    def test_nonsense_is_refused(self):
        for message in NONSENSE:
            with self.subTest(message=message):
                code, out, err = heard(message.encode("latin-1"))
                self.assertEqual((code, out), (USAGE, ""))
                self.assertRegex(err, r"\Atidewait: [^\n]*tidewait why 8080\n\Z")


if __name__ == "__main__":
    main()

"""`tidewait healthcheck`: 0 when the agent is ready, 1 when it is not, 3 when it cannot be asked."""

import contextlib
import socket
import threading
import time
import unittest

from lab import sockets
from lab.agent import Agent, run
from lab.faults import injected
from lab.suite import main
from lab.waiting import PATIENCE, until

READY = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nready\n"
# What some other server might say. None of it is an answer.
NO_ANSWERS = (
    b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\nready\n", READY[:-1], READY + b"x",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nready\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 10000,
    bytes(range(256)) * 100,
)
TIMEOUT_SECONDS = 3


@contextlib.contextmanager
def answering(*pieces, stay=False, address="127.0.0.1"):
    """A server that answers one client with these bytes, a piece each tenth of a second; stay: and never closes."""
    done = threading.Event()

    def serve(server):
        with contextlib.suppress(OSError), server.accept()[0] as client:
            client.recv(1 << 16)
            for piece in pieces:
                client.sendall(piece)
                done.wait(0.1 if len(pieces) > 1 else 0)
            if not stay:
                client.shutdown(socket.SHUT_WR)
            done.wait(PATIENCE)

    with sockets.listener(address, 0) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        try:
            host = f"[{address}]" if ":" in address else address
            yield f"http://{host}:{server.getsockname()[1]}"
        finally:
            done.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


class Healthcheck(unittest.TestCase):
    def check(self, code, says, *arguments, **options):
        outcome = run("healthcheck", *arguments, **options)
        self.assertEqual((outcome.code, outcome.out), (code, ""), outcome)
        self.assertRegex(outcome.err, r"\A\Z" if says is None else rf"\Atidewait: [^\n]*(?:{says})[^\n]*\n\Z")

    def test_an_agent_that_is_ready(self):
        with Agent(quick=False) as agent:
            self.check(0, None, f"{agent.url}/readyz")
            self.check(0, None, agent.url)
            self.check(0, None, f"{agent.url}/healthz")
            place = agent.url.removeprefix("http://")
            self.check(0, None, env={"TIDEWAIT_WEB_LISTEN_ADDRESS": place})
            self.check(0, None, env={"TIDEWAIT_WEB_LISTEN_ADDRESS": f"{place},[::1]:1"})
            self.check(0, None, agent.url.replace("127.0.0.1", "localhost"))
            port = place.rpartition(":")[2]
            self.check(0, None, env={"TIDEWAIT_WEB_LISTEN_ADDRESS": f":{port}"})

    def test_an_agent_over_ipv6(self):
        with Agent(listen="[::1]:0", quick=False) as agent:
            self.check(0, None, agent.url)

    def test_an_agent_that_is_not_ready(self):
        with Agent(env={"ASAN_OPTIONS": "detect_leaks=0"}) as agent:
            with injected(agent.process, "recvmsg:error=ENOBUFS"):
                until(lambda: b"No buffer space" in agent.get("/readyz").body, "it is not ready")
                self.check(1, "not ready: .*No buffer space", agent.url)

    def test_an_answer_may_come_in_pieces(self):
        with answering(*(READY[at:at + 10] for at in range(0, len(READY), 10)), stay=True) as url:
            self.check(0, None, url)

    def test_an_agent_that_wants_a_password_cannot_be_asked(self):
        with answering(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n") as url:
            self.check(3, "status 401", url)

    def test_nobody_listens(self):
        self.check(3, "nothing listens at 127.0.0.1:7199; `tidewait serve`", "http://127.0.0.1:7199")
        self.check(3, "nothing listens at 127.0.0.1:10098; `tidewait serve`")

    def test_another_server_is_not_taken_for_an_agent(self):
        for said in NO_ANSWERS:
            with self.subTest(said=said[:40]), answering(said) as url:
                self.check(3, "does not answer as an agent", url)

    def test_a_server_that_never_ends_is_given_up(self):
        for pieces in ([b""], [b"HTTP/1.1 200 OK\r\n"], [b"a"] * 100):
            with self.subTest(pieces=len(pieces)), answering(*pieces, stay=True) as url:
                began = time.monotonic()
                self.check(3, "not answered within 3 s", url)
                self.assertGreaterEqual(time.monotonic() - began, TIMEOUT_SECONDS)

    def test_what_is_no_url(self):
        for arguments in (["127.0.0.1:10098"], ["http://example.org:10098"], ["http://127.0.0.1:10098", "x"], ["--url"],
                          ["https://127.0.0.1:10098"]):
            with self.subTest(arguments=arguments):
                self.check(2, "http://127.0.0.1:10098|curl", *arguments)
        self.check(2, "TIDEWAIT_WEB_LISTEN_ADDRESS: .*127.0.0.1:10098", env={"TIDEWAIT_WEB_LISTEN_ADDRESS": "localhost"})
        self.check(2, "port 0", env={"TIDEWAIT_WEB_LISTEN_ADDRESS": ":0"})


if __name__ == "__main__":
    main()

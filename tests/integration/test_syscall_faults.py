"""System calls that fail, each with each of these errors: a state that says so within two rounds, or values that are
right all the same; never death, never a wrong value, never a busy processor; and all is well again afterwards."""

import contextlib
import http.client
import pathlib
import resource
import socket
import time
import unittest

from lab.agent import Agent
from lab.faults import injected, traced
from lab.secured import place_of
from lab.sockets import listener
from lab.suite import main
from lab.waiting import until

PORT, LATER_PORT, FREE_PORT = 7777, 7778, 8080
ERRORS = ("ENOBUFS", "EINTR", "EPROTONOSUPPORT", "EMFILE", "ENOSPC")
ROUNDS = 2
# Owners are looked up the less often, the dearer that is; a tracer makes each call dear.
LOOK_UP_SECONDS = 60
CPU_SHARE_MAX = 0.5
UNTRACED_CPU_SHARE_MAX = 0.15
STANDARD_STREAMS = 3

# What a round makes of a call of its own that fails: the round fails and says in which stage; the test-binds fail and
# are counted; the verdict of what would be free is unknown; or what is shown is right all the same.
ROUND, PROBE, UNKNOWN, NOTHING = "round", "probe", "unknown", "nothing"
OF_A_ROUND = {
    "recvmsg": ROUND, "sendto": ROUND, "openat": ROUND, "read": ROUND,
    "socket": PROBE, "setsockopt": PROBE, "bind": UNKNOWN,
    # Whose a socket is, and how it was set up.
    "getdents64": NOTHING, "readlinkat": NOTHING, "newfstatat": NOTHING, "fstat": NOTHING, "fcntl": NOTHING,
    "pread64": NOTHING, "pidfd_open": NOTHING, "pidfd_getfd": NOTHING, "getsockopt": NOTHING, "lseek": NOTHING,
    # The agent about itself, and its sleep.
    "poll": NOTHING, "uname": NOTHING, "prlimit64": NOTHING, "clock_gettime": NOTHING, "sysinfo": NOTHING,
    "write": NOTHING, "geteuid": NOTHING, "getpid": NOTHING,
}
# The next round reads /proc/net, and netlink is not tried again for a minute.
REFUSALS = (("recvmsg", "EPROTONOSUPPORT"), ("sendto", "EPROTONOSUPPORT"))
# Of the thread that serves.
OF_SERVING = ("accept4", "recvfrom", "sendmsg")
# Memory: test_allocation_failures.py. A close() that is not made loses its descriptor, whoever made it; shutdown()
# only hastens an end, and restart_syscall() is the kernel's.
ELSEWHERE = {"mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "futex", "close", "shutdown", "restart_syscall",
             "exit", "clock_nanosleep"}


def cpu_seconds(agent):
    """What the process has used, as the kernel counts it."""
    stat = pathlib.Path(f"/proc/{agent.process.pid}/stat").read_text(encoding="ascii")
    return sum(map(int, stat.rpartition(") ")[2].split()[11:13])) / 100


def later_listener():
    """With SO_REUSEADDR: the agent may just be trying the port."""
    return listener("127.0.0.1", LATER_PORT, reuseaddr=True)


class SyscallFaults(unittest.TestCase):
    def setUp(self):
        self.addCleanup(listener("127.0.0.1", PORT).close)
        self.agent = self.enterContext(Agent("--interval=100ms", "--cpu-budget=100%", f"--watch={FREE_PORT}",
                                             "--probe-interval=50ms", quick=False))

    def page_after(self, rounds, first):
        """The metrics of the first round that is so much later than another."""
        return until(lambda: (page := self.agent.metrics()).sum("tidewait_rounds_total") >= first + rounds and page,
                     f"{rounds} rounds")

    def check_right(self):
        """What is shown is what is."""
        rows = {row["endpoint"]["port"]: row["verdict"] for row in self.agent.json("/api/v1/ports")["ports"]}
        self.assertEqual((rows[PORT], rows[FREE_PORT]), ("held", "free"))

    def check_shown(self, effect, before, page):
        rose = {name: page.sum(f"tidewait_{name}") - before.sum(f"tidewait_{name}")
                for name in ("round_failures_total", "probe_failures_total")}
        if effect == ROUND:
            self.assertGreater(rose["round_failures_total"], 0)
            self.assertFalse(page.has("tidewait_sockets"))
            until(lambda: self.agent.get("/readyz").status == 503, "not ready any more")
            return
        self.assertEqual(rose["round_failures_total"], 0)
        self.assertTrue(page.has("tidewait_sockets"))
        self.assertEqual(rose["probe_failures_total"] > 0, effect == PROBE)
        if effect == UNKNOWN:
            self.assertEqual(self.agent.verdict(FREE_PORT)["verdict"], "unknown")
            self.assertEqual(self.agent.verdict(PORT)["verdict"], "held")
        else:
            self.check_right()

    @contextlib.contextmanager
    def bounded(self, share=CPU_SHARE_MAX):
        """What is done inside keeps no processor busy. The kernel counts in hundredths of a second."""
        cpu, began = cpu_seconds(self.agent), time.monotonic()
        yield
        self.assertLess((cpu_seconds(self.agent) - cpu) / max(1.0, time.monotonic() - began), share)

    def check_recovered(self):
        self.assertIsNone(self.agent.process.poll(), self.agent.log())
        self.agent.next_round()
        until(lambda: self.agent.get("/readyz").status == 200, "ready again")
        self.check_right()

    def test_those_of_a_round(self):
        made = sorted(self.calls_of_a_round() & OF_A_ROUND.keys())
        for number, call in enumerate(made):
            effect = OF_A_ROUND[call]
            # Where nothing is made of a failure, nothing is made of its error: one of them each, in turn.
            errors = ERRORS if effect != NOTHING else (ERRORS[number % len(ERRORS)],)
            for error in errors:
                if (call, error) not in REFUSALS:
                    with self.subTest(call=call, error=error):
                        self.check_of_a_round(call, error, effect)

    def test_netlink_that_is_refused(self):
        for call, error in REFUSALS:
            with self.subTest(call=call), Agent(f"--watch={FREE_PORT}") as self.agent:
                self.check_of_a_round(call, error, None)
                self.assertEqual(self.agent.metrics().value("tidewait_socket_source", source="procfs"), 1)

    def check_of_a_round(self, call, error, effect):
        before = self.agent.metrics()
        with injected(self.agent.process, f"{call}:error={error}", threads=False) as happened, self.bounded(), \
                later_listener():
            until(happened, "the call fails", LOOK_UP_SECONDS)
            page = self.page_after(ROUNDS, self.agent.rounds())
            if effect is not None:
                self.check_shown(effect, before, page)
        self.check_recovered()

    def calls_of_a_round(self):
        """All that the main thread calls, with a port that comes and goes; none of them is unknown here."""
        with traced(self.agent.process) as calls, later_listener():
            self.agent.next_round()
        self.assertEqual(calls - OF_A_ROUND.keys() - ELSEWHERE, set(), "what becomes of these when they fail?")
        return calls

    def test_those_of_serving(self):
        for call in OF_SERVING:
            for error in ERRORS:
                with self.subTest(call=call, error=error):
                    self.agent.hang_up()
                    with injected(self.agent.process, f"{call}:error={error}"), self.bounded():
                        self.check_unanswered()
                    self.check_recovered()

    def check_unanswered(self):
        """Nobody is answered, or it takes a second attempt; and nobody waits for ever."""
        client = http.client.HTTPConnection(*place_of(self.agent), timeout=1)
        with contextlib.closing(client), contextlib.suppress(OSError, http.client.HTTPException):
            client.request("GET", "/healthz")
            self.assertEqual(client.getresponse().status, 200)

    def test_a_client_when_no_descriptor_is_left(self):
        """libmicrohttpd would try again at once, for as long as its first client waits."""
        self.agent.hang_up()
        limits = resource.prlimit(self.agent.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.agent.process.pid, resource.RLIMIT_NOFILE, (STANDARD_STREAMS, limits[1]))
        with socket.create_connection(place_of(self.agent), timeout=1) as client, self.bounded(UNTRACED_CPU_SHARE_MAX):
            self.assertRaises(TimeoutError, client.recv, 1)
        self.assertRegex(self.agent.log(), "round failed.*Too many open files")
        resource.prlimit(self.agent.process.pid, resource.RLIMIT_NOFILE, limits)
        self.check_recovered()


if __name__ == "__main__":
    main()

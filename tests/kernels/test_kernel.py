"""On other kernels than this machine's: what is said of a port is what bind() says there; `release` ends TIME_WAITs, or
says that the kernel cannot; the agent measures in its sandbox. KERNEL names the kernel, FULL=1 takes minutes."""

import collections
import json
import os
import pathlib
import platform
import re
import unittest

import guest
import packages
from lab.exposition import Exposition
from lab.suite import main

# Which release of Debian has the kernel, and what it can: it shows sockets that are bound only, SOCK_DESTROY ends
# TIME_WAITs, MPTCP is built in.
Kernel = collections.namedtuple("Kernel", "release shows_bound ends_time_wait has_mptcp")
KERNELS = {
    "5.10": Kernel("bullseye", shows_bound=False, ends_time_wait=False, has_mptcp=False),
    "6.1": Kernel("bookworm", shows_bound=False, ends_time_wait=True, has_mptcp=True),
    "6.12": Kernel("bookworm", shows_bound=True, ends_time_wait=True, has_mptcp=True),
}
SERIES = os.environ["KERNEL"]
KERNEL = KERNELS[SERIES]
FULL = os.environ.get("FULL") == "1"
# Far more than it takes on a machine that does other things, too.
SECONDS = 3000 if FULL else 900

TRUTH = {
    "truth table": "truth_truth_table",
    "address matrix": "truth_address_matrix",
    "crowd": "truth_crowd",
    "udp": "truth_udp",
    "special errnos": "truth_special_errnos",
    "random worlds": f"truth_random_worlds --worlds {2000 if FULL else 100}",
}
if FULL:
    TRUTH["time to free"] = "truth_time_to_free --situations 20"

PORT, LISTENER = 7001, 7002
# Without SO_REUSEADDR: it leaves TIME_WAITs behind, and cannot start while there are any.
SERVER = f"make_time_wait 0.0.0.0 {PORT} 3"
URL = "http://127.0.0.1:10098"
COMMANDS = {
    **TRUTH,
    "first server": SERVER,
    "server too early": SERVER,
    "why": f"tidewait why --json {PORT}",
    "release": f"tidewait release {PORT} --time-wait --yes",
    "next server": SERVER,
    "listener": f"nc -l -p {LISTENER} & tidewait wait {LISTENER} --for listening --timeout 30s",
    # The agent's own answer is what each turn waits for.
    "agent": f"tidewait serve --user=65534 --watch={LISTENER} --interval=200ms --cpu-budget=100% 2>/log & agent=$!; "
             f"timeout 60 sh -c 'until wget -q -O - {URL}/readyz; do :; done'",
    "rounds": f"timeout 60 sh -c 'until wget -q -O - {URL}/metrics | grep -E \"^tidewait_rounds_total ([5-9]|..+)$\"; "
              "do :; done'",
    "metrics": f"wget -q -O - {URL}/metrics",
    "agent's end": "kill $agent; wait $agent",
    "agent's log": "cat /log",
}

# "  agent                        knew 2410 of 2436 binds (98.9 %), 95 of them blind"
_TALLY = re.compile(r"^  (\S.*?) +knew (\d+) of (\d+) binds \([\d.]+ %\)(?:, (\d+) of them blind)?$", re.MULTILINE)
_SKIPPED = re.compile(r"^\[  SKIPPED \] (\D.*)$", re.MULTILINE)
# Those who make gentle binds only and infer the plain ones: they have the blind cell of a kernel that hides sockets.
GENTLE = ("gentle binds", "agent")
# Those for whom the program itself hides them, on any kernel.
PLAYED = ("agent before 6.8", "agent before 6.8, probe off")


def tallies(output):
    """Of a truth program: (known, cells, blind) by the way in which tidewait came to the verdict."""
    return {way: (int(known), int(cells), int(blind or 0)) for way, known, cells, blind in _TALLY.findall(output)}


class OnKernel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if platform.machine() != "x86_64":
            raise unittest.SkipTest(f"kernel {SERIES}: it would be one for x86-64, and this is {platform.machine()}")
        for missing in guest.missing_tools():
            raise unittest.SkipTest(f"kernel {SERIES}: {missing} is not installed")
        try:
            package = packages.fetch(SERIES, KERNEL.release, pathlib.Path(os.environ["CACHE"]))
        except packages.Unavailable as reason:
            raise unittest.SkipTest(f"kernel {SERIES}: {reason}") from None
        cls.outcomes, cls.log = guest.boot(package, os.environ["PROGRAMS"].split(":"), COMMANDS, SECONDS)

    def outcome(self, name):
        """Of a command that came to its end."""
        if name not in self.outcomes:
            self.fail(f"{name} did not come to its end; the kernel says:\n{self.log[-1000:]}")
        return self.outcomes[name]

    def done(self, name):
        """The output of a command that must have worked."""
        outcome = self.outcome(name)
        self.assertEqual(outcome.status, 0, f"{name}: {outcome.output}")
        return outcome.output

    def test_it_is_the_kernel_that_was_asked_for(self):
        self.assertRegex(self.log, rf"Linux version {re.escape(SERIES)}\.")

    def test_every_verdict_is_what_bind_says(self):
        for name in TRUTH:
            with self.subTest(name):
                output = self.done(name)
                self.assertRegex(output, r"\[  PASSED  \] [1-9]\d* test\(s\)\.")
                skipped = {row for row in _SKIPPED.findall(output) if KERNEL.has_mptcp or "MPTCP" not in row}
                self.assertEqual(skipped, set())
                print(f"{SERIES} {name}: {self.outcome(name).seconds:.1f} s", flush=True)

    def test_nothing_is_blind_but_the_cell_that_the_interface_names(self):
        for name in TRUTH:
            for way, (known, cells, blind) in tallies(self.outcome(name).output).items():
                with self.subTest(name, way=way):
                    print(f"{SERIES} {name}, {way}: {known} of {cells} binds known, {blind} blind", flush=True)
                    self.assertGreater(known, 0)
                    if way == "why":
                        self.assertEqual(known, cells)
                    if way not in PLAYED and (KERNEL.shows_bound or way not in GENTLE):
                        self.assertEqual(blind, 0)
        blind = tallies(self.outcome("truth table").output)["agent"][2]
        self.assertEqual(blind > 0, not KERNEL.shows_bound)

    def test_release(self):
        self.done("first server")
        self.assertNotEqual(self.outcome("server too early").status, 0)
        verdict = json.loads(self.outcome("why").output)
        self.assertEqual((verdict["verdict"], verdict["cause"]), ("held", "time_wait"))
        status, said, _ = self.outcome("release")
        if KERNEL.ends_time_wait:
            self.assertEqual((status, said), (0, f"{PORT}/tcp: 3 sockets ended\n"))
            self.done("next server")
        else:
            self.assertEqual((status, said), (3, "tidewait: this kernel cannot end TIME_WAIT sockets; "
                                                 f"nothing was ended on {PORT}/tcp\n"))
            self.assertNotEqual(self.outcome("next server").status, 0)

    def test_the_agent_measures_in_its_sandbox(self):
        self.done("listener")
        log = self.outcome("agent's log").output
        self.assertEqual(self.outcome("agent").status, 0, log)
        self.done("rounds")
        page = Exposition(self.done("metrics"))
        self.assertEqual(page.sum("tidewait_round_failures_total"), 0)
        # A listener of root, seen by a process that is not root any more.
        owners = {labels["process"] for labels, _ in page.series("tidewait_listener_info", port=str(LISTENER))}
        self.assertEqual(owners, {"nc"}, log)
        self.assertIn(" scope=host\n", log)
        bound = page.series("tidewait_sockets", protocol="tcp", state="bound_inactive")
        self.assertEqual(bool(bound), KERNEL.shows_bound)
        self.assertEqual(self.outcome("agent's end").status, 0, log)


if __name__ == "__main__":
    main()

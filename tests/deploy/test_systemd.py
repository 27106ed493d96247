"""The package on a host with systemd: its unit, socket and drop-ins; upgraded, removed, purged."""

import re
import unittest

from lab.package import next_version, package
from lab.suite import main
from lab.systemd import Host
from lab.waiting import until

# systemd-analyze security: of 100, the less the better.
EXPOSURE_MAX = 15
EXPOSURE_OF_PROFILES_MAX = 30
NET_BIND_SERVICE = 1 << 10
RESTARTED_SOON = "[Service]\nWatchdogSec=3s\nRestartSec=100ms\n"


def setUpModule():
    Case.host = Host(unittest.addModuleCleanup)


class Case(unittest.TestCase):
    host = None

    def setUp(self):
        self.host.fresh()

    def capabilities(self):
        return int(self.host.status("CapEff")[0], 16)

    def verdict(self, port):
        row = until(lambda: self.host.ask(f"/api/v1/ports/{port}"), f"port {port} is tracked")
        return row["verdict"], row["cause"]

    def start(self, unit, *command):
        """A service of the host's, for the time of the test."""
        self.host.do("systemd-run", f"--unit={unit}", *command)
        self.addCleanup(self.host.run, "systemctl", "stop", f"{unit}.socket", f"{unit}.service")


class Unit(Case):
    def test_it_is_active_once_it_says_so(self):
        self.assertEqual((self.host.shown("Type"), self.host.shown("ActiveState")), ("notify", "active"))
        self.assertIn("tracked port", self.host.shown("StatusText"))
        self.host.do("tidewait", "healthcheck")
        self.assertEqual(self.host.do("systemctl", "is-enabled", "tidewait").strip(), "enabled")

    def test_it_keeps_one_capability_and_is_nobody_that_is_known(self):
        self.assertEqual(self.capabilities(), NET_BIND_SERVICE)
        self.assertEqual([self.host.status(field) for field in ("CapInh", "CapAmb", "NoNewPrivs", "Seccomp")],
                         [["0" * 16], ["0" * 16], ["1"], ["2"]])
        self.assertGreater(int(self.host.status("Uid")[0]), 1000)

    def test_port_80_is_judged_with_that_capability_alone(self):
        self.host.drop_in("[Service]\nEnvironment=TIDEWAIT_WATCH=80\n")
        self.assertEqual(self.verdict(80), ("free", "none"))
        self.assertEqual(self.capabilities(), NET_BIND_SERVICE)
        self.host.drop_in("[Service]\nEnvironment=TIDEWAIT_WATCH=80\nCapabilityBoundingSet=\nAmbientCapabilities=\n")
        self.assertEqual(self.verdict(80), ("unknown", "privileged"))

    def test_the_watchdog_restarts_an_agent_that_hangs(self):
        self.host.drop_in(RESTARTED_SOON)
        seen = {self.host.shown("WatchdogTimestampMonotonic")}
        until(lambda: seen.add(self.host.shown("WatchdogTimestampMonotonic")) or len(seen) >= 4, "signs of life for longer than that")
        self.assertEqual(self.host.shown("NRestarts"), "0")
        hung = self.host.shown("MainPID")
        self.host.do("sh", "-c", f"kill -STOP {hung}")
        until(lambda: self.host.shown("NRestarts") == "1" and self.host.shown("ActiveState") == "active", "a new agent")
        self.assertNotEqual(self.host.shown("MainPID"), hung)
        self.host.do("tidewait", "healthcheck")

    def test_its_socket_starts_it_and_outlives_it(self):
        self.host.do("systemctl", "stop", "tidewait")
        self.host.do("systemctl", "start", "tidewait.socket")
        self.addCleanup(self.host.do, "systemctl", "stop", "tidewait.socket", "tidewait.service")
        self.assertEqual(self.host.shown("ActiveState"), "inactive")
        until(lambda: self.host.ask("/api/v1/report"), "an agent answers")
        first = self.host.shown("MainPID")
        self.host.do("systemctl", "stop", "tidewait")
        until(lambda: self.host.ask("/api/v1/report"), "another agent answers")
        self.assertNotEqual(self.host.shown("MainPID"), first)

    def test_a_reload_takes_what_is_right_and_refuses_what_is_wrong(self):
        def settings(text):
            self.host.do("sh", "-c", 'printf %s "$1" >/etc/tidewait/tidewait.yml', "sh", text)
            return self.host.run("systemctl", "reload", "tidewait")

        agent = self.host.shown("MainPID")
        self.assertEqual(settings("watch: [8001]\n").code, 0)
        self.assertEqual(self.verdict(8001), ("free", "none"))
        self.assertNotEqual(settings("watch: [8002]\nwatch-listenrs: true\n").code, 0)
        self.assertEqual((self.host.shown("ActiveState"), self.host.shown("MainPID")), ("active", agent))
        self.assertEqual(self.verdict(8001), ("free", "none"))
        said = self.host.do("journalctl", "--no-pager", "--output=cat", "--unit=tidewait")
        self.assertRegex(said, r"tidewait\.yml.*watch-listenrs")


class Profiles(Case):
    def check_exposure(self, most):
        self.host.do("systemd-analyze", "security", "--no-pager", f"--threshold={most}", "tidewait.service")
        outcome = self.host.run("systemd-analyze", "verify", "--man=no", "tidewait.service", "tidewait.socket")
        self.assertEqual((outcome.code, outcome.err), (0, ""))

    def lacking(self):
        return re.search(r'msg=sandbox .* unknown=("[^"]*"|\S+)', self.host.log())[1]

    def test_none(self):
        self.check_exposure(EXPOSURE_MAX)
        self.assertIn("CAP_SYS_PTRACE", self.lacking())

    def test_owners(self):
        def owners():
            row = until(lambda: self.host.ask("/api/v1/ports/8003"), "port 8003 is tracked")
            return [owner["process"] for owner in row["holders"][0]["owners"]], row["restart_safe"]

        self.start("held", "--socket-property=ListenStream=127.0.0.1:8003", "true")
        self.assertEqual(owners(), ([], None))
        self.host.profile("owners")
        self.check_exposure(EXPOSURE_OF_PROFILES_MAX)
        self.assertEqual(self.lacking(), "nothing")
        self.assertEqual(owners(), (["systemd"], True))

    def test_namespaces(self):
        self.start("elsewhere", "unshare", "--net", "sleep", "infinity")
        self.assertEqual(len(self.host.ask("/api/v1/report")["netns"]), 1)
        self.host.profile("namespaces")
        self.check_exposure(EXPOSURE_OF_PROFILES_MAX)
        self.assertEqual(len(self.host.ask("/api/v1/report")["netns"]), 2)

    def test_all_of_them(self):
        for name in ("owners", "namespaces", "network"):
            self.host.profile(name)
        self.check_exposure(EXPOSURE_OF_PROFILES_MAX)
        self.assertRegex(self.host.log(), "address=(0.0.0.0|::|\\*)")


class Life(Case):
    def test_an_upgrade_keeps_what_the_administrator_has_changed(self):
        later, version = next_version(self.host.later)
        self.host.do("sh", "-c", "echo 'watch: [8001]' >/etc/tidewait/tidewait.yml")
        agent = self.host.shown("MainPID")
        self.host.install(f"/later/{later.name}")
        self.assertEqual(self.host.do("dpkg-query", "--show", "--showformat=${Version}", "tidewait"), version)
        self.assertEqual(self.host.shown("ActiveState"), "active")
        self.assertNotEqual(self.host.shown("MainPID"), agent)
        self.assertEqual(self.verdict(8001), ("free", "none"))
        self.host.do("systemctl", "disable", "--now", "tidewait")
        self.host.install(f"/packages/{package().name}")
        self.assertEqual(self.host.run("systemctl", "is-enabled", "tidewait").out.strip(), "disabled")

    def test_removed_it_runs_no_more_and_purged_it_leaves_nothing(self):
        self.host.do("systemctl", "enable", "tidewait.socket")
        self.host.do("dpkg", "--remove", "tidewait")
        self.assertEqual(self.host.run("pidof", "tidewait").out, "")
        self.assertEqual(self.host.run("systemctl", "is-enabled", "tidewait").out.strip(), "masked")
        self.assertIn("/etc/tidewait/tidewait.yml", self.host.files())
        self.host.do("dpkg", "--purge", "tidewait")
        self.assertEqual(self.host.files() - self.host.files_before, set())
        self.host.do("systemctl", "daemon-reload")
        self.assertEqual(self.host.shown("LoadState"), "not-found")


if __name__ == "__main__":
    main()

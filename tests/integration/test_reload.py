"""SIGHUP: everything is read again and taken as a whole, or the former settings stay; what was counted lives on."""

import json
import os
import re
import signal
import unittest

from lab import sockets
from lab.agent import Agent
from lab.pki import bcrypt
from lab.secured import basic, write
from lab.settings import Settings, hang_up, rereads
from lab.suite import main
from lab.waiting import until

QUICK = ("interval: 50ms", "cpu-budget: 100%")
REREAD = r"configuration reread"
SUCCESSFUL = "tidewait_config_last_reload_successful"
SUCCEEDED_AT = "tidewait_config_last_reload_success_timestamp_seconds"

# What takes a restart, and what it is changed to; each is left out at the start.
FIXED = (
    ("web.telemetry-path", "/elsewhere"),
    ("web.max-connections", "63"),
    ("web.max-connections-per-address", "15"),
    ("web.allowed-host", "[ports.example.org]"),
    ("history", "2h"),
    ("user", "nobody"),
    ("sandbox", '"off"'),
)


def agent_of(settings, *flags, **options):
    """It has no setting but those of the file, and these."""
    return Agent(settings.flag, *flags, quick=False, **options)


def ports_of(agent):
    """{port: what is expected of it}"""
    return {row["endpoint"]["port"]: row["expected"] for row in agent.json("/api/v1/ports")["ports"]}


class Reload(unittest.TestCase):
    def settings(self, *lines):
        return Settings(self, *QUICK, *lines)

    def test_counters_live_on(self):
        settings = self.settings("watch: [8001]", "max-ports: 3")
        with agent_of(settings) as agent:
            agent.next_round()
            sockets.time_wait("127.0.0.1", 8001, 7)
            entered = ("tidewait_port_time_wait_entered_total", {"port": "8001"})
            until(lambda: agent.metrics().value(entered[0], **entered[1]) == 7, "7 sockets are counted")
            before = agent.metrics()
            settings.write(*QUICK, "watch: [8002-8004]", "max-ports: 3")
            hang_up(agent, says=REREAD)
            agent.next_round()
            after = agent.metrics()
            self.assertEqual(after.value(entered[0], **entered[1]), 7)
            for name in ("tidewait_rounds_total", "tidewait_probes_total", "tidewait_round_duration_seconds_count"):
                self.assertGreater(after.value(name), before.value(name), name)
            self.assertEqual(after.value("process_start_time_seconds"), before.value("process_start_time_seconds"))

    def test_watches_come_and_go(self):
        settings = self.settings("watch: [8001=free, 8002=listening, 8004]", "watch-listeners: false")
        self.addCleanup(sockets.listener("127.0.0.1", 8004).close)
        with agent_of(settings) as agent:
            self.assertEqual(ports_of(agent), {8001: "free", 8002: "listening", 8004: None})
            settings.write(*QUICK, "watch: [8001, 8003=free]", "watch-listeners: false")
            hang_up(agent, says=REREAD)
            agent.next_round()
            # No longer watched they are like others: tracked until an hour after the last socket, which 8002 never had.
            self.assertEqual(ports_of(agent), {8001: None, 8003: "free", 8004: None})
            expected = agent.metrics().series("tidewait_port_expected")
            self.assertEqual([labels["port"] for labels, _ in expected], ["8003"])

    def test_what_is_watched_takes_the_place_of_what_only_listens(self):
        for port in (7001, 7002, 7003):
            self.addCleanup(sockets.listener("127.0.0.1", port).close)
        settings = self.settings("max-ports: 2")
        with agent_of(settings) as agent:
            self.assertEqual(len(ports_of(agent)), 2)
            settings.write(*QUICK, "max-ports: 2", "watch: [8001=free, 8002=free]")
            hang_up(agent, says=REREAD)
            agent.next_round()
            self.assertEqual(ports_of(agent), {8001: "free", 8002: "free"})

    def test_every_other_setting_changes_while_it_runs(self):
        self.addCleanup(sockets.listener("127.0.0.1", 7001).close)
        settings = self.settings()
        with agent_of(settings) as agent:
            agent.next_round()
            self.assertTrue(agent.metrics().has("tidewait_listener_info"))
            settings.write("interval: 7s", "cpu-budget: 99%", "probe: off", "probe-interval: 1s", "max-ports: 1",
                           "owners: false", "log.format: json", "log.level: warn", "watch: 8001")
            agent.process.send_signal(signal.SIGHUP)
            until(lambda: agent.metrics().value("tidewait_interval_seconds") == 7, "the interval has changed")
            self.assertEqual(rereads(agent), [], "a line of level info in spite of log.level")
            self.assertEqual(list(ports_of(agent)), [8001])
            self.assertFalse(agent.metrics().has("tidewait_listener_info"))
            how = {bind["how"] for bind in agent.verdict(8001)["binds"]}
            self.assertNotIn("performed", how)
            settings.write(*QUICK, "log.format: json")
            self.assertEqual(json.loads("{" + hang_up(agent, says="reread"))["file"], str(settings.path))
            agent.next_round()
            self.assertTrue(agent.metrics().has("tidewait_listener_info"))
            self.assertIn("performed", {bind["how"] for bind in agent.verdict(8001)["binds"]})

    def test_without_watching_listeners_new_ones_are_not_tracked(self):
        settings = self.settings()
        with agent_of(settings) as agent:
            settings.write(*QUICK, "watch-listeners: false")
            hang_up(agent, says=REREAD)
            self.addCleanup(sockets.listener("127.0.0.1", 7001).close)
            agent.next_round()
            self.assertNotIn(7001, ports_of(agent))


class Refused(unittest.TestCase):
    def check_kept(self, agent, settings, says):
        """What the file says now is refused with this reason, and nothing of it is in force."""
        before = agent.metrics()
        ports = ports_of(agent)
        hang_up(agent, says=rf"configuration refused\W.*{says}.*former one")
        agent.next_round()
        after = agent.metrics()
        self.assertEqual(ports_of(agent), ports)
        self.assertEqual(after.value(SUCCESSFUL), 0)
        self.assertEqual(after.value(SUCCEEDED_AT), before.value(SUCCEEDED_AT))

    def check_mended(self, agent):
        """The file is right again."""
        before = agent.metrics()
        hang_up(agent, says=REREAD)
        agent.next_round()
        after = agent.metrics()
        self.assertEqual(after.value(SUCCESSFUL), 1)
        self.assertGreater(after.value(SUCCEEDED_AT), before.value(SUCCEEDED_AT))

    def test_what_takes_a_restart_is_refused_as_a_whole(self):
        right = (*QUICK, "watch: [8001=free]", "watch-listeners: false")
        settings = Settings(self, *right)
        with agent_of(settings) as agent:
            for name, value in FIXED:
                with self.subTest(name=name):
                    settings.write(*right[:2], "watch: [8002]", f"{name}: {value}")
                    self.check_kept(agent, settings, rf"{re.escape(name)} needs a restart to change: nothing was changed")
            settings.write(*right)
            self.check_mended(agent)

    def test_the_listen_address_takes_a_restart(self):
        address = 'web.listen-address: "127.0.0.1:7010"'
        settings = Settings(self, *QUICK, address)
        with agent_of(settings, listen=None) as agent:
            settings.write(*QUICK, 'web.listen-address: ["127.0.0.1:7010", "127.0.0.1:7011"]')
            self.check_kept(agent, settings, "web.listen-address needs a restart to change")
            settings.write(*QUICK, address)
            self.check_mended(agent)

    def test_rights_that_were_given_up_do_not_come_back(self):
        settings = Settings(self, *QUICK, "owners: false", "watch-listeners: false")
        with agent_of(settings) as agent:
            settings.write(*QUICK, "owners: true", "watch-listeners: false")
            self.check_kept(agent, settings, "owners needs a right that the sandbox gave up at the start: restart")
            settings.write(*QUICK, "owners: false", "watch-listeners: false", "watch: 80")
            self.check_kept(agent, settings, "a test-bind of a privileged port needs a right that the sandbox gave up")
            settings.write(*QUICK, "owners: false", "watch-listeners: false", "watch: 8080")
            self.check_mended(agent)

    def test_a_wrong_file_changes_nothing_and_is_told(self):
        right = (*QUICK, "watch: [8001=free]")
        settings = Settings(self, *right)
        with agent_of(settings) as agent:
            settings.write("interval: 1s", "watch: [8002]", "colour: red")
            self.check_kept(agent, settings, r"tidewait\.yml:3:1: there is no setting .*colour")
            settings.write("interval: 1s", "watch: [8002-8900]")
            self.check_kept(agent, settings, "--max-ports is 256: raise it to 899")
            settings.path.unlink()
            self.check_kept(agent, settings, r"tidewait\.yml: cannot be read: No such file or directory")
            os.mkfifo(settings.path)
            self.check_kept(agent, settings, "is not a regular file")
            settings.path.unlink()
            settings.write(*right)
            self.check_mended(agent)
            kinds = [event["kind"] for event in agent.json("/api/v1/events")["events"]]
            told = [kind for kind in kinds if kind.startswith("config_")]
            self.assertEqual(told, ["config_refused"] * 4 + ["config_reloaded"])

    @unittest.skipIf(os.geteuid() != 0, "only root has files that root does not trust")
    def test_a_file_that_others_can_write_changes_nothing(self):
        settings = Settings(self, *QUICK)
        with agent_of(settings) as agent:
            settings.path.chmod(0o666)
            self.check_kept(agent, settings, "can be written by others than root")
            settings.path.chmod(0o600)
            self.check_mended(agent)


class Without(unittest.TestCase):
    def test_without_a_file_there_is_nothing_to_tell_and_nothing_ends(self):
        with Agent() as agent:
            hang_up(agent, says="configuration reread.* file=none")
            agent.next_round()
            self.assertFalse(agent.metrics().has(SUCCESSFUL))
            self.assertFalse(agent.metrics().has(SUCCEEDED_AT))

    def test_many_signals_at_once_are_no_trouble(self):
        settings = Settings(self, *QUICK)
        with agent_of(settings) as agent:
            for round_ in range(100):
                settings.write(*QUICK, f"log.format: {('json', 'logfmt')[round_ % 2]}")
                agent.process.send_signal(signal.SIGHUP)
                self.assertEqual(agent.get("/metrics").status, 200)
            until(lambda: rereads(agent), "it was read again")
            hang_up(agent, says=REREAD)


class WebConfig(unittest.TestCase):
    """--web.config.file is read again by itself."""

    def setUp(self):
        self.settings = Settings(self, *QUICK, "web.config.file: web.yml")
        self.web = self.settings.room / "web.yml"
        write(self.web, "{}\n")

    def users(self, **passwords):
        """A web.yml with these."""
        lines = (f"  {name}: {bcrypt(password)}" for name, password in passwords.items())
        write(self.web, "\n".join(("basic_auth_users:", *lines)) + "\n")

    @staticmethod
    def status(agent, user, password):
        return agent.get("/healthz", headers=basic(user, password)).status

    def test_users_come_and_go_without_a_signal(self):
        with agent_of(self.settings) as agent:
            self.users(ann="one")
            until(lambda: agent.get("/healthz").status == 401, "a password is asked for")
            self.assertEqual(self.status(agent, "ann", "one"), 200)
            self.users(ann="two")
            until(lambda: self.status(agent, "ann", "two") == 200, "the new password counts")
            self.assertEqual(self.status(agent, "ann", "one"), 401)

    def test_a_wrong_one_is_said_once_and_what_it_protected_stays_protected(self):
        self.users(ann="one")
        with agent_of(self.settings, ready=False) as agent:
            until(lambda: self.status(agent, "ann", "one") == 200, "it serves")
            for text, says in (("", "says nothing"), ("basic_auth_users: [ann]\n", "give names with hashes")):
                count = len(rereads(agent))
                write(self.web, text)
                line = until(lambda seen=count: rereads(agent)[seen:], "the change is noticed")[0]
                self.assertRegex(line, rf"refused.*web\.yml:1:\d+: .*{says}")
                seen = self.rounds(agent)
                until(lambda seen=seen: self.rounds(agent) > seen + 20, "20 rounds later")
                self.assertEqual(len(rereads(agent)), count + 1)
                self.assertEqual(agent.get("/healthz").status, 401)
                self.assertEqual(self.status(agent, "ann", "one"), 200)
            self.users(bob="two")
            until(lambda: self.status(agent, "bob", "two") == 200, "a right one counts")
            self.assertEqual(self.metric(agent, SUCCESSFUL, basic("bob", "two")), 1)

    def rounds(self, agent):
        return self.metric(agent, "tidewait_rounds_total", basic("ann", "one"))

    @staticmethod
    def metric(agent, name, headers):
        body = agent.get("/metrics", headers=headers).body.decode()
        return int(re.search(rf"^{name} (\d+)$", body, re.MULTILINE).group(1))

    def test_another_file_is_taken_on_a_signal(self):
        with agent_of(self.settings) as agent:
            self.web = self.settings.room / "other.yml"
            self.users(ann="one")
            self.settings.write(*QUICK, "web.config.file: other.yml")
            hang_up(agent, says=REREAD)
            self.assertEqual(agent.get("/healthz").status, 401)
            self.settings.write(*QUICK)
            hang_up(agent, says=REREAD)
            self.assertEqual(agent.get("/healthz").status, 200)

    def test_a_signal_with_a_wrong_web_config_changes_nothing_at_all(self):
        with agent_of(self.settings) as agent:
            self.settings.write(*QUICK, "web.config.file: gone.yml", "watch: [8001=free]")
            hang_up(agent, says=r"refused.*gone\.yml: cannot be read")
            agent.next_round()
            self.assertNotIn(8001, ports_of(agent))
            self.assertEqual(agent.get("/healthz").status, 200)


if __name__ == "__main__":
    main()

"""--config.file and --check-config: what is right is taken, what is wrong is refused where it stands, and no file can
keep the agent waiting or speak for somebody else."""

import os
import pathlib
import re
import unittest

from lab.agent import Agent, run
from lab.nobody import Nobody
from lab.settings import Settings
from lab.suite import main

EXAMPLE = pathlib.Path(__file__).parents[2] / "deploy" / "tidewait.yml"

# What stands in the file, and what is said of it after its name.
WRONG = (
    ("intervall: 5s", '1:1: there is no setting "intervall": did you mean interval?'),
    ("log:\n  levl: info", '2:3: there is no setting "log.levl": did you mean log.level?'),
    ("interval: 5s\ninterval: 6s", '2:1: "interval" stands on line 1 already: give it once'),
    ("log.level: info\nlog: {level: warn}", "2:7: log.level stands on line 1 already: give it once"),
    ("interval: 5", '1:11: interval: "5" is not a duration: give one as in 500ms, 5s or 1m'),
    ("interval: [5s]", "1:11: interval: give one DURATION"),
    ("owners: yes", '1:9: owners: "yes" is neither true nor false'),
    ("owners: \"true\"", "1:9: owners: give true or false without quotes"),
    ("watch:\n  - 8080=open", '2:5: watch: "open" can be expected of no port: give 8080=listening or 8080=free'),
    ("watch: {8080: free}", "1:8: watch: give one ENDPOINT[=listening|=free]"),
    ("config.file: a.yml", "1:1: config.file says what to do with this file: give it as a flag"),
    ("interval: &a 5s\nprobe-interval: *a", "1:11: an anchor (&name) is not taken: write the value itself, a text in quotes"),
    ("--- {}\n--- {}", "2:5: a second document: leave out what follows ---"),
    ("watch: *:80", "1:9: not YAML: while scanning an alias: did not find expected alphabetic or numeric character; if "
                    "it is a text, put it in quotes"),
)


class Content(unittest.TestCase):
    def test_what_is_wrong_is_refused_word_for_word(self):
        for text, says in WRONG:
            with self.subTest(text=text):
                settings = Settings(self, text)
                outcome = run("serve", "--check-config", settings.flag)
                self.assertEqual(outcome, (2, "", f"tidewait: {settings.path}:{says}\n"))
                self.assertEqual(run("serve", settings.flag), outcome)

    def test_bytes_that_are_no_text_are_refused_with_their_place(self):
        settings = Settings(self)
        settings.path.write_bytes(b"interval: 5s\nuser: \xff\n")
        outcome = run("serve", "--check-config", settings.flag)
        self.assertEqual(outcome.code, 2)
        self.assertIn(f"{settings.path}:2:7: invalid leading UTF-8 octet: the file must be text in UTF-8", outcome.err)

    def test_a_check_says_what_it_has_checked(self):
        settings = Settings(self, "web.config.file: web.yml")
        (settings.room / "web.yml").write_text("{}\n", encoding="utf-8")
        outcome = run("serve", "--check-config", settings.flag)
        self.assertEqual(outcome, (0, f"the settings are right\n{settings.path} is right\n"
                                      f"{settings.room}/web.yml is right\n", ""))

    def test_a_check_looks_into_the_web_config_file_too(self):
        settings = Settings(self, "web.config.file: web.yml")
        (settings.room / "web.yml").write_text("basic_auth_users: [bob]\n", encoding="utf-8")
        outcome = run("serve", "--check-config", settings.flag)
        self.assertEqual(outcome.code, 2)
        self.assertRegex(outcome.err, rf"\Atidewait: {settings.room}/web.yml:1:19: basic_auth_users: give names[^\n]*\n\Z")

    def test_a_flag_beats_the_environment_which_beats_the_file(self):
        settings = Settings(self, "watch: [8001]", "watch-listeners: false", "max-ports: 10", "interval: 20s",
                            "cpu-budget: 100%")
        with Agent(settings.flag, "--interval=7s", quick=False, env={"TIDEWAIT_WATCH": "8002,8003"}) as agent:
            ports = agent.json("/api/v1/ports")["ports"]
            self.assertEqual(agent.metrics().value("tidewait_interval_seconds"), 7)
        self.assertEqual([port["endpoint"]["port"] for port in ports], [8002, 8003])


class Example(unittest.TestCase):
    """The file that is shipped."""

    @classmethod
    def setUpClass(cls):
        cls.text = EXAMPLE.read_text(encoding="utf-8")
        # What stands right behind the # is a setting; a sentence begins with a space.
        cls.settings = re.sub(r"^#(?=[^ \n]|  - )", "", cls.text, flags=re.MULTILINE)

    def check(self, text):
        settings = Settings(self, text)
        (settings.room / "web-config.yml").write_text("{}\n", encoding="utf-8")
        self.assertEqual(run("serve", "--check-config", settings.flag).err, "")

    def test_it_is_right_as_it_is_and_with_everything_in_it_in_force(self):
        self.check(self.text)
        self.check(self.settings)

    def test_it_has_every_setting_with_its_default(self):
        shown = re.findall(r"^  --(?:\[no-\])?(\S+).*\n +(.*)", run("help", "serve").out, re.MULTILINE)
        self.assertGreater(len(shown), 15)
        lines = self.settings.splitlines()
        for name, meaning in shown:
            if name in ("config.file", "check-config"):
                continue
            with self.subTest(name=name):
                line = next(line for line in lines if line.startswith(f"{name}:"))
                default = re.search(r"\(default (.*)\)", meaning)
                if default:
                    self.assertEqual(line.partition(":")[2].strip(' []"'), default.group(1))


@unittest.skipIf(os.geteuid() != 0, "only root has files that root does not trust")
class Trust(unittest.TestCase):
    """As root, which must not do what somebody else has written."""

    def check(self, path, says):
        for flag in (f"--config.file={path}", f"--web.config.file={path}"):
            outcome = run("serve", "--check-config", flag, seconds=10)
            self.assertEqual(outcome, (2, "", f"tidewait: {path}: {says}\n"))

    def test_a_link_is_followed_to_the_file_itself(self):
        settings = Settings(self, "{}")
        link = settings.room / "link.yml"
        link.symlink_to("tidewait.yml")
        for flag in ("--config.file", "--web.config.file"):
            self.assertEqual(run("serve", "--check-config", f"{flag}={link}").code, 0)
        settings.path.chmod(0o666)
        self.check(link, "can be written by others than root, who reads it: chmod go-w")

    def test_what_others_can_write_is_refused(self):
        settings = Settings(self, "{}")
        for mode in (0o666, 0o620, 0o602):
            settings.path.chmod(mode)
            self.check(settings.path, "can be written by others than root, who reads it: chmod go-w")
        settings.path.chmod(0o644)
        os.chown(settings.path, 65534, -1)
        self.check(settings.path, "belongs to user 65534, and root reads it: chown root")

    def test_what_is_no_ordinary_file_is_refused_at_once(self):
        settings = Settings(self)
        self.check(settings.room, "is a directory: give a file")
        self.check(settings.room / "gone.yml", "cannot be read: No such file or directory")
        os.mkfifo(settings.room / "fifo")
        self.check(settings.room / "fifo", "is not a regular file: give one")
        self.check("/dev/zero", "is not a regular file: give one")

    def test_a_file_of_a_gibibyte_is_not_even_read(self):
        settings = Settings(self)
        os.truncate(settings.path, 1 << 30)
        self.check(settings.path, "is larger than 1024 KiB: give a smaller file")


class AsAnybody(unittest.TestCase):
    def test_whoever_is_not_root_may_keep_the_file_as_he_likes(self):
        nobody = Nobody(type(self))
        settings = Settings(self, "interval: 5s")
        settings.room.chmod(0o755)
        settings.path.chmod(0o666)
        self.assertEqual(nobody.run("serve", "--check-config", settings.flag).code, 0)
        settings.path.chmod(0o600)
        if os.geteuid() == 0:
            self.assertRegex(nobody.run("serve", "--check-config", settings.flag).err, "cannot be read: Permission denied")


if __name__ == "__main__":
    main()

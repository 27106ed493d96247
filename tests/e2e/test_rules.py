"""Alerts and recording rules: promtool takes them, its tests see each alert fire, and see that its time matters."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from lab.suite import main

DASHBOARDS = pathlib.Path(__file__).parents[2] / "dashboards"
RULES = DASHBOARDS / "prometheus"
CHANGED = """
((import '%s') + { _config+:: { pending: std.mapWithKey(function(name, time) '%s', super.pending) } }).prometheusAlerts
"""


def promtool(*arguments, **options):
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False, **options)


@unittest.skipUnless(shutil.which("promtool"), "Debian's prometheus is not installed")
class Rules(unittest.TestCase):
    def alerts(self):
        return re.findall(r'alert: "?(\w+)', (RULES / "alerts.yml").read_text(encoding="utf-8"))

    def test_they_are_right(self):
        for name in ("alerts.yml", "rules.yml"):
            done = promtool("check", "rules", RULES / name)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_they_do_what_their_tests_say(self):
        done = promtool("test", "rules", *sorted(RULES.glob("tests/*.yml")))
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_each_alert_is_tested_and_has_a_page(self):
        tests = "".join(path.read_text(encoding="utf-8") for path in RULES.glob("tests/*.yml"))
        for name in self.alerts():
            self.assertRegex(tests, rf"alertname: {name}\n +eval_time: \w+\n +exp_alerts:\n", name)
            self.assertIn(f"{{alertname: {name}, eval_time:", tests)
        self.assertEqual({path.stem for path in DASHBOARDS.glob("runbooks/*.md")}, set(self.alerts()))

    @unittest.skipUnless(shutil.which("jsonnet"), "Debian's jsonnet is not installed")
    def test_an_alert_that_waits_less_or_more_fails_its_tests(self):
        for pending in ("0s", "40m"):
            changed = subprocess.run(["jsonnet", "-"], input=CHANGED % (DASHBOARDS / "mixin.libsonnet", pending),
                                     capture_output=True, text=True, check=True).stdout
            with self.subTest(pending=pending), tempfile.TemporaryDirectory() as room:
                shutil.copytree(RULES / "tests", pathlib.Path(room, "tests"))
                pathlib.Path(room, "alerts.yml").write_text(changed, encoding="utf-8")
                shutil.copy(RULES / "rules.yml", room)
                done = promtool("test", "rules", *sorted(pathlib.Path(room).glob("tests/*.yml")))
                failed = re.findall(r"alertname: ?(\w+)", done.stdout + done.stderr)
                self.assertEqual(set(failed), set(self.alerts()))


if __name__ == "__main__":
    main()

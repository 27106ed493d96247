"""The dashboards as files: Grafana's own types allow them, they keep the linter's rules, and no metric is left out."""

import copy
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from lab import dashboards, suite
from lab.colours import likeness
from lab.typescript import type_errors

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TYPES = SOURCE / "tests" / "e2e" / "types" / "dashboard.ts"
# What two colours of one panel must differ by, however they are seen (CIE 1976; 2 is just noticeable side by side).
APART = 15


def typed(dashboard):
    """As TypeScript: a value that must be a dashboard."""
    return f"import type {{ Dashboard }} from './dashboard.js';\nconst it: Dashboard = {json.dumps(dashboard)};\n"


def table_of_metrics():
    """{name: type} of everything that the agent can say."""
    text = (SOURCE / "agent" / "render" / "metric_table.h").read_text(encoding="utf-8")
    return dict(re.findall(r'\bX\(\w+, "(\w+)", (\w+),', text))


def metrics_of(dashboard):
    """The metrics that its queries name; a histogram's without the suffix."""
    named = {metric for _, target in dashboards.expressions(dashboard)
             for metric, _ in dashboards.selectors(target["expr"])}
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in named}


def colours_of(panel):
    """Those that a panel's fields, words and thresholds name."""
    return set(re.findall(r'"(#[0-9A-F]{6})"', json.dumps(panel.get("fieldConfig", {}))))


class Dashboards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dashboards = dashboards.load()
        cls.uids = {dashboard["uid"] for dashboard in cls.dashboards.values()}
        cls.overview = cls.dashboards["tidewait-overview.json"]

    def test_grafanas_types_allow_them(self):
        sources = {name.replace(".json", ".ts"): typed(dashboard) for name, dashboard in self.dashboards.items()}
        self.assertEqual(type_errors({"dashboard.ts": TYPES.read_text(encoding="utf-8"), **sources}), [])

    def test_a_field_or_a_value_that_grafana_does_not_know_is_noticed(self):
        text = json.dumps(self.overview)
        planted = (('"unit": "cps"', '"unti": "cps"'), ('"displayMode": "list"', '"displayMode": "lsit"'),
                   ('"cellHeight": "sm"', '"cellHieght": "sm"'), ('"legendFormat"', '"legendFromat"'),
                   ('"refresh": 2', '"refresh": "2"'), ('"id": "custom.cellOptions"', '"id": "custom.cellOption"'))
        sources = {"dashboard.ts": TYPES.read_text(encoding="utf-8")}
        for i, (right, wrong) in enumerate(planted):
            self.assertTrue(right in text, right)
            sources[f"planted{i}.ts"] = typed(json.loads(text.replace(right, wrong)))
        wrong_files = {line.partition("(")[0] for line in type_errors(sources)}
        self.assertEqual(wrong_files, {name for name in sources if name.startswith("planted")})

    def test_they_keep_the_rules(self):
        self.assertEqual(len(self.uids), len(self.dashboards))
        for name, dashboard in self.dashboards.items():
            self.assertEqual(dashboards.faults(dashboard, self.uids), [], name)

    def test_each_broken_rule_is_noticed(self):
        def break_panel(change):
            def planted(dashboard):
                change(dashboards.panels(dashboard)[0])
            return planted

        def break_query(old, new):
            def planted(dashboard):
                dashboard["panels"] = json.loads(json.dumps(dashboard["panels"]).replace(old, new))
            return planted

        breaks = {
            "overlaps": break_panel(lambda panel: panel["gridPos"].update(w=4)),
            "outside of the 24 columns": break_panel(lambda panel: panel["gridPos"].update(w=25)),
            "two panels of one id": break_panel(lambda panel: panel.update(id=2 + panel["id"])),
            "two panels of one title": break_panel(lambda panel: panel.update(title="Ports")),
            "no sentence": break_panel(lambda panel: panel.update(description="")),
            "the unit furlongs": break_panel(lambda panel: panel["fieldConfig"]["defaults"].update(unit="furlongs")),
            "two of one refId": break_panel(lambda panel: panel["targets"].append(panel["targets"][0])),
            "not the variable": break_panel(lambda panel: panel["datasource"].update(uid="mine")),
            "without instance=~": break_query('instance=~\\"$instance\\"', 'instance!=\\"\\"'),
            "up without job=~": break_query("sum(1 - up{", "sum(up) + sum(1 - up{"),
            "over 5m": break_query("[$__rate_interval]", "[5m]"),
            "is a counter": break_query("rate(tidewait_listen_drops", "deriv(tidewait_listen_drops"),
            "a link to nowhere": break_query("/d/tidewait-port", "/d/tidewait-prot"),
            "is no variable": break_query("$netns", "$namespace"),
            "the variable spare is not used": lambda dashboard: dashboard["templating"]["list"].append(
                {**dashboard["templating"]["list"][1], "name": "spare"}),
            "for several": lambda dashboard: dashboard["templating"]["list"][2].update(multi=False),
            "asked again": lambda dashboard: dashboard["templating"]["list"][1].update(refresh=1),
            "no variable datasource": lambda dashboard: dashboard["templating"]["list"][0].update(type="custom"),
            "its uid": lambda dashboard: dashboard.update(uid="x" * 41),
            "editable": lambda dashboard: dashboard.update(editable=True),
        }
        for fault, plant in breaks.items():
            with self.subTest(fault):
                planted = copy.deepcopy(self.overview)
                plant(planted)
                self.assertIn(fault, "\n".join(dashboards.faults(planted, self.uids)))

    def test_prometheus_reads_every_query(self):
        if shutil.which("promtool") is None:
            self.skipTest("Debian's prometheus is not installed")
        queries = [target["expr"].replace("$__rate_interval", "1m") for dashboard in self.dashboards.values()
                   for _, target in dashboards.expressions(dashboard)]
        self.assertEqual(self.checked(queries), 0)
        self.assertNotEqual(self.checked([queries[0] + ")"]), 0)

    def checked(self, queries):
        """The exit code of promtool for rules of these queries."""
        rules = [{"record": f"query:{i}", "expr": query} for i, query in enumerate(queries)]
        with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
            json.dump({"groups": [{"name": "dashboards", "rules": rules}]}, file)
            file.flush()
            command = ["promtool", "check", "rules", file.name]
            return subprocess.run(command, capture_output=True, check=False).returncode

    def test_every_metric_is_on_a_dashboard_and_no_other(self):
        ours = set(table_of_metrics())
        self.assertGreater(len(ours), 40)
        shown = set().union(*(metrics_of(dashboard) for dashboard in self.dashboards.values()))
        self.assertEqual({name for name in shown if not name.startswith("node_")} - {"up"}, ours)

    def test_the_readme_says_of_every_panel_what_it_asks(self):
        sections = re.split(r"^#+ ", (SOURCE / "dashboards" / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
        for dashboard in self.dashboards.values():
            section = next(section for section in sections if section.startswith(f"{dashboard['title']}:"))
            rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", section, re.MULTILINE)[1:]
            said = {panel: set(re.findall(r"`(\w+)`", metrics)) for panel, question, metrics in rows}
            asked = {panel["title"]: {metric.removeprefix("tidewait_") for metric in metrics_of({"panels": [panel]})
                                      if not metric.startswith("node_")} for panel in dashboards.panels(dashboard)}
            self.assertEqual(said, asked, dashboard["title"])

    def test_colours_are_told_apart_by_everybody(self):
        for dashboard in self.dashboards.values():
            for panel in dashboard["panels"]:
                self.assertGreater(likeness(colours_of(panel)), APART, panel["title"])

    def test_red_and_green_are_noticed(self):
        self.assertLess(likeness({"#C8500A", "#6E8C0A"}), APART)


if __name__ == "__main__":
    suite.main()

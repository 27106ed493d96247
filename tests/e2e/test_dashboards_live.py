"""Each query of each dashboard, asked of a real Prometheus that scrapes a real agent and a node_exporter under load."""

import contextlib
import copy
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from lab import dashboards, harbour, sockets, suite
from lab.grafana import Viewer
from lab.monitoring import AGENT_PORT, Host, Prometheus, scraping
from lab.namespaces import Namespace
from lab.waiting import until

UNSAFE, FULL, NODE_PORT = 8500, 8600, 10100
# An agent that is down.
NOBODY = "127.0.0.1:1"
# Of the harbour's 200 ephemeral ports; most of them are taken.
EXPOSED = 40100, 40109
FLAGS = ("--cpu-budget=100%", "--netns=self", f"--watch={harbour.REUSABLE}", f"--watch={harbour.OUTGOING}",
         f"--watch={harbour.BOUND}", f"--watch={harbour.MISSING}=listening", f"--watch={harbour.HELD}=free",
         "--watch={}-{}".format(*EXPOSED))
NODE_FLAGS = ("--collector.disable-defaults", "--collector.sockstat", "--collector.netstat", "--log.level=error")
# How far back each panel looks, in seconds.
WINDOW = 30
# When all of this is so, Prometheus has seen the whole load.
SEEN = (f'tidewait_port_blocked{{port="{harbour.HELD}", cause="time_wait"}} == 1',
        f'tidewait_listener_restart_safe{{port="{UNSAFE}"}} == 0',
        f"rate(tidewait_listen_overflows_total[{WINDOW}s]) > 0",
        f"rate(node_netstat_TcpExt_ListenOverflows[{WINDOW}s]) > 0",
        f'rate(tidewait_port_time_wait_entered_total{{port="{harbour.HELD}"}}[{WINDOW}s]) > 0',
        f'rate(tidewait_http_rejected_total{{reason="method"}}[{WINDOW}s]) > 0',
        f"rate(tidewait_destination_time_wait_entered_total[{WINDOW}s])")
# No port is everything at a time: these are looked at in turn.
PORTS = (harbour.HELD, harbour.DATABASE, UNSAFE, EXPOSED[0])
# What is 0 in this world, and why that is right.
CALM = {
    "TIME_WAIT entered towards each destination": "the connections to the destination stay open",
}
COMPARED = ("TIME_WAIT", "Established connections", "UDP sockets", "Handshakes dropped: accept queue full",
            "Handshakes dropped for any reason")


@contextlib.contextmanager
def load():
    """The harbour's incident, a full accept queue, and a server that would not restart."""
    with contextlib.ExitStack() as scene:
        scene.enter_context(sockets.listener("127.0.0.1", UNSAFE))
        for kept in sockets.unanswered_syn("127.0.0.1", FULL):
            scene.enter_context(kept)
        scene.enter_context(harbour.incident())
        yield


@contextlib.contextmanager
def there(namespace, context):
    """A context whose beginning and end are in the namespace, and what is between them is here."""
    with contextlib.ExitStack() as scene:
        with namespace.inside():
            scene.enter_context(context)
        try:
            yield
        finally:
            with namespace.inside():
                scene.close()


@contextlib.contextmanager
def node_exporter(host):
    """Beside the agent. Yields its instance."""
    program = "prometheus-node-exporter"
    if shutil.which(program) is None:
        raise unittest.SkipTest(f"Debian's {program} is not installed")
    instance = host.instance.replace(str(AGENT_PORT), str(NODE_PORT))
    with host.namespace.inside():
        process = subprocess.Popen([program, f"--web.listen-address={instance}", *NODE_FLAGS], stdin=subprocess.DEVNULL)
    try:
        yield instance
    finally:
        process.terminate()
        process.wait()


class Dashboards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dashboards = dashboards.load()
        configuration = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()), "tidewait.yml")
        configuration.write_text("history: 1h\n", encoding="utf-8")
        cls.other = cls.enterClassContext(contextlib.closing(Namespace()))
        flags = (*FLAGS, f"--netns={cls.other.path}", f"--config.file={configuration}")
        cls.host = cls.enterClassContext(Host(*flags))
        node = cls.enterClassContext(node_exporter(cls.host))
        jobs = {"tidewait": [cls.host.instance, NOBODY], "node": [node]}
        cls.prometheus = cls.enterClassContext(Prometheus(scraping(jobs)))
        for metric in ("tidewait_rounds_total", "node_netstat_TcpExt_ListenOverflows"):
            until(lambda: cls.prometheus.query(f"rate({metric}[{WINDOW}s])"), f"{metric} was scraped twice")
        cls.enterClassContext(there(cls.host.namespace, load()))
        cls.host.agent.get("/metrics", method="POST")
        # What the agent has closed and we have not would be a FIN_WAIT2, which node_exporter counts as a TIME_WAIT.
        cls.host.agent.hang_up()
        for expression in SEEN:
            until(lambda: cls.prometheus.query(expression), expression)
        cls.moment = time.time()

    def viewer(self, dashboard, **chosen):
        """Of this dashboard at the moment when all was seen."""
        return Viewer(self.prometheus, self.moment, WINDOW, **chosen).open(dashboard)

    def views(self, name):
        """One for each choice that must be looked at to see everything."""
        choices = [{"port": str(port)} for port in PORTS] if name == "tidewait-port.json" else [{}]
        return [self.viewer(self.dashboards[name], **choice) for choice in choices]

    def test_every_query_shows_something(self):
        for name, dashboard in self.dashboards.items():
            silent = [set(view.silent(dashboard)) for view in self.views(name)]
            self.assertEqual(set.intersection(*silent), set(), name)

    def test_no_panel_shows_zeros_only(self):
        zero = set()
        for name, dashboard in self.dashboards.items():
            # In a table the rows are what is shown.
            for panel in (panel for panel in dashboards.panels(dashboard) if panel["type"] != "table"):
                if not any(any(view.numbers(target)) for view in self.views(name) for target in panel["targets"]):
                    zero.add(panel["title"])
        self.assertEqual(zero, set(CALM))

    def test_the_queries_of_a_table_have_rows_in_common(self):
        for name, dashboard in self.dashboards.items():
            for panel in (panel for panel in dashboards.panels(dashboard) if panel["type"] == "table"):
                for view in self.views(name):
                    first, *others = (view.rows(target) for target in panel["targets"])
                    for row in (row for rows in others for row in rows):
                        merged = [one for one in first if self.are_merged(one, row)]
                        self.assertEqual((len(merged), "__name__" in row), (1, False), f"{panel['title']}: {row}")

    def are_merged(self, one, other):
        """Grafana makes one row of two that agree in each column that both have; a name would be one more."""
        return all(one[column] == other[column] for column in one.keys() & other.keys())

    def test_the_agents_own_namespace_can_be_chosen_and_another(self):
        dashboard = self.dashboards["tidewait-agent.json"]
        of_each_namespace = {"expr": 'tidewait_ephemeral_ports{netns=~"$netns"}', "instant": True}
        offered = self.viewer(dashboard).options("netns")
        self.assertEqual(set(offered), {"all", "own", self.other.name})
        seen = {choice: self.viewer(dashboard, netns=choice).numbers(of_each_namespace) for choice in offered}
        own = harbour.EPHEMERAL[1] - harbour.EPHEMERAL[0] + 1
        self.assertEqual(seen["own"], [own])
        self.assertNotIn(own, seen[self.other.name])
        self.assertEqual(sorted(seen["all"]), sorted(seen["own"] + seen[self.other.name]))

    def test_node_exporter_agrees(self):
        dashboard = self.dashboards["tidewait-node_exporter.json"]
        for title in COMPARED:
            # Of a rate the counter, which does not depend on when each was scraped.
            targets = [{"expr": re.sub(r"rate\((.+)\[.+?\]\)", r"\1", target["expr"]), "instant": True}
                       for panel, target in dashboards.expressions(dashboard) if panel == title]

            def both():
                view = Viewer(self.prometheus, time.time(), WINDOW).open(dashboard)
                ours, theirs = map(view.numbers, targets)
                return ours == theirs and ours

            until(both, f"{title}: tidewait and node_exporter say the same")

    def test_a_metric_that_is_not_there_is_noticed(self):
        planted = copy.deepcopy(self.dashboards["tidewait-overview.json"])
        target = dashboards.panels(planted)[0]["targets"][0]
        target["expr"] = target["expr"].replace("tidewait_port_blocked", "tidewait_ports_blocked")
        found = self.viewer(planted).silent(planted)
        self.assertEqual([fault for fault in found if "tidewait_ports_blocked" in fault], found)
        self.assertEqual(len(found), 1)

    def test_a_variable_without_values_is_noticed(self):
        planted = copy.deepcopy(self.dashboards["tidewait-port.json"])
        port = next(variable for variable in planted["templating"]["list"] if variable["name"] == "port")
        port["query"]["query"] = port["query"]["query"].replace("tidewait_port_sockets", "tidewait_ports")
        with self.assertRaisesRegex(AssertionError, "the variable port has no values"):
            self.viewer(planted)


if __name__ == "__main__":
    suite.main()

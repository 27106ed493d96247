"""The alerts that we ship, in seconds instead of minutes; and a host on which none of them may fire."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from lab.monitoring import Alertmanager, Host, Prometheus, scraping
from lab.waiting import until

_MIXIN = pathlib.Path(__file__).parents[3] / "dashboards/mixin.libsonnet"
# Expressions and thresholds are those that we ship. Only the times are short, so that a suite can see alerts fire and
# resolve; promtool tests the real ones.
_QUICK = """
local mixin = (import '%s') + {
  _config+:: {
    staleClockSeconds: 2,
    window: std.mapWithKey(function(name, time) if name == 'predictionStep' then '1s' else '10s', super.window),
    pending: std.mapWithKey(function(name, time) '3s', super.pending),
  },
};
mixin.prometheusAlerts
"""
CALM_PORT = 8000
_MAKE_TIME_WAIT = os.environ["MAKE_TIME_WAIT"]


def quick_alerts():
    """As JSON, which is YAML, too."""
    if shutil.which("jsonnet") is None:
        raise unittest.SkipTest("Debian's jsonnet is not installed")
    done = subprocess.run(["jsonnet", "-"], input=_QUICK % _MIXIN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Watch:
    """Prometheus scrapes these hosts, with the quick alerts, and tells Alertmanager. Remembers what has fired."""

    def __init__(self, stack, hosts):
        room = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        rules = room / "alerts.yml"
        rules.write_text(quick_alerts(), encoding="utf-8")
        self.alertmanager = stack.enter_context(Alertmanager())
        targets = {"tidewait": [host.instance for host in hosts]}
        self.prometheus = stack.enter_context(Prometheus(scraping(targets, [rules], self.alertmanager)))
        until(lambda: len(self.prometheus.query("tidewait_rounds_total > 0")) == len(hosts), "every agent is scraped")

    def firing(self):
        """What Alertmanager has now: (name, instance, the port that it is about)."""
        return {(labels["alertname"], labels["instance"], labels.get("destination_port", labels.get("port", "")))
                for labels in (alert["labels"] for alert in self.alertmanager.alerts())}

    def ever_fired(self, instance):
        """Names of the alerts that Prometheus saw fire there within its life."""
        found = self.prometheus.query(f'count_over_time(ALERTS{{instance="{instance}", alertstate="firing"}}[1h])')
        return sorted({series["metric"]["alertname"] for series in found})


def calm_host():
    """Its ports are as they are expected to be."""
    return Host(f"--watch={CALM_PORT}=listening", "--watch=9000=free")


@contextlib.contextmanager
def harmless_time_waits(host, count, rate=None):
    """A server with SO_REUSEADDR that keeps on listening has closed so many connections. rate: so many a second."""
    pace = [f"--rate={rate}"] if rate else []
    command = [_MAKE_TIME_WAIT, "--reuseaddr", "--stay", *pace, "0.0.0.0", str(CALM_PORT), str(count), "127.0.0.1"]
    with host.namespace.inside():
        maker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with maker:
        yield maker.stdout
        maker.stdin.close()
        assert maker.wait(30) == 0


def time_waits(watch, host):
    """As many as Prometheus has of the host."""
    found = watch.prometheus.query(f'sum(tidewait_sockets{{instance="{host.instance}", state="time_wait"}})')
    return float(found[0]["value"][1]) if found else 0

"""The Compose file as it stands, run by docker-compose against podman; its bridge is in the network of the test."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.request

import standins
from lab.containers import Engine
from lab.suite import main
from lab.waiting import until
from shipped import IMAGE, SOURCE

FILE = SOURCE / "deploy/compose/compose.yaml"
AGENT, PROMETHEUS, GRAFANA = (f"http://127.0.0.1:{port}" for port in (10098, 9090, 3000))
TOOLS = {"docker-compose": "docker-compose", "iptables": "iptables", "catatonit": "catatonit"}
NETWORK_TOOLS = {"/usr/lib/podman/netavark": "netavark", "/usr/lib/podman/aardvark-dns": "aardvark-dns"}
# Prometheus scrapes and evaluates each 15 s.
SECONDS = 60


def get(url):
    """The body of an answer; None while there is none."""
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read()
    return None


def ask_prometheus(path):
    """The data of an answer; None while there is none."""
    body = get(f"{PROMETHEUS}/api/v1/{path}")
    return body and json.loads(body)["data"]


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
        missing += [package for tool, package in NETWORK_TOOLS.items() if not os.access(tool, os.X_OK)]
        if missing:
            raise unittest.SkipTest(f"missing: apt-get install {' '.join(missing)}")
        cls.engine = Engine()
        assert cls.engine.has_image(IMAGE), "deploy/image makes the image"
        for need in (standins.need_busybox, standins.need_prometheus, standins.need_grafana):
            need(cls.engine)
        cls.start_service()
        # "down" is for docker: podman removes no container while another one shares its network.
        cls.addClassCleanup(cls.engine.clear)
        cls.compose("up", "--detach", "--no-build")

    @classmethod
    def start_service(cls):
        """podman, listening where docker would."""
        room = tempfile.TemporaryDirectory(prefix="tidewait-")
        cls.addClassCleanup(room.cleanup)
        path = pathlib.Path(room.name, "docker.sock")
        service = subprocess.Popen(["podman", "system", "service", "--time=0", f"unix://{path}"],
                                   env=cls.engine.environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(service.wait)
        cls.addClassCleanup(service.terminate)
        cls.environment = {**os.environ, "DOCKER_HOST": f"unix://{path}", "COMPOSE_PROJECT_NAME": "tidewait"}
        until(path.exists, "podman listens")

    @classmethod
    def compose(cls, *arguments):
        """docker-compose, with our file."""
        done = subprocess.run(["docker-compose", "--file", FILE, *arguments], env=cls.environment, timeout=180,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def test_the_agent_sees_the_service(self):
        until(lambda: get(f"{AGENT}/readyz"), "the agent is ready", SECONDS)
        port = json.loads(get(f"{AGENT}/api/v1/ports/8080"))
        self.assertEqual((port["verdict"], port["cause"], port["expected"]), ("held", "listener", "listening"))

    def test_prometheus_has_our_target_and_our_rules(self):
        def targets():
            known = ask_prometheus("targets")
            return known and [(target["labels"], target["health"]) for target in known["activeTargets"]]

        def rules():
            groups = ask_prometheus("rules")
            return groups and [rule for group in groups["groups"] for rule in group["rules"]]

        agent = {"instance": "web:10098", "job": "tidewait"}
        until(lambda: targets() == [(agent, "up")], "the target is up", SECONDS)
        until(lambda: {rule["health"] for rule in rules()} == {"ok"}, "every rule was evaluated", SECONDS)
        self.assertEqual({rule["type"] for rule in rules()}, {"alerting", "recording"})
        written = sum((SOURCE / "dashboards/prometheus" / name).read_text(encoding="utf-8").count("expr:")
                      for name in ("alerts.yml", "rules.yml"))
        self.assertEqual(len(rules()), written)
        expected = ask_prometheus('query?query=tidewait_port_expected{port="8080",expect="listening"}')["result"]
        self.assertEqual([series["value"][1] for series in expected], ["1"])

    def test_grafana_is_given_our_dashboards_and_reaches_prometheus(self):
        for path in (SOURCE / "dashboards/grafana").glob("*.json"):
            given = until(lambda path=path: get(f"{GRAFANA}/dashboards/{path.name}"), path.name)
            self.assertEqual(given, path.read_bytes())
        grafana = ("exec", "tidewait_grafana_1")
        for place in ("datasources", "dashboards"):
            said = self.engine.podman(*grafana, "cat", f"/etc/grafana/provisioning/{place}/tidewait.yml")
            self.assertIn("apiVersion: 1", said)
        source = (SOURCE / "deploy/compose/grafana/datasource.yml").read_text(encoding="utf-8")
        url = next(line.split()[1] for line in source.splitlines() if line.strip().startswith("url:"))
        until(lambda: self.engine.try_podman(*grafana, "wget", "-q", "-O", "-", f"{url}/-/ready").code == 0,
              "Prometheus answers under the name that Grafana has for it")


if __name__ == "__main__":
    main()

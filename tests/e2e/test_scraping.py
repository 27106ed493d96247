"""The scrape configurations that we ship: each is right, and those that can be run here find real agents."""

import contextlib
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from lab.agent import Agent
from lab.monitoring import Prometheus
from lab.pki import Certificate, bcrypt
from lab.suite import main
from lab.waiting import until

SHIPPED = pathlib.Path(__file__).parents[2] / "dashboards/prometheus"
# Series of each host at the most that the centre of a fleet gets, here with one expectation.
FLEET_SERIES = 30


class Scraping(unittest.TestCase):
    def setUp(self):
        if shutil.which("prometheus") is None:
            self.skipTest("Debian's prometheus is not installed")
        self.world = contextlib.ExitStack()
        self.addCleanup(self.world.close)
        self.room = pathlib.Path(self.world.enter_context(tempfile.TemporaryDirectory())) / "prometheus"
        shutil.copytree(SHIPPED, self.room)

    def change(self, name, *changes):
        """The shipped configuration with other words, each of which it must have."""
        path = self.room / "scrape" / name
        text = path.read_text(encoding="utf-8")
        for old, new in (("scrape_interval: ", "scrape_interval: 1s # "), *changes):
            self.assertIn(old, text)
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        return path

    def agent(self, *flags, **options):
        """One that listens where it likes; its address."""
        return self.world.enter_context(Agent(*flags, **options)).url.split("/")[2]

    def check(self, path):
        done = subprocess.run(["promtool", "check", "config", path], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def targets_of(self, name, kind, *targets):
        """Addresses and labels that are left of what the service discovery would find: a dict of labels for each."""
        found = "\n".join(f"      - targets: ['{labels.pop('__address__')}']\n        labels: {labels}"
                          for labels in targets)
        path = self.room / "scrape" / name
        text, count = re.subn(rf"    {kind}_sd_configs:\n(      .*\n)+", f"    static_configs:\n{found}\n",
                              path.read_text(encoding="utf-8"))
        self.assertEqual(count, 1)
        path.write_text(text, encoding="utf-8")
        self.check(path)
        server = self.world.enter_context(Prometheus(path))
        return [target["labels"] for target in until(lambda: server.ask("targets")["activeTargets"], "targets")]

    def test_each_is_right(self):
        for name in ("ca", "prometheus"):
            Certificate(self.room / "scrape", name, "ca")
        for path in self.room.glob("scrape/*.yml"):
            # Debian's Prometheus knows no Kubernetes; the rest of that one is checked below.
            if path.name != "kubernetes.yml":
                self.check(path)

    def test_files_are_read_again_when_they_change(self):
        first, second = self.agent(), self.agent()
        listed = self.room / "scrape/targets/hosts.yml"
        listed.write_text(f"- targets: [{first}]\n  labels: {{site: here}}\n", encoding="utf-8")
        server = self.world.enter_context(Prometheus(self.change("files.yml")))
        until(lambda: server.query('up{site="here"} == 1'), "the first is scraped")
        with listed.open("a", encoding="utf-8") as more:
            more.write(f"- targets: [{second}]\n")
        until(lambda: server.query(f'up{{instance="{second}"}} == 1'), "the second, too")

    def test_tls_with_a_password_and_with_a_certificate(self):
        scrape = self.room / "scrape"
        authority = Certificate(scrape, "ca", "ca")
        Certificate(scrape, "localhost", "server", authority)
        Certificate(scrape, "prometheus", "client", authority)
        (scrape / "password").write_text("sesame", encoding="utf-8")
        tls = "tls_server_config:\n  cert_file: localhost.pem\n  key_file: localhost.key\n"
        addresses = []
        for name, more in (("password.yml", f"basic_auth_users:\n  prometheus: {bcrypt('sesame', 10)}\n"),
                           ("certificate.yml",
                            "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n")):
            (self.room / "scrape" / name).write_text(tls + more, encoding="utf-8")
            addresses.append(self.agent(f"--web.config.file={scrape / name}", ready=False))
        path = self.change("secured.yml", ("ports.example.org:10098", addresses[0]),
                           ("vault.example.org:10098", addresses[1]))
        server = self.world.enter_context(Prometheus(path))
        until(lambda: len(server.query('up{job="tidewait"} == 1')) == 2, "both are scraped, and are of one job")

    def test_containers_with_the_label_are_taken_and_at_the_port_that_it_says(self):
        meta = "__meta_docker_container_"
        label = {f"{meta}label_tidewait_port": "10098"}
        left = self.targets_of("docker.yml", "docker",
                               {"__address__": "172.17.0.2:80", f"{meta}name": "/web", **label},
                               {"__address__": "127.0.0.1", f"{meta}name": "/agent", **label},
                               {"__address__": "172.17.0.3:6379", f"{meta}name": "/cache"})
        self.assertEqual({target["instance"]: target["container"] for target in left},
                         {"172.17.0.2:10098": "web", "127.0.0.1:10098": "agent"})

    def test_pods_with_the_annotation_are_taken_at_the_port_that_is_called_tidewait(self):
        meta = "__meta_kubernetes_"
        pod = {f"{meta}namespace": "shop", f"{meta}pod_name": "web-1", f"{meta}pod_node_name": "n1"}
        annotated, port = {f"{meta}pod_annotation_prometheus_io_scrape": "true"}, f"{meta}pod_container_port_name"
        left = self.targets_of("kubernetes.yml", "kubernetes",
                               {"__address__": "10.0.0.1:10098", port: "tidewait", **annotated, **pod},
                               {"__address__": "10.0.0.1:8080", port: "http", **annotated, **pod},
                               {"__address__": "10.0.0.2:10098", port: "tidewait", **pod})
        self.assertEqual(left, [{"instance": "10.0.0.1:10098", "job": "tidewait", "namespace": "shop", "pod": "web-1",
                                 "node": "n1"}])

    def test_the_centre_of_a_fleet_gets_few_series_however_many_ports_there_are(self):
        centre = Prometheus("{}", "--web.enable-remote-write-receiver", address="127.0.0.1:19091")
        self.world.enter_context(centre)
        address = self.agent("--watch=7001=free", "--watch=7100-7199")
        (self.room / "scrape/targets/hosts.yml").write_text(f"- targets: [{address}]\n", encoding="utf-8")
        path = self.change("fleet.yml", ("30s", "1s"), ("https://metrics.example.org", f"http://{centre.address}"))
        site = self.world.enter_context(Prometheus(path))
        until(lambda: centre.query('instance:process_cpu_seconds:rate5m{site="here"}'), "the centre has the last rule")
        unmet = centre.query('instance_expect:tidewait_port_expected:count_unmet{expect="free"} == 0')
        self.assertEqual(len(unmet), 1)
        there, here = (int(server.query('count({__name__!=""})')[0]["value"][1]) for server in (centre, site))
        print(f"{here} series at the site, {there} at the centre")
        self.assertGreater(here, 1000)
        self.assertLessEqual(there, FLEET_SERIES)


if __name__ == "__main__":
    main()

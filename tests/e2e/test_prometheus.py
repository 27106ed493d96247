"""A real Prometheus scrapes the agent by the configuration that we ship, and finds what it should."""

import contextlib
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.request

from lab.agent import OPENMETRICS, Agent
from lab.pki import Certificate, bcrypt
from lab.relay import Relay
from lab.suite import main
from lab.waiting import until

CONFIGURATION = pathlib.Path(__file__).parents[2] / "dashboards/prometheus/scrape.yml"
PROMETHEUS = "127.0.0.1:19090"
DEFAULT_ADDRESS = "127.0.0.1:10098"


def ask(path):
    """What Prometheus answers; None while it does not."""
    try:
        with urllib.request.urlopen(f"http://{PROMETHEUS}{path}", timeout=5) as answer:
            return json.load(answer)["data"]
    except OSError:
        return None


def query(expression):
    """The result of an instant query; None while Prometheus does not answer."""
    data = ask(f"/api/v1/query?query={urllib.request.quote(expression)}")
    return data and data["result"]


@contextlib.contextmanager
def prometheus(target, *settings):
    """It scrapes the target each second, with these settings, and else as the configuration that we ship has it."""
    with tempfile.TemporaryDirectory() as room:
        text = CONFIGURATION.read_text(encoding="utf-8")
        for old, new in (("scrape_interval: 15s", "\n    ".join(("scrape_interval: 1s", *settings))), (DEFAULT_ADDRESS, target)):
            assert old in text, f"the configuration has no {old}"
            text = text.replace(old, new)
        configuration = pathlib.Path(room, "prometheus.yml")
        configuration.write_text(text, encoding="utf-8")
        command = ["prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={room}/data",
                   f"--web.listen-address={PROMETHEUS}", "--log.level=error"]
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            server.terminate()
            server.wait()


@unittest.skipUnless(shutil.which("promtool") and shutil.which("prometheus"), "Debian's prometheus is not installed")
class Prometheus(unittest.TestCase):
    def test_the_configuration_is_right(self):
        done = subprocess.run(["promtool", "check", "config", CONFIGURATION], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_a_scrape_with_tls_and_a_password(self):
        with tempfile.TemporaryDirectory() as room:
            authority = Certificate(room, "ca", "ca")
            Certificate(room, "localhost", "server", authority)
            web = pathlib.Path(room, "web.yml")
            web.write_text("tls_server_config:\n  cert_file: localhost.pem\n  key_file: localhost.key\n"
                           f"basic_auth_users:\n  prometheus: {bcrypt('sesame', 10)}\n", encoding="utf-8")
            subprocess.run(["promtool", "check", "web-config", web], check=True, capture_output=True)
            settings = ("scheme: https", f"tls_config: {{ca_file: {authority.certificate}}}",
                        "basic_auth: {username: prometheus, password: sesame}")
            with Agent(f"--web.config.file={web}", listen=DEFAULT_ADDRESS, ready=False), \
                    prometheus(DEFAULT_ADDRESS, *settings):
                until(lambda: query('up{job="tidewait"} == 1'), "the agent is scraped")
                refused = until(lambda: query('tidewait_http_rejected_total{reason="auth"}'), "what was refused")
                self.assertEqual([series["value"][1] for series in refused], ["0"])

    def test_a_scrape(self):
        with Agent("--watch=7001=listening", listen=DEFAULT_ADDRESS), prometheus(DEFAULT_ADDRESS):
            up = until(lambda: query('up{job="tidewait"} == 1'), "the agent is scraped")
            self.assertEqual(len(up), 1)
            expected = query('tidewait_port_expected{port="7001", expect="listening"} == 1')
            self.assertEqual(len(expected), 1)
            bindable = query('tidewait_port_bindable{port="7001"} == 1')
            self.assertEqual({series["metric"]["reuseaddr"] for series in bindable}, {"true", "false"})
            sums = query("sum(tidewait_port_sockets) - sum(tidewait_sockets)")
            self.assertEqual([series["value"][1] for series in sums], ["0"])

    def test_it_takes_openmetrics_compressed(self):
        with Agent() as agent, Relay(agent) as relay, prometheus(relay.address):
            until(lambda: query("up == 1"), "the agent is scraped")
            types = until(lambda: ask("/api/v1/metadata?metric=tidewait_build"), "the types are known")
            # Two that only OpenMetrics has: a type, and a family named without the suffix of its samples.
            self.assertEqual(types["tidewait_build"][0]["type"], "info")
            self.assertEqual(len(query("tidewait_build_info")), 1)
            self.assertEqual(len(query("tidewait_rounds_total")), 1)
            asked, answered = relay.said[0]
            self.assertTrue(asked["Accept"].startswith("application/openmetrics-text"), asked)
            self.assertEqual(answered["Content-Type"], f"{OPENMETRICS}; charset=utf-8")
            self.assertEqual(answered["Content-Encoding"], "gzip")


if __name__ == "__main__":
    main()

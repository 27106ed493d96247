"""A real Prometheus scrapes the agent by the configuration that we ship, and finds what it should."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.request

from lab.agent import Agent
from lab.suite import main
from lab.waiting import until

CONFIGURATION = pathlib.Path(__file__).parents[2] / "dashboards/prometheus/scrape.yml"
PROMETHEUS = "127.0.0.1:19090"
DEFAULT_ADDRESS = "127.0.0.1:10098"


def query(expression):
    """The result of an instant query; None while Prometheus does not answer."""
    url = f"http://{PROMETHEUS}/api/v1/query?query={urllib.request.quote(expression)}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)["data"]["result"]
    except OSError:
        return None


@unittest.skipUnless(shutil.which("promtool") and shutil.which("prometheus"), "Debian's prometheus is not installed")
class Prometheus(unittest.TestCase):
    def test_the_configuration_is_right(self):
        done = subprocess.run(["promtool", "check", "config", CONFIGURATION], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_a_scrape(self):
        with tempfile.TemporaryDirectory() as room, Agent("--watch=7001=listening", listen=DEFAULT_ADDRESS):
            configuration = pathlib.Path(room, "prometheus.yml")
            text = CONFIGURATION.read_text(encoding="utf-8")
            self.assertIn("scrape_interval: 15s", text)
            configuration.write_text(text.replace("15s", "1s"), encoding="utf-8")
            command = ["prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={room}/data",
                       f"--web.listen-address={PROMETHEUS}", "--log.level=error"]
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                up = until(lambda: query('up{job="tidewait"} == 1'), "the agent is scraped")
                self.assertEqual(len(up), 1)
                expected = query('tidewait_port_expected{port="7001", expect="listening"} == 1')
                self.assertEqual(len(expected), 1)
                bindable = query('tidewait_port_bindable{port="7001"} == 1')
                self.assertEqual({series["metric"]["reuseaddr"] for series in bindable}, {"true", "false"})
                sums = query("sum(tidewait_port_sockets) - sum(tidewait_sockets)")
                self.assertEqual([series["value"][1] for series in sums], ["0"])
            finally:
                server.terminate()
                server.wait()


if __name__ == "__main__":
    main()

"""Debian's Prometheus and Alertmanager, on loopback; and hosts for them to watch, each in a namespace of its own."""

import itertools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

from lab.agent import Agent
from lab.namespaces import Namespace, lo_is_up
from lab.waiting import until

AGENT_PORT = 10098
_numbers = itertools.count(1)


def _ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


class Host:
    """A namespace with an agent, which is linked to the present one; what is made within namespace.inside() is there.
    interval: between two looks of the agent, at the default CPU budget; None: as the flags have it."""

    def __init__(self, *flags, interval="1s"):
        number = next(_numbers)
        here, there = f"10.77.{number}.1", f"10.77.{number}.2"
        self.instance = f"{there}:{AGENT_PORT}"
        self.namespace = Namespace(lo_is_up)
        try:
            _ip("link", "add", f"host{number}", "type", "veth",
                "peer", "name", "uplink", "netns", str(self.namespace.pid))
            _ip("address", "add", f"{here}/30", "dev", f"host{number}")
            _ip("link", "set", f"host{number}", "up")
            with self.namespace.inside():
                _ip("address", "add", f"{there}/30", "dev", "uplink")
                _ip("link", "set", "uplink", "up")
            pace = (f"--interval={interval}",) if interval else ()
            self.agent = Agent(*pace, *flags, listen=self.instance, quick=False,
                               through=("nsenter", f"--net={self.namespace.path}"))
        except BaseException:
            self.namespace.close()
            raise

    def close(self):
        """Ends the agent, and the namespace with all that is left in it."""
        self.agent.kill()
        self.namespace.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.close()


class _Server:
    """A program of the Prometheus project, with a room for its files, until the end of the context."""

    def __init__(self, program, configuration, *flags, address):
        if shutil.which(program) is None:
            raise unittest.SkipTest(f"Debian's {program} is not installed")
        self.address = address
        self._room = tempfile.TemporaryDirectory()
        room = pathlib.Path(self._room.name)
        if not isinstance(configuration, pathlib.Path):
            room.joinpath("configuration.yml").write_text(configuration, encoding="utf-8")
            configuration = room / "configuration.yml"
        self.log = room / "log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [program, f"--config.file={configuration}", f"--web.listen-address={address}", "--log.level=warn",
                 *flags], cwd=room, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            until(self._is_ready, f"{program} is ready")
        except BaseException:
            self.close()
            raise

    def _is_ready(self):
        if self._process.poll() is not None:
            raise AssertionError(f"it ended with {self._process.returncode}:\n{self.log.read_text(encoding='utf-8')}")
        try:
            with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def get(self, path):
        """The JSON that it answers."""
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error} {error.read().decode()}") from None

    def close(self):
        """Ends it, and removes its files."""
        self._process.terminate()
        self._process.wait()
        self._room.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.close()


class Alertmanager(_Server):
    """It takes alerts, and notifies nobody."""

    def __init__(self):
        super().__init__("prometheus-alertmanager", "{route: {receiver: nobody}, receivers: [{name: nobody}]}",
                         "--storage.path=data", "--cluster.listen-address=", address="127.0.0.1:19093")

    def alerts(self):
        """Those that are firing now: each a dict with its labels and annotations."""
        return self.get("/api/v2/alerts?active=true")


def scraping(jobs, rules=(), alertmanager=None):
    """A configuration: the targets of each job are scraped, and the files of rules evaluated, each second."""
    def targets(addresses):
        return [{"targets": list(addresses)}]

    return json.dumps({
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [{"job_name": job, "static_configs": targets(jobs[job])} for job in jobs],
        "rule_files": [os.fspath(path) for path in rules],
        "alerting": {"alertmanagers": [{"static_configs": targets([alertmanager.address])}] if alertmanager else []},
    })


class Prometheus(_Server):
    """Takes a configuration as text, such as scraping() writes, or as the path of one that names files beside it."""

    def __init__(self, configuration, *flags, address="127.0.0.1:19090"):
        super().__init__("prometheus", configuration, "--storage.tsdb.path=data", *flags, address=address)

    def ask(self, path, **parameters):
        """The data of an answer."""
        return self.get(f"/api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}")["data"]

    def query(self, expression):
        """The result of an instant query: dicts with `metric` and `value`."""
        return self.ask("query", query=expression)["result"]

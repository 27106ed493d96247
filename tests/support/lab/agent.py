"""The agent under test: started, asked over HTTP, and ended by SIGTERM."""

import collections
import http.client
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.parse

from lab.exposition import Exposition
from lab.waiting import PATIENCE, until

BINARY = os.environ["TIDEWAIT"]
# A sanitizer looks for leaks then.
SECONDS_TO_END = 15.0 if os.environ.get("TIDEWAIT_SANITIZE") else 3.0

Answer = collections.namedtuple("Answer", "status headers body")
Outcome = collections.namedtuple("Outcome", "code out err")

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
_QUICK = ("--interval=50ms", "--cpu-budget=100%")


def environment(**variables):
    """The present one without any setting of tidewait, and with these."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TIDEWAIT_")}
    return {**inherited, **variables}


def run(*arguments, env=None, seconds=30, said=None, stdout=subprocess.PIPE, through=(), binary=BINARY, **options):
    """`tidewait` with these arguments until it ends. said: its standard input; through: a command that starts it."""
    given = {"stdin": subprocess.DEVNULL} if said is None else {"input": said}
    done = subprocess.run([*through, binary, *arguments], env=environment(**(env or {})), timeout=seconds, check=False,
                          text=True, stdout=stdout, stderr=subprocess.PIPE, **given, **options)
    return Outcome(done.returncode, done.stdout, done.stderr)


class Agent:
    """A running `tidewait serve`; as a context manager ends it and checks that it ends as it should."""

    def __init__(self, *flags, listen="127.0.0.1:0", quick=True, ready=True, through=(), binary=BINARY, env=None,
                 **options):
        self._errors = tempfile.TemporaryFile(mode="w+b")
        self._connection = None
        where = (f"--web.listen-address={listen}",) if listen else ()
        command = [*through, binary, "serve", *where, *(_QUICK if quick else ()), *flags]
        self.process = subprocess.Popen(command, env=environment(**(env or {})), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=self._errors, **options)
        try:
            self.url = until(self._announced_url, "the agent says where it listens")
            if ready:
                until(lambda: self.get("/readyz").status == 200, "the agent is ready")
        except BaseException:
            self.kill()
            raise

    def log(self):
        """Everything that it has written on standard error."""
        return os.pread(self._errors.fileno(), 1 << 24, 0).decode(errors="replace")

    def _announced_url(self):
        match = re.search(r" url=(\S+)", self.log())
        if match is None and self.process.poll() is not None:
            raise AssertionError(f"the agent ended with {self.process.returncode}:\n{self.log()}")
        return match and match.group(1)

    def get(self, path, method="GET", headers=None):
        """Over one connection that is kept, so that asking adds no sockets to the world that is watched."""
        place = urllib.parse.urlsplit(self.url)
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
            try:
                self._connection.request(method, path, headers=headers or {})
                answer = self._connection.getresponse()
                return Answer(answer.status, answer.headers, answer.read())
            except (http.client.RemoteDisconnected, ConnectionError):
                # The agent ends connections that were idle for a while.
                self.hang_up()
                if attempt == 2:
                    raise
        raise AssertionError("not reached")

    def hang_up(self):
        """Closes the connection that get() keeps."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def page(self, path):
        """The body of an answer that must be 200."""
        answer = self.get(path)
        assert answer.status == 200, f"{path}: {answer.status} {answer.body!r}"
        return answer.body

    def metrics(self):
        """/metrics, strictly read."""
        return Exposition(self.page("/metrics").decode())

    def openmetrics(self):
        """/metrics in OpenMetrics, as text."""
        answer = self.get("/metrics", headers={"Accept": OPENMETRICS})
        assert (answer.status, answer.headers["Content-Type"]) == (200, f"{OPENMETRICS}; charset=utf-8"), answer
        return answer.body.decode()

    def json(self, path):
        """A JSON page."""
        return json.loads(self.page(path))

    def verdict(self, port, protocol="tcp", address="*"):
        """/api/v1/ports/PORT."""
        query = urllib.parse.urlencode({"protocol": protocol, "address": address})
        return self.json(f"/api/v1/ports/{port}?{query}")

    def rounds(self):
        """Number of the round that is shown."""
        return int(re.search(rb"^tidewait_rounds_total (\d+)$", self.page("/metrics"), re.MULTILINE).group(1))

    def next_round(self, seconds=PATIENCE):
        """Waits until what is shown was measured after this call: the round after next may have begun before it."""
        enough = self.rounds() + 2
        until(lambda: self.rounds() >= enough, "another round", seconds)

    def status(self, field):
        """A memory field of /proc/PID/status, in KiB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(rf"^{field}:\s+(\d+) kB$", status.read(), re.MULTILINE).group(1))

    def stop(self, sign=signal.SIGTERM):
        """Ends it by a signal; it must take less than SECONDS_TO_END and exit with 0. Returns the seconds."""
        began = time.monotonic()
        self.process.send_signal(sign)
        try:
            code = self.process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still there {SECONDS_TO_END} s after {sign.name}:\n{self.log()}") from None
        seconds = time.monotonic() - began
        assert code == 0, f"ended with {code}:\n{self.log()}"
        self.kill()
        return seconds

    def kill(self):
        """Ends it without asking, when it is still there."""
        self.process.kill()
        self.process.wait()
        self.hang_up()
        self._errors.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind is None and self.process.returncode is None:
                self.stop()
        finally:
            self.kill()

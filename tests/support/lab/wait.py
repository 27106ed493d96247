"""A running `tidewait wait`, and when and how it ended."""

import os
import signal
import subprocess
import tempfile
import threading
import time

from lab.agent import BINARY, Outcome, environment
from lab.waiting import PATIENCE, until

MET, TIMED_OUT, INTERRUPTED = 0, 1, 130
_LOOKS = 4


class Wait:
    """Its output goes to files, so that nothing here takes part in the waiting."""

    def __init__(self, *arguments, timeout="3m"):
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.began = time.monotonic()
        self.process = subprocess.Popen([BINARY, "wait", *arguments, "--timeout", timeout], env=environment(),
                                        stdin=subprocess.DEVNULL, stdout=self._out, stderr=self._err)
        self.ended = self.cpu = None
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()

    def _watch(self):
        _, status, usage = os.wait4(self.process.pid, 0)
        self.ended = time.monotonic()
        self.cpu = usage.ru_utime + usage.ru_stime
        self.process.returncode = os.waitstatus_to_exitcode(status)

    def says(self):
        """What it has written on standard error so far."""
        return os.pread(self._err.fileno(), 1 << 20, 0).decode()

    def until_it_looks(self):
        """Waits until it has looked some more times, as each look ends with a sleep; it must not have ended."""
        def sleeps():
            assert self.ended is None, f"it did not wait: {self.process.args}"
            with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
                fields = dict(line.split(":", 1) for line in status)
            return int(fields["voluntary_ctxt_switches"])
        enough = sleeps() + _LOOKS
        until(lambda: sleeps() >= enough, "it looks again and again")

    def outcome(self):
        """After its end: exit code, output, errors."""
        self._watcher.join(PATIENCE)
        assert self.ended is not None, f"it still waits: {self.process.args}"
        out = os.pread(self._out.fileno(), 1 << 24, 0).decode()
        err = self.says()
        self._out.close()
        self._err.close()
        return Outcome(self.process.returncode, out, err)

    def end(self, sign=signal.SIGINT):
        """Ends it by a signal."""
        self.process.send_signal(sign)
        return self.outcome()

    def share(self):
        """Of one core, over its life."""
        return self.cpu / (self.ended - self.began)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self.ended is None:
            self.process.kill()
            self._watcher.join()

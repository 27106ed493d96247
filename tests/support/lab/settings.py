"""A configuration file of the agent's, written by the test, and read again by the agent."""

import pathlib
import re
import signal
import tempfile

from lab.waiting import until

_REREAD = re.compile(r"msg=\"configuration (?:reread|refused)\".*|\"msg\":\"configuration (?:reread|refused)\".*")


class Settings:
    """tidewait.yml in a directory that goes with the test."""

    def __init__(self, case, *lines):
        room = tempfile.TemporaryDirectory()
        case.addCleanup(room.cleanup)
        self.room = pathlib.Path(room.name)
        self.path = self.room / "tidewait.yml"
        self.write(*lines)

    @property
    def flag(self):
        """For `tidewait serve`."""
        return f"--config.file={self.path}"

    def write(self, *lines):
        """All of its lines."""
        self.path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def rereads(agent):
    """The log's lines of rereads, so far."""
    return _REREAD.findall(agent.log())


def hang_up(agent, *, says):
    """SIGHUP; waits for the line that says how it went, which must match."""
    before = len(rereads(agent))
    agent.process.send_signal(signal.SIGHUP)
    line = until(lambda: rereads(agent)[before:], "the configuration is read again")[0]
    assert re.search(says, line), line
    return line

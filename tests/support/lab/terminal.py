"""A command on a terminal of its own."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

from lab.agent import BINARY, environment
from lab.waiting import PATIENCE, until

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CLEAR_TO_END = "\x1b[K"


class Terminal:
    """`tidewait` with these arguments, reading from and writing to a terminal of 80 columns that is its own."""

    def __init__(self, *arguments, env=None):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.output = ""
        self.process = subprocess.Popen(
            [BINARY, *arguments], env=environment(**{"TERM": "xterm", **(env or {})}), stdin=slave, stdout=slave,
            stderr=slave, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        os.set_blocking(self._master, False)

    def _read(self):
        """What is there to be read. True when the command's side is closed."""
        try:
            while True:
                self.output += os.read(self._master, 65536).decode()
        except BlockingIOError:
            return False
        except OSError:
            # EIO: nobody has the other side open.
            return True

    def until_shown(self, pattern, seconds=PATIENCE):
        """Waits until the output so far matches; returns the match."""
        def look():
            self._read()
            return re.search(pattern, self.output)
        return until(look, f"the terminal shows {pattern}", seconds)

    def type(self, keys):
        """As a person would; "\\x03" is Ctrl-C."""
        os.write(self._master, keys.encode())

    def end(self):
        """Waits until the command has ended; returns its exit code."""
        until(self._read, "the command leaves its terminal")
        return self.process.wait(PATIENCE)

    def screen(self):
        """The lines as a reader sees them. Knows what such a command may use: CR, LF, clearing to the end, colours."""
        lines = []
        for line in self.output.replace("\r\n", "\n").split("\n"):
            shown = ""
            for piece in line.split("\r"):
                if piece.startswith(_CLEAR_TO_END):
                    shown = ""
                    piece = piece[len(_CLEAR_TO_END):]
                piece = _ESCAPE.sub("", piece)
                shown = piece + shown[len(piece):]
            lines.append(shown)
        return lines

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

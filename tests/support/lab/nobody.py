"""The command under test as an ordinary user, with the capabilities that it is given and no other."""

import os
import shutil
import subprocess
import tempfile
import unittest

from lab.agent import BINARY, run

UID = 65534


class Nobody:
    """Starts a copy of the binary, as the build directory may be closed to others. Goes with the class of tests."""

    def __init__(self, case):
        room = tempfile.TemporaryDirectory()
        case.addClassCleanup(room.cleanup)
        os.chmod(room.name, 0o755)
        self.binary = shutil.copy(BINARY, room.name)
        tried = subprocess.run([*self.become(), "true"], stderr=subprocess.PIPE, text=True, check=False)
        if tried.returncode != 0:
            raise unittest.SkipTest(f"nobody cannot become user {UID} here: {tried.stderr.strip()}")

    @staticmethod
    def become(*capabilities):
        """The command that starts another one as this user."""
        listed = ",".join(["-all", *(f"+{capability}" for capability in capabilities)])
        return ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", f"--inh-caps={listed}",
                f"--ambient-caps={listed}"]

    def run(self, *arguments, capabilities=(), **options):
        """As run() of lab.agent."""
        return run(*arguments, binary=self.binary, through=self.become(*capabilities), **options)

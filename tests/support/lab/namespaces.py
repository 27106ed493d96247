"""Network namespaces, each kept by a process of its own, in which functions can be run."""

import ctypes
import os
import signal
import traceback

_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def _in_child(function):
    """Forks; the child runs the function and ends as it ends. Returns the child's pid."""
    pid = os.fork()
    if pid:
        return pid
    try:
        function()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


class Namespace:
    """Made by a forked process that runs prepare() in it, whose result it keeps alive, and then waits for its end."""

    def __init__(self, prepare=lambda: None):
        ready, told = os.pipe()

        def live():
            os.close(ready)
            _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL), "prctl")
            _check(_libc.unshare(_CLONE_NEWNET), "unshare")
            kept = prepare()
            os.write(told, b"r")
            signal.pause()
            del kept

        self.pid = _in_child(live)
        os.close(told)
        started = os.read(ready, 1)
        os.close(ready)
        if not started:
            os.waitpid(self.pid, 0)
            raise AssertionError("the namespace could not be made")
        self.path = f"/proc/{self.pid}/ns/net"
        self.name = f"ino-{os.stat(self.path).st_ino}"

    def run(self, function):
        """Runs the function in there, in a process of its own; an exception in it is an AssertionError here."""
        def enter_and_run():
            with open(self.path, "rb") as namespace:
                _check(_libc.setns(namespace.fileno(), _CLONE_NEWNET), "setns")
            function()

        _, status = os.waitpid(_in_child(enter_and_run), 0)
        if status != 0:
            raise AssertionError("it failed in the namespace")

    def close(self):
        """Ends its process; the kernel then ends it, unless somebody else has it open."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0

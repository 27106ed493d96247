"""Network namespaces, each kept by a process of its own, in which functions can be run."""

import contextlib
import ctypes
import os
import signal
import subprocess
import traceback

_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def _enter(path):
    with open(path, "rb") as namespace:
        _check(_libc.setns(namespace.fileno(), _CLONE_NEWNET), "setns")


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


def lo_is_up():
    """For prepare(): in a new namespace it is down."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class Namespace:
    """Made by a forked process that runs prepare() in it, whose result it keeps alive, and then waits for its end."""

    def __init__(self, prepare=lambda: None):
        ready, told = os.pipe()

        def live():
            # Else it would keep the sockets that we close.
            os.closerange(3, told)
            os.closerange(told + 1, os.sysconf("SC_OPEN_MAX"))
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
            _enter(self.path)
            function()

        _, status = os.waitpid(_in_child(enter_and_run), 0)
        if status != 0:
            raise AssertionError("it failed in the namespace")

    @contextlib.contextmanager
    def inside(self):
        """Meanwhile this thread is in there: the sockets and processes that it makes, and the sysctls that it sees."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(self.path)
            try:
                yield
            finally:
                _check(_libc.setns(home, _CLONE_NEWNET), "setns")
        finally:
            os.close(home)

    def close(self):
        """Ends its process; the kernel then ends it, unless somebody else has it open."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0

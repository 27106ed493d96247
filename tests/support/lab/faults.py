"""Faults put into a running agent, and taken away again."""

import contextlib
import ctypes
import errno
import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import unittest

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_SECCOMP_RET_ALLOW = 0x7FFF0000
_SECCOMP_RET_ERRNO = 0x00050000
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_AF_NETLINK = 16
_TRACE_MAX = 1 << 26
_SYSCALL_SOCKET = {"x86_64": 41, "aarch64": 198}


@contextlib.contextmanager
def _strace(process, trace, *arguments):
    """strace, attached, and writing into a file."""
    if shutil.which("strace") is None:
        raise unittest.SkipTest("strace is not installed")
    command = ["strace", *arguments, "-o", trace.name, "-p", str(process.pid)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as strace:
        said = strace.stderr.readline()
        if " attached" not in said:
            raise unittest.SkipTest(f"strace cannot attach here: {said.strip()}")
        try:
            yield
        finally:
            strace.send_signal(signal.SIGINT)
            strace.wait()


@contextlib.contextmanager
def injected(process, *faults, threads=True):
    """While inside, these system calls of the process fail or wait: "recvmsg:error=ENOBUFS", as strace writes it. Without
    threads: those of its main thread. Gives a function: has any of them ended so yet?"""
    rules = [f"--inject={fault}" for fault in faults]
    calls = ",".join(fault.partition(":")[0] for fault in faults)
    with tempfile.NamedTemporaryFile() as trace:
        def happened():
            return re.search(rb"\((INJECTED|DELAYED)\)", os.pread(trace.fileno(), _TRACE_MAX, 0)) is not None
        with _strace(process, trace, *(["-f"] if threads else []), f"--trace={calls}", *rules):
            yield happened
        assert happened(), "no fault was injected: the agent does not make these calls"


@contextlib.contextmanager
def traced(process):
    """The set into which the system calls go, afterwards, that its main thread makes meanwhile."""
    calls = set()
    with tempfile.NamedTemporaryFile("r") as trace:
        with _strace(process, trace):
            yield calls
        calls.update(re.findall(r"^(?:<\.\.\. )?(\w+)[( ]", trace.read(), re.MULTILINE))


def without_sockets_of(family, error):
    """For preexec_fn: in this process and its children a socket of this address family cannot be made."""
    refusal = _SECCOMP_RET_ERRNO | error
    number = _SYSCALL_SOCKET[os.uname().machine]
    steps = ((_LOAD, 0, 0, 0), (_JUMP_IF_EQUAL, 0, 3, number), (_LOAD, 0, 0, 16), (_JUMP_IF_EQUAL, 0, 1, family),
             (_RETURN, 0, 0, refusal), (_RETURN, 0, 0, _SECCOMP_RET_ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HL", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


def without_netlink():
    """For preexec_fn: as on a small kernel."""
    without_sockets_of(_AF_NETLINK, errno.EPROTONOSUPPORT)

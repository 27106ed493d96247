"""A policy of the system that refuses bind(): a BPF program on a cgroup, as systemd's SocketBindDeny= is."""

import contextlib
import ctypes
import os
import struct
import tempfile
import unittest

_SYSCALL_BPF = {"x86_64": 321, "aarch64": 280}
_PROG_LOAD, _PROG_ATTACH = 5, 8
_CGROUP_SOCK_ADDR = 18
_INET4_BIND, _INET6_BIND = 8, 9
# r0 = 0; exit. A bind() that gets 0 from it fails with EPERM.
_REFUSE = struct.pack("<BBhi", 0xB7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0)


def _bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes)
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(_SYSCALL_BPF[os.uname().machine], command, buffer, len(attributes))
    if result < 0:
        raise unittest.SkipTest(f"bpf() is refused here: {os.strerror(ctypes.get_errno())}")
    return result


def _attach(directory, kind):
    code = ctypes.create_string_buffer(_REFUSE)
    licence = ctypes.create_string_buffer(b"GPL")
    loaded = struct.pack("<IIQQIIQII16sII", _CGROUP_SOCK_ADDR, len(_REFUSE) // 8, ctypes.addressof(code),
                         ctypes.addressof(licence), 0, 0, 0, 0, 0, b"", 0, kind)
    program = _bpf(_PROG_LOAD, loaded)
    cgroup = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _bpf(_PROG_ATTACH, struct.pack("<IIII", cgroup, program, kind, 0))
    finally:
        os.close(cgroup)
        os.close(program)


def _cgroup_root():
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for mount in mounts:
            _, place, kind, *_ = mount.split()
            if kind == "cgroup2":
                return place
    raise unittest.SkipTest("no cgroup2 is mounted here")


@contextlib.contextmanager
def refusing_binds():
    """Gives a function for preexec_fn: the process that calls it, and its children, may bind() nothing."""
    try:
        directory = tempfile.mkdtemp(prefix="tidewait-test-", dir=_cgroup_root())
    except OSError as error:
        raise unittest.SkipTest(f"no cgroup can be made here: {error.strerror}") from None
    try:
        _attach(directory, _INET4_BIND)
        _attach(directory, _INET6_BIND)

        def join():
            with open(f"{directory}/cgroup.procs", "w", encoding="ascii") as members:
                members.write(str(os.getpid()))

        yield join
    finally:
        os.rmdir(directory)

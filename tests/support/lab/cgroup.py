"""Control groups: processes in a unit or a container, and a policy that refuses bind(), as SocketBindDeny= does."""

import contextlib
import ctypes
import os
import struct
import unittest

_SYSCALL_BPF = {"x86_64": 321, "aarch64": 280}
_PROG_LOAD, _PROG_ATTACH = 5, 8
_CGROUP_SOCK_ADDR = 18
_INET4_BIND, _INET6_BIND = 8, 9
# r0 = 0; exit. A bind() that gets 0 from its program fails with EPERM.
_REFUSE = struct.pack("<BBhi", 0xB7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0)


def _bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes)
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(_SYSCALL_BPF[os.uname().machine], command, buffer, len(attributes))
    if result < 0:
        raise unittest.SkipTest(f"bpf() is refused here: {os.strerror(ctypes.get_errno())}")
    return result


def _refuse(directory, kind):
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


def _mounts():
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for mount in mounts:
            _, place, kind, options, *_ = mount.split()
            yield place, kind, options.split(",")


def _hierarchy_of_systemd():
    """The named one where there is one, as systemd itself does it; else the unified one."""
    named = [place for place, kind, options in _mounts() if kind == "cgroup" and "name=systemd" in options]
    return named[0] if named else _unified()


def _unified():
    places = [place for place, kind, _ in _mounts() if kind == "cgroup2"]
    if not places:
        raise unittest.SkipTest("no cgroup2 is mounted here")
    return places[0]


@contextlib.contextmanager
def _made(directory):
    """Gives a function for preexec_fn: the process that calls it is in the group, and so are its children."""
    try:
        os.mkdir(directory)
    except OSError as error:
        raise unittest.SkipTest(f"{directory} cannot be made: {error.strerror}") from None

    def join():
        with open(f"{directory}/cgroup.procs", "w", encoding="ascii") as members:
            members.write(str(os.getpid()))

    try:
        yield join
    finally:
        os.rmdir(directory)


@contextlib.contextmanager
def named(name):
    """A group of this name where systemd has its units: "app.service"."""
    with _made(f"{_hierarchy_of_systemd()}/{name}") as join:
        yield join


@contextlib.contextmanager
def refusing_binds():
    """A group whose members may bind() nothing."""
    directory = f"{_unified()}/tidewait-test-{os.getpid()}"
    with _made(directory) as join:
        _refuse(directory, _INET4_BIND)
        _refuse(directory, _INET6_BIND)
        yield join


def _memory_hierarchy():
    """Where groups with a limit of memory are made, and how the limit is called there."""
    for place, kind, options in _mounts():
        if kind == "cgroup" and "memory" in options:
            return place, "memory.limit_in_bytes"
    return _unified(), "memory.max"


@contextlib.contextmanager
def with_memory(limit_bytes):
    """A group whose members may use no more memory than this."""
    place, limit = _memory_hierarchy()
    directory = f"{place}/tidewait-test-{os.getpid()}"
    with _made(directory) as join:
        try:
            with open(f"{directory}/{limit}", "w", encoding="ascii") as setting:
                setting.write(str(limit_bytes))
        except OSError as error:
            raise unittest.SkipTest(f"{directory}/{limit} cannot be set: {error.strerror}") from None
        yield join

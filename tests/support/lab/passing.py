"""Starts a program with sockets from descriptor 3 on, as a service manager does: sd_listen_fds(3).

As a program: python3 passing.py FD,FD… PROGRAM ARGUMENT…
"""

import fcntl
import os
import sys

_FIRST = 3
_OUT_OF_THE_WAY = 100


def passing(*files, **variables):
    """Keyword arguments for Agent and run, so that the program gets these, and these variables besides."""
    fds = [each.fileno() for each in files]
    return {"through": (sys.executable, __file__, ",".join(map(str, fds)),
                        *(f"{name}={value}" for name, value in variables.items())),
            "pass_fds": fds}


def _start(passed, arguments):
    high = []
    for fd in map(int, passed.split(",")):
        high.append(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY))
        os.close(fd)
    environment = {**os.environ, "LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(high))}
    while "=" in arguments[0]:
        name, _, value = arguments.pop(0).partition("=")
        environment[name] = value
    for place, fd in enumerate(high):
        os.dup2(fd, _FIRST + place)
    os.execve(arguments[0], arguments, environment)


if __name__ == "__main__":
    _start(sys.argv[1], sys.argv[2:])

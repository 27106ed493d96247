"""What work costs: CPU time, by the kernel's own account of it, in nanoseconds."""

import collections
import os
import statistics
import subprocess
import time

Cost = collections.namedtuple("Cost", "cpu wall")
Ratio = collections.namedtuple("Ratio", "median low high")


def process_cpu(pid):
    """Of all threads of a process since its start, those that have ended included (clock_getcpuclockid)."""
    return time.clock_gettime_ns(~pid << 3 | 2)


def command_cost(*command, **options):
    """Of one run of a command that must succeed; its output goes to /dev/null."""
    began = time.monotonic_ns()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic_ns() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise AssertionError(f"{command} ended with {process.returncode}")
    return Cost(round((usage.ru_utime + usage.ru_stime) * 1e9), wall)


def ratio(ours, theirs):
    """Of samples taken in turn, pair by pair: what slows the machine for a while slows both of a pair."""
    each = [a / b for a, b in zip(ours, theirs, strict=True)]
    return Ratio(statistics.median(each), min(each), max(each))

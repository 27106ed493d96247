"""Instructions, counted by callgrind: whatever else the machine does, the same work costs the same."""

import os
import re
import subprocess
import tempfile

from figures import told

_WORK = os.environ["BENCH_WORK"]
_ROUNDS = 4
_SOCKETS = 20_000
_REPORTS = 100


def _count(*arguments, inside):
    """Instructions of `work` with these arguments, inside these functions."""
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}",
                               *(f"--toggle-collect={function}" for function in inside), _WORK, *map(str, arguments)],
                              check=True, capture_output=True, text=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def instructions():
    """User code of ours alone: the kernel's are not counted."""
    fold = _count("fold", _SOCKETS, inside=("sockdiag_answer_read", "census_end"))
    yield told("a TIME_WAIT read and folded into the census", fold / _ROUNDS / _SOCKETS, "instructions")
    yield told("metrics of six tracked ports rendered", _count("render", _REPORTS, inside=("metrics_render",)) / _REPORTS,
               "instructions")

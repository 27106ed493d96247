"""What a running agent holds."""

import collections
import os
import re

Footprint = collections.namedtuple("Footprint", "anonymous file descriptors threads")


def footprint(agent):
    """Its memory in KiB, its own and that of mapped files; its descriptors and threads."""
    process = f"/proc/{agent.process.pid}"
    with open(f"{process}/smaps_rollup", encoding="ascii") as rollup:
        kib = {name: int(size) for name, size in re.findall(r"^(\w+): +(\d+) kB$", rollup.read(), re.MULTILINE)}
    # A round has more open while it lasts.
    descriptors = min(len(os.listdir(f"{process}/fd")) for _ in range(20))
    return Footprint(kib["Anonymous"], kib["Rss"] - kib["Anonymous"], descriptors, len(os.listdir(f"{process}/task")))

"""Which files are ours, and running a tool over them on every processor."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77


def find(*places, suffixes):
    """Files below these folders, sorted."""
    return sorted(path for place in places for path in pathlib.Path(place).rglob("*") if path.suffix in suffixes)


def need(tool):
    """Ends the test as skipped when the tool is not installed."""
    if shutil.which(tool) is None:
        print(f"SKIPPED: {tool} is not installed")
        sys.exit(SKIPPED)


def run_all(commands):
    """Runs them side by side; prints what those that fail have to say. Returns how many failed."""
    def run(command):
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as threads:
        for done in threads.map(run, commands):
            if done.returncode != 0:
                failed += 1
                print(done.stdout)
    return failed


def finish(failed, checked):
    """Ends the test; what checks nothing has failed, too."""
    print(f"{checked} checked, {failed} failed")
    sys.exit(1 if failed or not checked else 0)

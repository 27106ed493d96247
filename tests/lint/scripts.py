"""Shell scripts pass shellcheck; Python files compile."""

import pathlib
import stat
import sys

from sources import find, finish, need, run_all

need("shellcheck")


def shell_scripts():
    """Executable files of ours whose first line names a shell."""
    for path in sorted([*find("tests", "deploy", "dashboards", suffixes={"", ".sh"}), pathlib.Path(".ci/run")]):
        if path.is_file() and path.stat().st_mode & stat.S_IXUSR:
            with path.open("rb") as script:
                if script.readline().rstrip() in (b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash"):
                    yield path


def compiles(path):
    """Says so when not."""
    try:
        compile(path.read_text(encoding="utf-8"), path, "exec")
    except SyntaxError as error:
        print(error)
        return False
    return True


scripts = list(shell_scripts())
python = find("tests", suffixes={".py"})
failed = run_all(["shellcheck", str(path)] for path in scripts) + sum(not compiles(path) for path in python)
if pathlib.Path("tests/run") not in scripts:
    print("tests/run is no executable shell script")
    sys.exit(1)
finish(failed, len(scripts) + len(python))

"""tsc and the published types of what others read of ours: a value is right when it is one of its type."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

_PROJECT = pathlib.Path(__file__).resolve().parents[2] / "e2e" / "types"
_PACKAGES = ("package.json", "package-lock.json")
_OPTIONS = ("--noEmit", "--pretty", "false", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022")


def _modules():
    """Where the packages of npm are; skips the test where they are not."""
    if shutil.which("node") is None:
        raise unittest.SkipTest("node is missing: apt-get install nodejs")
    place = pathlib.Path(os.environ["TYPES_MODULES"])
    wanted = [(_PROJECT / name).read_bytes() for name in _PACKAGES]
    present = [(place / name).read_bytes() if (place / name).exists() else b"" for name in _PACKAGES]
    if wanted != present or not (place / "node_modules" / "typescript").is_dir():
        raise unittest.SkipTest(f"typescript and the types to check by are missing: tests/run puts them into {place}")
    return place


def type_errors(sources):
    """What tsc says of these files, {name: text}, one line each; [] when all is right. They may import each other."""
    modules = _modules()
    with tempfile.TemporaryDirectory(dir=modules) as room:
        for name, text in sources.items():
            pathlib.Path(room, name).write_text(text, encoding="utf-8")
        compiler = modules / "node_modules" / "typescript" / "bin" / "tsc"
        done = subprocess.run(["node", compiler, *_OPTIONS, *sources], cwd=room, text=True, capture_output=True,
                              check=False)
    assert done.stderr == "", done.stderr
    return done.stdout.splitlines()

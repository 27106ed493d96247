"""tidy.py BUILD: clang-tidy finds nothing in agent/; what it looks for stands in .clang-tidy."""

import json
import pathlib
import sys

from sources import find, finish, need, run_all

need("clang-tidy")
build = pathlib.Path(sys.argv[1])
commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
built = {pathlib.Path(command["file"]) for command in commands}
files = find("agent", suffixes={".c"})
strays = [path for path in files if path.resolve() not in built]
for path in strays:
    print(f"{path} is in no CMakeLists.txt")
failed = run_all(["clang-tidy", "--quiet", "-p", str(build), str(path)] for path in files if path not in strays)
finish(failed + len(strays), len(files))

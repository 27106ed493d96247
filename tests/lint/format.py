"""Every C file is as clang-format writes it."""

from sources import find, finish, need, run_all

need("clang-format")
files = find("agent", "include", "tests", suffixes={".c", ".h"})
finish(run_all(["clang-format", "--dry-run", "-Werror", str(path)] for path in files), len(files))

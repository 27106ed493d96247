"""tidy.py BUILD: clang-tidy finds nothing in agent/; what it looks for stands in .clang-tidy."""

import sys

from sources import find, finish, need, run_all

need("clang-tidy")
files = find("agent", suffixes={".c"})
finish(run_all(["clang-tidy", "--quiet", "-p", sys.argv[1], str(path)] for path in files), len(files))

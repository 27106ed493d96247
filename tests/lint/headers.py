"""headers.py BUILD: each header compiles alone, under gcc and under clang, with the warnings of its layer."""

import sys

from sources import find, finish, need, run_all

WARNINGS = ["-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
CLANG = ["-Wno-gnu-zero-variadic-macro-arguments", "-Wno-gnu-statement-expression"]


def commands(build):
    """One a header and compiler. Included from standard input, so that #pragma once is no pragma of the main file;
    stddef.h comes after it, since a header of macros alone leaves an empty translation unit, which C forbids."""
    for header in find("agent", "include", suffixes={".h"}):
        name = str(header).removeprefix("include/")
        for compiler, options in (("gcc", []), ("clang", CLANG)):
            flags = [*WARNINGS, *options, "-Iinclude", f"-I{header.parent}", f"-I{build}/generated", "-I."]
            yield [compiler, *flags, "-fsyntax-only", "-x", "c", "-include", name, "-include", "stddef.h", "/dev/null"]


need("clang")
every = list(commands(sys.argv[1]))
finish(run_all(every), len(every))

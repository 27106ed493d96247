"""The layers and the sizes: who may include whom, which folder sees which library, how long a file may be."""

import pathlib
import re
import unittest

from sources import find

# A layer may use itself and these.
USES = {
    "base": set(),
    "model": {"base"},
    "collect": {"base", "model"},
    "judge": {"base", "model"},
    "render": {"base", "model"},
    "config": {"base"},
    "sandbox": {"base"},
    "serve": {"base", "model", "render", "config"},
    "app": {"base", "model", "collect", "judge", "render", "config", "sandbox", "serve"},
}
# Each library is seen in one folder; headers of the kernel in those that speak to it.
LIBRARIES = {"libmnl/": "collect", "linux/": "collect sandbox", "cjson/": "render", "microhttpd.h": "serve", "zlib.h": "serve",
             "gnutls/": "serve", "crypt.h": "serve", "yaml.h": "config", "cap-ng.h": "sandbox", "seccomp.h": "sandbox"}
# The pure layers: no sockets, no files, no clock.
PURE = {"model", "judge", "render"}
IMPURE = re.compile(r"\b(clock_(now|monotonic_ns|process_cpu_ns|thread_cpu_ns|gettime)|time|gettimeofday|getenv|open|fopen|"
                    r"socket|bind|ioctl|printf|puts|abort|exit)\(")
LINES_MAX = 400

_INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def includes(path):
    """(quoted, name) of each include line."""
    return [(quote == '"', name) for quote, name in _INCLUDE.findall(path.read_text(encoding="utf-8"))]


def code_of(path):
    """The text without comments and strings."""
    return re.sub(r'/\*.*?\*/|"(\\.|[^"\\])*"', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def layer_of(path):
    """agent/LAYER/… or include/LAYER/…"""
    return path.parts[1]


class House(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sources = find("agent", "include", suffixes={".c", ".h"})
        assert len(cls.sources) > 50, "run me in the source directory"

    def test_layers_include_only_those_below(self):
        for path in self.sources:
            layer = layer_of(path)
            for quoted, name in includes(path):
                if quoted and "/" in name:
                    self.assertIn(name.split("/")[0], USES[layer] | {layer}, f"{path} includes {name}")

    def test_private_headers_stand_beside_their_source(self):
        for path in self.sources:
            for quoted, name in includes(path):
                if quoted and "/" not in name:
                    self.assertEqual(path.parts[0], "agent", f"{path} includes {name}")
                    self.assertTrue((path.parent / name).exists(), f"{path} includes {name}")

    def test_a_public_header_is_used_by_another_folder(self):
        """Or by a public header of its own: then whoever uses that one uses it, too."""
        users = {}
        for path in self.sources:
            for _, name in includes(path):
                users.setdefault(name, set()).add(path.parts[:2])
        for path in find("include", suffixes={".h"}):
            private = {("agent", layer_of(path))}
            self.assertTrue(users.get("/".join(path.parts[1:]), set()) - private, f"only {private} uses {path}")

    def test_each_library_is_seen_in_one_folder(self):
        for path in self.sources:
            for _, name in includes(path):
                for library, layer in LIBRARIES.items():
                    if name.startswith(library):
                        self.assertEqual(path.parts[0], "agent", f"{path} includes {name}")
                        self.assertIn(path.parts[1], layer.split(), f"{path} includes {name}")

    def test_pure_layers_do_no_input_or_output(self):
        for path in self.sources:
            if layer_of(path) in PURE:
                self.assertIsNone(IMPURE.search(code_of(path)), path)

    def test_files_are_not_longer_than_one_can_read(self):
        for path in self.sources + find("tests", suffixes={".c", ".h", ".py"}):
            lines = path.read_text(encoding="utf-8").count("\n")
            self.assertLessEqual(lines, LINES_MAX, path)

    def test_nothing_is_marked_as_unfinished(self):
        this = pathlib.Path("tests/lint/house.py")
        for path in self.sources + find("tests", "deploy", "dashboards", suffixes={".c", ".h", ".py", ".md", ".yml"}):
            if path != this:
                self.assertIsNone(_UNFINISHED.search(path.read_text(encoding="utf-8")), path)


if __name__ == "__main__":
    unittest.main(verbosity=2)

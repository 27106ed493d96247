"""Debian's Chromium, driven through playwright-core: opened, asked, and closed."""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

from lab.waiting import until

_TESTS = pathlib.Path(__file__).resolve().parents[2] / "e2e" / "browser"
_PACKAGES = ("package.json", "package-lock.json")


def _modules():
    """Where the packages of npm are; skips the test where there is no browser, or none can be had."""
    for program, package in (("chromium", "chromium"), ("node", "nodejs"), ("npm", "npm")):
        if shutil.which(program) is None:
            raise unittest.SkipTest(f"{program} is missing: apt-get install {package}")
    place = pathlib.Path(os.environ["BROWSER_MODULES"])
    place.mkdir(parents=True, exist_ok=True)
    wanted = [(_TESTS / name).read_bytes() for name in _PACKAGES]
    present = [(place / name).read_bytes() if (place / name).exists() else b"" for name in _PACKAGES]
    if wanted != present or not (place / "node_modules" / "axe-core").is_dir():
        raise unittest.SkipTest(f"playwright-core and axe-core are missing: tests/run puts them into {place}")
    return place


class Browser:
    """One browser with one page at a time; as a context manager ends it."""

    def __init__(self):
        environment = {**os.environ, "BROWSER_MODULES": str(_modules()), "CHROMIUM": shutil.which("chromium")}
        self._driver = subprocess.Popen(["node", _TESTS / "driver.js"], env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def do(self, action, **details):
        """What driver.js knows to do."""
        self._driver.stdin.write(json.dumps({"action": action, **details}) + "\n")
        self._driver.stdin.flush()
        line = self._driver.stdout.readline()
        assert line, f"the browser ended with {self._driver.wait()}"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def open(self, url, **look):
        """In a fresh profile: width, height, scheme, javascript."""
        self.do("begin", **look)
        return self.do("open", url=url)

    def evaluate(self, script):
        """The value of a JavaScript expression in the page."""
        return self.do("evaluate", script=script)

    def text(self, selector):
        """What an element shows; "" when there is none."""
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def rows(self):
        """The table of ports: a list of lists of cells. Rows out of sight have no innerText, so it is their text."""
        return self.evaluate("[...document.querySelectorAll('#port-table > tbody > tr:not(.more)')].map((row) =>"
                             " [...row.cells].map((cell) => cell.textContent.trim().replace(/\\s+/g, ' ')))")

    def row(self, name):
        """The cells of one port, such as "8080/tcp"; None when it is not shown."""
        return next((cells for cells in self.rows() if cells[0] == name), None)

    def await_row(self, name, condition, what, seconds=20):
        """Waits until the port's row is as the condition wants it."""
        return until(lambda: (cells := self.row(name)) and condition(cells) and cells, f"{name}: {what}", seconds)

    def close(self):
        """Ends it."""
        self._driver.stdin.close()
        self._driver.wait(30)
        self._driver.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.close()

"""A strict reader of the two formats of metrics: Prometheus text 0.0.4 and OpenMetrics 1.0.0.

It refuses what promtool and prometheus_client let pass: a series that is there twice, a family in two places or without
HELP and TYPE, an escape that the format does not know, a histogram that does not add up.
"""

import math
import re

_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
_HEAD = re.compile(r"# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)")
# What the samples of a type append to the name of their family.
_HISTOGRAM = {"_bucket", "_sum", "_count"}
_PROMETHEUS = {"counter": {""}, "gauge": {""}, "histogram": _HISTOGRAM}
_OPENMETRICS = {"counter": {"_total"}, "gauge": {""}, "histogram": _HISTOGRAM, "info": {"_info"}}
_UNESCAPED = {'"': '"', "\\": "\\", "n": "\n"}


class Malformed(AssertionError):
    """The text is not what the format, or its strict reading, allows."""


def _read_labels(text):
    labels = {}
    at = 0
    while at < len(text):
        match = _LABEL.match(text, at)
        if match is None:
            raise Malformed(f"not a label: {text[at:]}")
        name, value, _ = match.groups()
        if name in labels:
            raise Malformed(f"the label {name} twice: {text}")
        labels[name] = re.sub(r"\\(.)", lambda escape: _UNESCAPED[escape.group(1)], value)
        at = match.end()
    return labels


class Exposition:
    """All series of one page: family names with (type, help), and the values by (name, labels)."""

    def __init__(self, text, openmetrics=False):
        self._suffixes = _OPENMETRICS if openmetrics else _PROMETHEUS
        self.families = {}
        self._values = {}
        self._family = None
        self._complete = True
        if not text.endswith("\n"):
            raise Malformed("the last line has no end")
        lines = text[:-1].split("\n")
        if openmetrics and lines.pop() != "# EOF":
            raise Malformed("the last line is not # EOF")
        for line in lines:
            self._read_line(line)
        if not self._complete:
            raise Malformed(f"{self._family} ends without a sample")
        for name, (kind, _) in self.families.items():
            if kind == "histogram":
                self._check_histogram(name)

    def _read_line(self, line):
        if line.startswith("#"):
            self._read_head(line)
        else:
            self._read_sample(line)

    def _read_head(self, line):
        match = _HEAD.fullmatch(line)
        if match is None:
            raise Malformed(f"neither HELP nor TYPE: {line}")
        keyword, name, text = match.groups()
        if keyword == "HELP":
            if name in self.families:
                raise Malformed(f"the family {name} twice")
            if not self._complete:
                raise Malformed(f"{self._family} has no sample")
            self.families[name] = (None, text)
            self._family = name
            self._complete = False
        elif name != self._family or self.families[name][0] is not None or text not in self._suffixes:
            raise Malformed(f"not the TYPE of the family before it: {line}")
        else:
            self.families[name] = (text, self.families[name][1])

    def _read_sample(self, line):
        match = _SAMPLE.fullmatch(line)
        if match is None:
            raise Malformed(f"not a sample: {line}")
        name, labels, value = match.groups()
        kind = self.families.get(self._family, (None, None))[0]
        if name not in {self._family + suffix for suffix in self._suffixes.get(kind, ())}:
            raise Malformed(f"not a sample of {self._family}: {line}")
        key = (name, frozenset(_read_labels(labels or "").items()))
        if key in self._values:
            raise Malformed(f"the series twice: {line}")
        number = float(value)
        if not math.isfinite(number) or (kind != "gauge" and number < 0):
            raise Malformed(f"not a value of a {kind}: {line}")
        self._values[key] = number
        self._complete = True

    def _check_histogram(self, name):
        buckets = sorted((float(labels["le"]), count) for labels, count in self.series(name + "_bucket"))
        counts = [count for _, count in buckets]
        if not buckets or buckets[-1][0] != math.inf or counts != sorted(counts):
            raise Malformed(f"the buckets of {name} do not add up")
        if counts[-1] != self.value(name + "_count"):
            raise Malformed(f"the last bucket of {name} is not its count")

    def series(self, name, **wanted):
        """(labels, value) of every series of this name that has these labels."""
        return [(dict(labels), value) for (series, labels), value in self._values.items()
                if series == name and wanted.items() <= dict(labels).items()]

    def value(self, name, **labels):
        """The one series with exactly these labels; KeyError when it is absent."""
        return self._values[(name, frozenset(labels.items()))]

    def sum(self, name, **wanted):
        """Of all series with these labels, of which there must be one."""
        values = [value for _, value in self.series(name, **wanted)]
        if not values:
            raise KeyError(name)
        return sum(values)

    def has(self, name):
        """Whether the page has such a family."""
        return name in self.families

"""What `tidewait why` says: its text taken apart, its JSON checked, and both held against each other."""

import calendar
import json
import pathlib
import re
import time

import jsonschema

from lab.agent import run

_SCHEMA = pathlib.Path(__file__).parents[2] / "data" / "verdict.schema.json"
_LABELS = {"wait": "wait", "release": "now", "stop": "now", "code": "for good", "reserve": "for good",
           "privilege": "for good", "address": "instead", "look": "look"}
_BIND = re.compile(r"(\S+) (ok|E[A-Z]+|not known)(\*?)(?:\s|$)")
_CLOCK_TOLERANCE_S = 2


def flowing(text):
    """Without the line breaks of a terminal."""
    return " ".join(text.split())


def check_schema(verdict):
    """The object is what tests/data/verdict.schema.json allows, to the last key."""
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(verdict)


class Text:
    """One endpoint's answer for a reader."""

    def __init__(self, text):
        self.text = text
        self.flow = flowing(text)
        self.headline, *blocks = text.rstrip("\n").split("\n\n")
        assert "\n" not in self.headline, text
        self.binds = {}
        self.holders = []
        self.why = ""
        self.advice = ""
        for block in blocks:
            self._read_block(block)

    def _read_block(self, block):
        if block.startswith("  bind()"):
            for line in block.splitlines():
                self._read_binds(line)
        elif block.startswith("  HELD BY "):
            self.holders = block.splitlines()[1:]
        elif block.startswith("Why: "):
            self.why = flowing(block[len("Why: "):])
        elif block.startswith("What to do\n"):
            self.advice = block.partition("\n")[2]
        else:
            raise AssertionError(f"an unknown block:\n{block}")

    def _read_binds(self, line):
        match = re.match(r"  bind\(\)( with SO_REUSEADDR)?\s+", line)
        if match is None:
            return
        for address, result, inferred in _BIND.findall(line[match.end():]):
            how = "inferred" if inferred else "performed"
            self.binds[address.strip("[]"), match.group(1) is not None] = (result, how)


def answers(text):
    """Those of several endpoints: each begins with a line that is not indented and names a port."""
    starts = [match.start() for match in re.finditer(r"^\S+/(?:tcp|udp)\b.*\n\n", text, re.MULTILINE)]
    return [Text(text[start:end]) for start, end in zip(starts, [*starts[1:], len(text)])]


def _check_time_of_day(case, text, verdict):
    match = re.search(r" at (\d\d:\d\d:\d\d)", text.headline)
    if match is None:
        return
    instant = calendar.timegm(time.strptime(verdict["frees_at"], "%Y-%m-%dT%H:%M:%SZ"))
    near = range(instant - _CLOCK_TOLERANCE_S, instant + _CLOCK_TOLERANCE_S + 1)
    case.assertIn(match.group(1), [time.strftime("%H:%M:%S", time.localtime(second)) for second in near])


def check_agreement(case, text, verdict):
    """The text says what the JSON says."""
    binds = {(bind["address"], bind["reuseaddr"]): (bind["result"], bind["how"]) for bind in verdict["binds"]}
    case.assertEqual({key: shown for key, shown in text.binds.items() if shown[0] != "not known"}, binds)
    case.assertEqual(text.why, flowing(verdict["explanation"]))
    rows = [line for line in text.holders if re.match(r"  \d", line)]
    case.assertEqual(len(rows), len(verdict["holders"]), text.text)
    for row, holder in zip(rows, verdict["holders"]):
        state = {"bound_inactive": "bound", "close": "bound"}.get(holder["state"], holder["state"]).upper()
        case.assertEqual(row.split()[:3], [str(holder["count"]), state, holder["local"]])
        for owner in holder["owners"]:
            exited = "" if owner["alive"] else ", exited"
            case.assertIn(f"{owner['process']} ({owner['pid']}{exited})", flowing("\n".join(text.holders)))
    advice = flowing(text.advice)
    for remedy in verdict["remedies"]:
        case.assertIn(_LABELS[remedy["kind"]], advice)
        case.assertIn(flowing(remedy["text"]), advice)
        for line in (remedy["command"] or "").splitlines():
            case.assertRegex(text.advice, rf"(?m)^(?:  .{{11}}|  )?\s*{re.escape(line)}(?:\s|$)")
    _check_time_of_day(case, text, verdict)


def why(case, endpoint, code, *flags, ask=run):
    """Asks twice, in text and in JSON; both must agree, and both exit with code. Returns (Text, verdict)."""
    said = ask("why", endpoint, *flags)
    counted = ask("why", endpoint, "--json", *flags)
    case.assertEqual((said.code, said.err), (code, ""), said)
    case.assertEqual((counted.code, counted.err), (code, ""), counted)
    case.assertEqual(counted.out.count("\n"), 1)
    case.assertNotIn("\x1b", said.out + counted.out)
    verdict = json.loads(counted.out)
    check_schema(verdict)
    text = Text(said.out)
    check_agreement(case, text, verdict)
    return text, verdict

#!/usr/bin/python3
"""Sums up the runs of tests/run: summary.py RUN:KIND,KIND... for each build/RUN/junit.xml.

Lists what was skipped and why, then what failed. Ends with one line, "N passed, N failed, N skipped", and exit 1 when
anything failed, when a run is missing, or when everything of a kind was skipped: then nobody has tested it.
"""

import sys
import xml.etree.ElementTree as ElementTree

SKIP_MESSAGE = "SKIP_RETURN_CODE=77"
SKIP_MARK = "SKIPPED"
# What a machine may lack for good: another processor than x86-64, or no mirror of Debian, has no other kernels.
OPTIONAL = {"kernels"}


def read_run(name):
    """Each test of a run as (name, outcome, reasons); a run that did not take place is a test that failed."""
    try:
        cases = ElementTree.parse(f"build/{name}/junit.xml").getroot().findall("testcase")
    except (OSError, ElementTree.ParseError):
        return [(f"{name} could not be built or run: see above", "failed", [])]
    return [read_case(case) for case in cases]


def read_case(case):
    output = (case.findtext("system-out") or "").splitlines()
    reasons = [line.strip() for line in output if line.startswith(SKIP_MARK)]
    if case.get("status") == "run":
        return case.get("name"), "passed", reasons
    skipped = case.find("skipped")
    if skipped is not None and skipped.get("message") == SKIP_MESSAGE:
        return case.get("name"), "skipped", reasons or ["SKIPPED without a reason"]
    return case.get("name"), "failed", reasons


def kinds_nobody_tested(cases, kinds):
    """Of these kinds and those that the run has; a run that did not take place has said enough."""
    if [outcome for _, outcome, _ in cases] == ["failed"]:
        return []
    there = {name.split("/")[0] for name, _, _ in cases}
    ran = {name.split("/")[0] for name, outcome, _ in cases if outcome != "skipped"}
    return sorted((there | set(kinds)) - ran - OPTIONAL)


def main(arguments):
    runs = []
    for argument in arguments:
        name, _, kinds = argument.partition(":")
        runs.append((name, kinds.split(","), read_run(name)))

    print("\n== summary")
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    problems = []
    for name, kinds, cases in runs:
        counts = {outcome: sum(case[1] == outcome for case in cases) for outcome in totals}
        print(f"{name}: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
        for outcome, count in counts.items():
            totals[outcome] += count
        for test, outcome, reasons in cases:
            for reason in reasons:
                print(f"  !! {test} {'as a whole' if outcome == 'skipped' else 'in part'}: {reason}")
            if outcome == "failed":
                print(f"  FAILED {test}")
        problems += [f"{name}: every test of the kind {kind} was skipped, so nobody has tested it"
                     for kind in kinds_nobody_tested(cases, kinds)]
    for problem in problems:
        print(f"FAILED {problem}")
        totals["failed"] += 1
    print(f"{totals['passed']} passed, {totals['failed']} failed, {totals['skipped']} skipped")
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""One line of the report: what was measured, beside whom, and whether it reaches what it should."""

import dataclasses
import statistics

from cost import ratio

_UNITS = {"ms": 1e6, "us": 1e3, "s": 1e9}


@dataclasses.dataclass(frozen=True)
class Figure:
    """ours and theirs are medians in the unit; the ratio is of ours to theirs, None where there is no peer."""

    work: str
    peer: str
    unit: str
    ours: float
    theirs: float | None
    ratio: float | None
    low: float | None
    high: float | None
    reach: str
    reached: bool


def compared(work, peer, ours, theirs, *, most=None, least=None, unit="ms"):
    """Of samples taken in turn: the ratio is to be at most, or at least, so much, or only told. Times: nanoseconds."""
    scale = _UNITS.get(unit, 1)
    found = ratio(ours, theirs)
    reach, reached = "", True
    if most is not None:
        reach, reached = f"≤ {most:.4g} ×", found.median <= most
    elif least is not None:
        reach, reached = f"≥ {least:.4g} ×", found.median >= least
    return Figure(work, peer, unit, statistics.median(ours) / scale, statistics.median(theirs) / scale, found.median,
                  found.low, found.high, reach, reached)


def alone(work, value, unit, *, most=None, exactly=None):
    """Without a peer: at most so much, or exactly so much."""
    if exactly is not None:
        return Figure(work, "–", unit, value, None, None, None, None, f"= {exactly:.6g}", value == exactly)
    return Figure(work, "–", unit, value, None, None, None, None, f"≤ {most:.4g}", value <= most)


def told(work, value, unit):
    """Nothing is asked of it: the report tells it, so that a change shows."""
    return Figure(work, "–", unit, value, None, None, None, None, "", True)


_HEAD = "| work | beside | ours | theirs | ratio (from–to) | to reach | |\n|---|---|---|---|---|---|---|\n"


def line(figure):
    """A row of the table."""
    theirs = "" if figure.theirs is None else f"{figure.theirs:,.4g} {figure.unit}"
    spread = "" if figure.ratio is None else f"{figure.ratio:.3g} ({figure.low:.3g}–{figure.high:.3g})"
    mark = "" if not figure.reach else "yes" if figure.reached else "**no**"
    return (f"| {figure.work} | {figure.peer} | {figure.ours:,.4g} {figure.unit} | {theirs} | {spread} "
            f"| {figure.reach} | {mark} |")


def markdown(found):
    """The table."""
    return _HEAD + "".join(f"{line(figure)}\n" for figure in found)

"""The dashboards as files, and the rules that each must keep: Grafana's dashboard linter's, and some of our own."""

import itertools
import json
import pathlib
import re

PLACE = pathlib.Path(__file__).resolve().parents[3] / "dashboards" / "grafana"
COLUMNS = 24
_UNITS = {"none", "s", "percentunit", "cps", "reqps", "bytes", "dateTimeAsIso"}
_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

_SELECTOR = re.compile(r"\b([a-zA-Z_]\w*)\{([^}]*)\}")
_LABEL_LIST = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_INNER = re.compile(r"\w+\s*\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"")
_NAME = re.compile(r"\b([a-zA-Z_]\w*)\b(?!\s*\()")
_WORDS = {"and", "or", "unless", "bool", "by", "without", "on", "ignoring", "group_left", "group_right"}
_RANGE = re.compile(r"\b(\w+)\((\w+)\{[^}]*\}\[([^\]]*)\]")
_VARIABLE = re.compile(r"\$(?:\{(\w+)[^}]*\}|(\w+))")
_CARRIED = ("${datasource:queryparam}", "${job:queryparam}", "var-instance=", "${__url_time_range}")
_LINK = re.compile(r"^/d/([\w-]+)\?")


def load():
    """Every dashboard, by the name of its file."""
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(PLACE.glob("*.json"))}


def panels(dashboard):
    """Those that show something: all but the rows, which are headings."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions(dashboard):
    """Each query as (title of its panel, target)."""
    return [(panel["title"], target) for panel in panels(dashboard) for target in panel["targets"]]


def selectors(expression):
    """Each (metric, its matchers); a metric without any has ""."""
    bare = _INNER.sub("", _LABEL_LIST.sub("", expression))
    alone = {name for name in _NAME.findall(bare) if name not in _WORDS}
    return _SELECTOR.findall(expression) + [(name, "") for name in sorted(alone)]


def _matchers_of(metric):
    if metric.startswith("node_"):
        return ('job=~"$node_job"', 'instance=~"$node"')
    return ('job=~"$job"', 'instance=~"$instance"')


def _expression_faults(expression):
    for metric, matchers in selectors(expression):
        for matcher in _matchers_of(metric):
            if matcher not in matchers:
                yield f"{metric} without {matcher}"
    ranges = _RANGE.findall(expression)
    if len(ranges) != expression.count("["):
        yield "a range that is not of one metric in one function"
    for function, metric, window in ranges:
        if window != "$__rate_interval":
            yield f"{function}({metric}) over {window}"
    rated = {metric for function, metric, _ in ranges if function in ("rate", "increase")}
    for metric, _ in selectors(expression):
        if metric.endswith(("_total", "_bucket")) and metric not in rated:
            yield f"{metric} is a counter, and not in rate() or increase()"


def _links(panel):
    config = panel["fieldConfig"]
    found = list(config["defaults"].get("links", []))
    for override in config["overrides"]:
        found += [link for entry in override["properties"] if entry["id"] == "links" for link in entry["value"]]
    return [link["url"] for link in found]


def _units(panel):
    config = panel["fieldConfig"]
    return {config["defaults"].get("unit")} | {entry["value"] for override in config["overrides"]
                                               for entry in override["properties"] if entry["id"] == "unit"}


def _panel_faults(panel, uids):
    if not panel.get("title") or not panel.get("description", "").endswith((".", ")")):
        yield "it has no title, or no sentence that describes it"
    for unit in _units(panel) - _UNITS:
        yield f"the unit {unit}"
    targets = panel["targets"]
    if not targets or len({target["refId"] for target in targets}) != len(targets):
        yield "it has no targets, or two of one refId"
    if any(part.get("datasource") != _DATASOURCE for part in (panel, *targets)):
        yield "its datasource is not the variable"
    for url in _links(panel):
        target = _LINK.match(url)
        if not target or target.group(1) not in uids or any(part not in url for part in _CARRIED):
            yield f"a link to nowhere, or one that does not carry its choice: {url}"
    for target in targets:
        yield from _expression_faults(target["expr"])


def _layout_faults(dashboard):
    for field in ("id", "title"):
        if len({panel[field] for panel in dashboard["panels"]}) != len(dashboard["panels"]):
            yield f"two panels of one {field}"
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        if place["x"] < 0 or place["w"] < 1 or place["h"] < 1 or place["x"] + place["w"] > COLUMNS:
            yield f"{panel['title']}: outside of the {COLUMNS} columns"
    for one, other in itertools.combinations(dashboard["panels"], 2):
        a, b = one["gridPos"], other["gridPos"]
        if all(a[at] < b[at] + b[size] and b[at] < a[at] + a[size] for at, size in (("x", "w"), ("y", "h"))):
            yield f"{one['title']} overlaps {other['title']}"


def _variable_faults(dashboard):
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    source = variables.get("datasource", {})
    if (source.get("type"), source.get("query"), source.get("label")) != ("datasource", "prometheus", "Data source"):
        yield "no variable datasource"
    # The linter wants .+ for job, too, which would take every target's `up` for an agent's.
    for name, every in (("job", None), ("instance", ".+")):
        variable = variables.get(name, {})
        if not (variable.get("multi") and variable.get("includeAll") and variable.get("allValue") == every):
            yield f"the variable {name} is not for several, or its all is not {every}"
    for name, variable in variables.items():
        if not variable.get("label"):
            yield f"the variable {name} has no label"
        if variable["type"] == "query" and (variable["refresh"], variable["datasource"]) != (2, _DATASOURCE):
            yield f"the variable {name} is not asked again when the time range changes, or of another datasource"
    used = {one or other for one, other in _VARIABLE.findall(json.dumps(dashboard["panels"]))}
    used = {name for name in used if not name.startswith("__")}
    for name in used - set(variables):
        yield f"${name} is used, and is no variable"
    queries = json.dumps([variable["query"] for variable in variables.values()])
    for name in set(variables) - used:
        if f"${name}" not in queries:
            yield f"the variable {name} is not used"


def faults(dashboard, uids):
    """What is wrong with a dashboard, a line each. uids: of all dashboards that a link may lead to."""
    found = []
    if not re.fullmatch(r"[a-z][a-z-]{0,39}", dashboard["uid"]) or not dashboard["title"].startswith("tidewait"):
        found.append("its uid or its title")
    if (dashboard["editable"], dashboard["schemaVersion"], dashboard["tags"]) != (False, 39, ["tidewait"]) \
            or "__inputs" in dashboard:
        found.append("editable, another schema, __inputs, or other tags")
    found += _layout_faults(dashboard)
    found += _variable_faults(dashboard)
    for panel in panels(dashboard):
        found += [f"{panel['title']}: {fault}" for fault in _panel_faults(panel, uids)]
    return found

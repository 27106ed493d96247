"""What Grafana asks Prometheus for a dashboard: its variables first, then its queries with their values in place."""

import re

from lab import dashboards

_LABEL_VALUES = re.compile(r"label_values\((?:(.+), *)?(\w+)\)")
_QUERY_RESULT = re.compile(r"query_result\((.+)\)")
_REFERENCE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
# Of the labels of replacements: $1 is no variable.
_NOT_A_VARIABLE = re.compile(r"\d+")


class Viewer:
    """Looks at a dashboard at one moment, back over some seconds, with a point each second."""

    def __init__(self, prometheus, moment, seconds, **chosen):
        self._prometheus = prometheus
        self._moment = moment
        self._start = moment - seconds
        self._chosen = chosen
        self._values = {"__rate_interval": f"{seconds}s"}

    def options(self, name):
        """The texts of a variable that was resolved, to choose from."""
        return list(self._options[name])

    def open(self, dashboard):
        """Resolves each variable, in the order in which they stand."""
        self._options = {}
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                name = variable["name"]
                options = self._options[name] = self._resolve(variable)
                assert options, f"the variable {name} has no values"
                self._values[name] = self._choice(variable, options)
        return self

    def _choice(self, variable, options):
        if variable["name"] in self._chosen:
            return options[self._chosen[variable["name"]]]
        if variable["includeAll"]:
            return variable.get("allValue", f"({'|'.join(options.values())})")
        return variable.get("current", {}).get("value", next(iter(options.values())))

    def _resolve(self, variable):
        """{text: value}."""
        query = self._in_place(variable["query"]["query"])
        if variable["query"]["qryType"] == 1:
            series, label = _LABEL_VALUES.fullmatch(query).groups()
            found = self._prometheus.ask(f"label/{label}/values", **{"match[]": series}, start=self._start,
                                         end=self._moment)
        else:
            expression = _QUERY_RESULT.fullmatch(query).group(1)
            result = self._prometheus.ask("query", query=expression, time=self._moment)["result"]
            found = [_as_text(series["metric"]) for series in result]
        pattern = variable.get("regex")
        if not pattern:
            return {text: text for text in found}
        # Grafana writes regular expressions as JavaScript does.
        matches = [re.search(pattern.strip("/").replace("(?<", "(?P<"), text) for text in found]
        named = [match.groupdict() or {"text": match.group(), "value": match.group()} for match in matches if match]
        return {entry["text"]: entry["value"] for entry in named}

    def _in_place(self, text):
        def value(match):
            name = match.group(1) or match.group(2)
            return match.group() if _NOT_A_VARIABLE.fullmatch(name) else self._values[name]

        return _REFERENCE.sub(value, text)

    def rows(self, target):
        """What a query adds to a table: a column for each label that any series has, empty for those that lack it."""
        result = self._prometheus.ask("query", query=self._in_place(target["expr"]), time=self._moment)["result"]
        columns = {label for series in result for label in series["metric"]}
        return [{label: series["metric"].get(label, "") for label in columns} for series in result]

    def numbers(self, target):
        """Every number that the query of a panel gives, of every series, as floats."""
        query = self._in_place(target["expr"])
        if target.get("instant"):
            result = self._prometheus.ask("query", query=query, time=self._moment)["result"]
            return [float(series["value"][1]) for series in result]
        result = self._prometheus.ask("query_range", query=query, start=self._start, end=self._moment, step=1)["result"]
        return [float(value) for series in result for _, value in series["values"]]

    def silent(self, dashboard):
        """The queries that give nothing, or nothing that is a number, as "PANEL: QUERY"."""
        return [f"{title}: {target['expr']}" for title, target in dashboards.expressions(dashboard)
                if all(number != number for number in self.numbers(target))]


def _as_text(metric):
    return "{" + ",".join(f'{label}="{value}"' for label, value in sorted(metric.items())) + "}"

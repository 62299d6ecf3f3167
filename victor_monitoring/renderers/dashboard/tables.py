"""Tables: a row for each label set, a column for each signal."""

from __future__ import annotations

from victor_monitoring.renderers.dashboard.fields import Json, ref_id
from victor_monitoring.renderers.dashboard.thresholds import Limits
from victor_monitoring.renderers.dashboard.variables import open_scope, pinned
from victor_monitoring.resolved.spec import Panel


def transformations(panel: Panel) -> list[Json]:
    """What makes one table of the queries: rows of equal labels merged, labels first, then the signals."""
    names = _value_names(panel)
    first = panel.signals[0]
    labels = tuple(dict.fromkeys((*first.by, *open_scope(first))))
    hidden = ["Time", *sorted({label for signal in panel.signals for label in pinned(signal.select)})]
    organize = {
        "excludeByName": dict.fromkeys(hidden, True),
        "indexByName": {name: index for index, name in enumerate((*labels, *names))},
        "renameByName": {name: signal.title for name, signal in zip(names, panel.signals, strict=True)},
    }
    merge = [{"id": "merge", "options": {}}] if len(panel.signals) > 1 else []
    return [*merge, {"id": "organize", "options": organize}]


def sorting(panel: Panel, limits: Limits) -> Json:
    """The option that puts the rows of a table of one signal in order, the worst first."""
    if panel.is_columns or len(panel.signals) > 1:
        return {}
    signal = panel.signals[0]
    return {"sortBy": [{"displayName": signal.title, "desc": not limits.low_is_bad(signal)}]}


def _value_names(panel: Panel) -> list[str]:
    """What Grafana calls the values of each query: `Value`, and of several `Value #A` and so on."""
    if len(panel.signals) == 1:
        return ["Value"]
    return [f"Value #{ref_id(index)}" for index in range(len(panel.signals))]

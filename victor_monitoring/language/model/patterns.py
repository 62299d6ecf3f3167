"""The patterns of mistakes that are found while the model of a spec is read."""

from __future__ import annotations

from typing import Final

from victor_monitoring.base.diagnostics import Pattern, Severity

UNKNOWN_KEY: Final = Pattern(
    "VM040",
    "unknown-key",
    Severity.ERROR,
    """A mapping has a key that the language does not know.

It would silently have no effect. Colours, queries and Kubernetes objects have no keys: they are derived
from the alerts and signals. Bad: `treshold: 5`. Good: `when: "> 5"`.""",
)
MISSING_KEY: Final = Pattern(
    "VM041",
    "missing-key",
    Severity.ERROR,
    """A required key is missing.

Bad: a metric without `type`. Good: `{type: gauge, help: Entries held.}`.""",
)
BAD_VALUE: Final = Pattern(
    "VM042",
    "bad-value",
    Severity.ERROR,
    """A value has the wrong type or form for its key, or is not one of its allowed values.

Bad: `for: 5 minutes`, `when: "> 80"` of a ratio. Good: `for: 5m`, `when: "> 80%"`.""",
)
UNHIT_OVERRIDE: Final = Pattern(
    "VM043",
    "unhit-override",
    Severity.ERROR,
    """A context overrides something that the spec does not define.

The override would silently have no effect. Alerts and signals are given by name, alerts without their group.
Bad: `override: {alerts: {HighLatncy: ..}}`. Good: `override: {alerts: {HighLatency: ..}}`.""",
)
UNEVEN_SCALE: Final = Pattern(
    "VM044",
    "uneven-time-scale",
    Severity.ERROR,
    """A duration divided by a context's time scale is not a whole number of milliseconds.

Prometheus has no shorter unit than a millisecond.
Bad: `time_scale: 60` with a scrape every 10s. Good: `time_scale: 50`.""",
)
CIRCULAR_SIGNAL: Final = Pattern(
    "VM045",
    "circular-signal",
    Severity.ERROR,
    """A score is a part of itself, directly or through its parts.

Bad: a score that names itself. Good: a score of signals that read metrics.""",
)
CUT_TEXT: Final = Pattern(
    "VM046",
    "cut-text",
    Severity.WARNING,
    """An unquoted text ends at ` #`, which starts a comment in YAML.

The rest of the sentence is lost. Bad: `summary: 50% # of it`. Good: `summary: "50% # of it"`.""",
)
BAD_EXPRESSION: Final = Pattern(
    "VM047",
    "bad-expression",
    Severity.ERROR,
    """Prometheus would refuse an expression, or nothing of the spec says which metric it reads.

An expression is read as the version in `service.prometheus` does, or as 2.42 and 3 both do where none is
given. Every selector names a metric of the spec, or a series that a signal records.

Bad: `expr: rate(shop_orders_total)`. Good: `expr: rate(shop_orders_total[5m])`.""",
)
LANGUAGE: Final = (
    UNKNOWN_KEY,
    MISSING_KEY,
    BAD_VALUE,
    UNHIT_OVERRIDE,
    UNEVEN_SCALE,
    CIRCULAR_SIGNAL,
    CUT_TEXT,
    BAD_EXPRESSION,
)

"""The kinds of mistakes in what a spec says, as far as its shape shows them."""

from __future__ import annotations

from typing import Final

from victor_monitoring.base.diagnostics import Pattern, Severity

UNKNOWN_KEY: Final = Pattern(
    "VM040",
    "unknown-key",
    Severity.ERROR,
    """A mapping has a key that the language does not know.

It would have no effect, and nobody would notice. Colours, queries and Kubernetes objects have no keys:
they follow from the alerts and signals. Bad: `treshold: 5`. Good: `when: "> 5"`.""",
)
MISSING_KEY: Final = Pattern(
    "VM041",
    "missing-key",
    Severity.ERROR,
    """A mapping lacks a key that has no default.

Bad: a metric without `type`. Good: `{type: gauge, help: Entries held.}`.""",
)
BAD_VALUE: Final = Pattern(
    "VM042",
    "bad-value",
    Severity.ERROR,
    """A value is not of the type, the form or the set that its key wants.

Bad: `for: 5 minutes`, `when: "> 80"` of a ratio. Good: `for: 5m`, `when: "> 80%"`.""",
)
UNHIT_OVERRIDE: Final = Pattern(
    "VM043",
    "unhit-override",
    Severity.ERROR,
    """A context overrides something that the spec does not have.

The override would be lost in silence. Alerts are named without their group, signals by their name.
Bad: `override: {alerts: {HighLatncy: ..}}`. Good: `override: {alerts: {HighLatency: ..}}`.""",
)
UNEVEN_SCALE: Final = Pattern(
    "VM044",
    "uneven-time-scale",
    Severity.ERROR,
    """A context's time scale leaves a duration that is no whole number of milliseconds.

Prometheus knows none. Bad: `time_scale: 60` with a scrape every 10s. Good: `time_scale: 50`.""",
)
CIRCULAR_SIGNAL: Final = Pattern(
    "VM045",
    "circular-signal",
    Severity.ERROR,
    """A score is, directly or through its parts, a part of itself.

Bad: a score that names itself. Good: a score of signals that read metrics.""",
)
CUT_TEXT: Final = Pattern(
    "VM046",
    "cut-text",
    Severity.WARNING,
    """An unquoted text ends at ` #`, where YAML begins a comment.

The rest of the sentence is lost. Bad: `summary: 50% # of it`. Good: `summary: "50% # of it"`.""",
)
LANGUAGE: Final = (
    UNKNOWN_KEY,
    MISSING_KEY,
    BAD_VALUE,
    UNHIT_OVERRIDE,
    UNEVEN_SCALE,
    CIRCULAR_SIGNAL,
    CUT_TEXT,
)

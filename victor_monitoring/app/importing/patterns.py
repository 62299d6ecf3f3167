"""The patterns of rules and files that an import leaves out or changes."""

from __future__ import annotations

from victor_monitoring.base.diagnostics import Pattern, Severity

UNREAD_TEMPLATE = Pattern(
    "VM710",
    "unread-template",
    Severity.WARNING,
    """A file has templates of Helm or Jinja, so it is no rules file before they are expanded.

Bad: the files of `chart/templates/`. Good: the output of `helm template chart`.""",
)
BAD_RULE = Pattern(
    "VM711",
    "bad-rule",
    Severity.ERROR,
    """A rule or a group is not as Prometheus requires it, and is left out of the import.

Prometheus refuses the whole file for it. Bad: `expr: sum(x`. Good: `expr: sum(x)`.""",
)
LEFT_OUT_RULE = Pattern(
    "VM712",
    "left-out-rule",
    Severity.ERROR,
    """A valid rule cannot be written in a spec, and is left out of the import.

Keep such rules in a file of their own, which Prometheus loads as well.
Bad: a recording rule that adds labels. Good: the same rule with the labels in its expression.""",
)
CHANGED_RULE = Pattern(
    "VM713",
    "changed-rule",
    Severity.ERROR,
    """The spec renders a rule otherwise than it was: its expression, labels, annotations or durations.

Compare the two before you replace the old rule.""",
)

IMPORT = (UNREAD_TEMPLATE, BAD_RULE, LEFT_OUT_RULE, CHANGED_RULE)

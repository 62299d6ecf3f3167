"""Expected labels and annotations of alerts, as far as the texts of their templates are known.

The value that Prometheus computes may differ in its last digits from the one that is computed here, unless no
sum or function rounds it. A text is known if all values this close to it make the same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from victor_monitoring.language.resolved.spec import Alert
from victor_monitoring.promql.grammar import COMPARISONS, SET_OPERATORS
from victor_monitoring.promql.prometheus_version import NEWEST
from victor_monitoring.promql.tree import Aggregate, Binary, Call, nodes
from victor_monitoring.rule_tests.case import Firing
from victor_monitoring.signals.go_template.expansion import expanded
from victor_monitoring.signals.go_template.lexer import GoTemplateError
from victor_monitoring.signals.go_template.printing import NotExpandedError
from victor_monitoring.signals.go_template.reader import read
from victor_monitoring.signals.template import Template, has_go_template

_CLOSE: Final = 1e-9  # as a share of the value
_SHORT: Final = 1024  # a number with no smaller part than 1/1024 is exact, and so are sums of such
# Their results do not depend on the order of additions or on a library.
_EXACT_AGGREGATIONS: Final = frozenset({"bottomk", "count", "group", "max", "min", "topk"})
_EXACT_OPERATORS: Final = COMPARISONS | SET_OPERATORS | {"+", "-", "*", "/"}
_EXACT_FUNCTIONS: Final = frozenset(
    {"absent", "count_over_time", "last_over_time", "max_over_time", "min_over_time", "time"}
)


class UnknownLabelError(ValueError):
    """A label whose text is not known, so that no firing alert can be expected."""


def firing(alert: Alert, series: Mapping[str, str], value: float | None) -> Firing:
    """Return the firing alert for a series of the alert's expression with these labels and this value.

    Texts that read the value are not known without one. Raise UnknownLabelError if the text of a label is
    not known; under `for` and `keep_firing_for` it is not if it reads the value, as another text begins
    another alert.
    """
    is_lasting = alert.pending or alert.keep_firing
    values: list[float | None] = [value]
    if value is not None and not _is_exact(alert, value):
        values += [value * (1 - _CLOSE), value * (1 + _CLOSE)]
    read_labels = alert.template_labels(series)
    labels = dict(series)
    for label, text in alert.labels:
        found = _known(text, read_labels, [None] if is_lasting else values)
        if found is None:
            raise UnknownLabelError(f"the template of its label `{label}` cannot be computed")
        labels[label] = found
    texts = dict(_filled(alert, series, value))
    if alert.runbook:
        texts["runbook_url"] = alert.runbook
    texts |= {name: _known(text, read_labels, values) for name, text in alert.annotations}
    return Firing(
        {label: text for label, text in labels.items() if text},
        {name: text for name, text in texts.items() if text is not None},
        frozenset(name for name, text in texts.items() if text is None),
    )


def _filled(alert: Alert, series: Mapping[str, str], value: float | None) -> Iterator[tuple[str, str | None]]:
    """Yield the annotations with placeholders; None for one that prints a value without one."""

    def filled(template: Template) -> str | None:
        if value is None and any(each.name == "value" for each in template.placeholders):
            return None
        return alert.filled(template, series, value or 0.0)

    if alert.summary:
        yield "summary", filled(alert.summary)
    if alert.description:
        yield "description", filled(alert.description)
    if alert.actions:
        actions = [filled(each) for each in alert.actions]
        known = [f"- {each}" for each in actions if each is not None]
        yield "actions", "\n".join(known) if len(known) == len(actions) else None


def _is_exact(alert: Alert, value: float) -> bool:
    """Return whether each Prometheus computes this very value of the alert's expression.

    Samples that change with time are rounded, too, unless they are sums of few powers of 2.
    """
    if alert.signal.kind.grain() is not None:
        return True
    if alert.signal.reads_time and not (value * _SHORT).is_integer():
        return False
    definitions = [each.definition() for each in alert.signal.with_parts()]
    return all(
        {each.op for each in nodes(tree, Aggregate)} <= _EXACT_AGGREGATIONS
        and {each.op for each in nodes(tree, Binary)} <= _EXACT_OPERATORS
        and {each.function for each in nodes(tree, Call)} <= _EXACT_FUNCTIONS
        for tree in definitions
    )


def _known(text: str, labels: Mapping[str, str], values: Iterable[float | None]) -> str | None:
    """Return the text that Prometheus makes of a label or an annotation; None if it is not known."""
    if not has_go_template(text):
        return text
    try:
        found = {expanded(read(text, NEWEST), labels, each) for each in values}
    except (GoTemplateError, NotExpandedError):
        return None
    return found.pop() if len(found) == 1 else None

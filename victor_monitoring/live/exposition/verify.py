"""The deviations of an exposition from a resolved spec, each with its position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from victor_monitoring.base.diagnostics import Diagnostic, Pattern, Severity, Span, in_order
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.tree import MapNode, span_at
from victor_monitoring.live.exposition.comparison import Deviation, compare
from victor_monitoring.live.exposition.exposition import Exposition, ExpositionToken
from victor_monitoring.live.exposition.metrics import (
    metric_without_series,
    other_help,
    other_type,
    other_unit,
    undeclared_metric,
    unexposed_metric,
)
from victor_monitoring.live.exposition.series import (
    label_over_limit,
    other_buckets,
    other_labels,
    overspent_budget,
    undeclared_label_value,
)

MALFORMED: Final = Pattern(
    "VM800",
    "malformed-exposition",
    Severity.ERROR,
    """A line of an exposition is malformed in Prometheus' text format, or in OpenMetrics if it declares that.

Prometheus then rejects the whole scrape: every metric of the target is missing, not only that of the line.
Bad: `shop_orders_total{code="200} 5`. Good: `shop_orders_total{code="200"} 5`.""",
)
CONTRADICTORY: Final = Pattern(
    "VM812",
    "contradictory-exposition",
    Severity.ERROR,
    """Two lines of an exposition contradict each other: a series occurs twice, or a metric has two types.

Prometheus takes the scrape and keeps one of the two, without a word outside its log.
Bad: `shop_tills_open 3` and `shop_tills_open 4`. Good: each series once.""",
)
_DEVIATIONS: Final = (
    unexposed_metric,
    metric_without_series,
    undeclared_metric,
    other_type,
    other_help,
    other_unit,
    other_labels,
    undeclared_label_value,
    other_buckets,
    overspent_budget,
    label_over_limit,
)
EXPOSITION: Final = (MALFORMED, CONTRADICTORY, *(each.pattern for each in _DEVIATIONS))
_SHOWN_FAULTS: Final = 20  # a text that is not an exposition has one on each line


def verify(
    spec: Resolved, tree: MapNode, exposition: Exposition, *, components: Sequence[str] | None = None
) -> list[Diagnostic]:
    """Return every deviation of an exposition from a spec, in order; `tree` is the YAML of the spec.

    Only the metrics of `components` are compared, if given. For a text without a readable sample the
    malformed lines are the only diagnostics.
    """
    diagnostics = list(faults(exposition))
    if diagnostics and not exposition.samples:
        return diagnostics

    def span(found: Deviation) -> Span:
        if isinstance(found.place, ExpositionToken):
            return exposition.span(found.place)
        return span_at(tree, found.place, key=True)

    comparison = compare(spec, exposition, components)
    for each in _DEVIATIONS:
        diagnostics += [
            each.pattern.at(span(found), found.message, found.hint) for found in each.find(comparison)
        ]
    return in_order(diagnostics)


def faults(exposition: Exposition) -> Iterator[Diagnostic]:
    """Yield the malformed lines of an exposition, up to a number, and how many more there are."""
    shown, others = exposition.faults[:_SHOWN_FAULTS], exposition.faults[_SHOWN_FAULTS:]
    for fault in shown:
        pattern = MALFORMED if fault.is_refused else CONTRADICTORY
        yield pattern.at(exposition.span(fault.place), fault.message, fault.hint)
    if others:
        message = f"{len(others)} more lines are malformed"
        yield MALFORMED.at(exposition.span(others[0].place), message, "check that this is an exposition")

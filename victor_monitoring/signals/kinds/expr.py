"""Raw PromQL: whatever the other kinds cannot say."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Final

from victor_monitoring.promql.inference.facts import SeriesFacts
from victor_monitoring.promql.inference.infer import inferred
from victor_monitoring.promql.inference.labels import ABSENT
from victor_monitoring.promql.tree import Aggregate, Binary, Call, Expr, filters, nodes
from victor_monitoring.signals.expression import Expression, history, windows
from victor_monitoring.signals.signal import At, KindInput, Signal, SignalKind
from victor_monitoring.signals.units import UNITS, Unit

# Whole numbers stay whole, unless one of these operators and aggregations, or another function, is used.
_FRACTIONAL_OPERATORS: Final = frozenset({"/", "^", "atan2"})
_FRACTIONAL_AGGREGATIONS: Final = frozenset({"avg", "stddev", "stdvar", "quantile"})
_WHOLE_FUNCTIONS: Final = frozenset(
    {
        *("abs", "absent", "absent_over_time", "ceil", "changes", "clamp", "clamp_max", "clamp_min"),
        *("count_over_time", "floor", "label_join", "label_replace", "last_over_time", "max_over_time"),
        *("min_over_time", "present_over_time", "resets", "round", "sgn", "sort", "sort_desc"),
        *("sum_over_time", "vector"),
    }
)


@dataclass(frozen=True, slots=True)
class RawExpression(SignalKind):
    """Any PromQL, where no other kind says it: each of its selectors gets the `select` of its metric.

    What is selected within `absent` and `absent_over_time` stays as written. Every label of the series
    passes, unless the expression aggregates; `by` names those that texts may use.

    Example: `shop_replicas_wanted - shop_replicas_ready`
    """

    NAME: ClassVar[str] = "expr"

    expression: Expression
    """The expression. It may read metrics of the spec, and series that other signals `record`. Example:
    `shop_replicas_wanted - shop_replicas_ready`"""

    def readings(self) -> tuple[KindInput, ...]:
        return tuple(
            KindInput((), each.selector, each.selector.metric.type.ROLES, each.name)
            for each in self.expression.series
        )

    def units(self) -> tuple[Unit, ...] | None:
        found = inferred(self.expression.tree, self.facts()).dimension
        if found is None or found.scale is None:
            return None
        return tuple(unit for unit in UNITS.values() if unit.dimension == found) or None

    def promql(self, signal: Signal) -> Expr:
        return self.expression.tree

    def words(self, signal: Signal) -> str:
        return "the value of a raw expression"

    def is_windowed(self) -> bool:
        return self.window() is not None

    def window(self) -> int | None:
        return max(windows(self.expression.tree), default=None)

    def history(self, signal: Signal) -> int:
        return history(self.expression.tree)

    def facts(self) -> dict[str, SeriesFacts]:
        found = SignalKind.facts(self)
        return found | {part.record: part.recorded_facts() for part in self.expression.parts}

    def kept(self, signal: Signal, labels: tuple[str, ...]) -> tuple[str, ...]:
        passed = signal.inference.labels
        return tuple(label for label in labels if passed[label] != ABSENT)

    def own_labels(self, signal: Signal) -> tuple[str, ...]:
        """Return the labels that the expression aggregates by, if it does."""
        found = signal.inference
        shared = {*signal.scope, *signal.select.labels}
        return tuple(sorted(found.labels.possible - shared)) if found.is_aggregated else ()

    def is_condition(self) -> bool:
        return filters(self.expression.tree)

    def can_equal(self, threshold: Fraction) -> bool:
        tree = self.expression.tree
        return threshold.denominator == 1 or (
            all(each.op not in _FRACTIONAL_OPERATORS for each in nodes(tree, Binary))
            and all(each.op not in _FRACTIONAL_AGGREGATIONS for each in nodes(tree, Aggregate))
            and all(each.function in _WHOLE_FUNCTIONS for each in nodes(tree, Call))
        )

    def parts(self) -> tuple[tuple[At, Signal], ...]:
        return tuple(((), part) for part in self.expression.parts)

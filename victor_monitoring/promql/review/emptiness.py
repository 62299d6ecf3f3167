"""Parts of an expression that never have a value."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.promql.grammar import ABSENCE
from victor_monitoring.promql.inference.facts import facts_of
from victor_monitoring.promql.inference.labels import ABSENT
from victor_monitoring.promql.review.reviewed import Remark, Reviewed, span_of
from victor_monitoring.promql.tree import Aggregate, Call, Vector, children, vectors


def always_empty(reviewed: Reviewed) -> Iterator[Remark]:
    """Yield the innermost parts without a value; empty operations have reviews of their own."""
    for expr, _ in reviewed.places():
        inner = [reviewed.of(child).empty for child in children(expr)]
        if isinstance(expr, Call) and expr.function == "histogram_quantile":
            if inner[1] != "always" and _is_without_buckets(reviewed, expr):
                message = "`histogram_quantile` never has a value: its argument has no label `le`"
                hint = "keep it: `sum by (le, ..) (rate(.._bucket[5m]))`"
                yield Remark(span_of(expr, len(expr.function)), message, hint)
        elif reviewed.of(expr).empty == "always" and "always" not in inner:
            match expr:
                case Vector():
                    yield from _of_selector(reviewed, expr)
                case Call(function) if function in ABSENCE:
                    message = f"`{function}` never has a value: its argument always has one"
                    hint = "leave out the part that gives the argument a value"
                    yield Remark(span_of(expr, len(function)), message, hint)
                case Call(name) | Aggregate(name):
                    hint = "change its parameters, or leave it out"
                    yield Remark(span_of(expr, len(name)), f"`{name}` never has a value", hint)


def _is_without_buckets(reviewed: Reviewed, call: Call) -> bool:
    """Return whether the label `le` of a classic histogram is dropped inside of the call.

    VictoriaMetrics has histograms with a label `vmrange` instead.
    """
    argument, labels = call.arguments[1], reviewed.of(call.arguments[1]).labels
    is_classic = all(each.metric.endswith("_bucket") for each in vectors(argument))
    return is_classic and labels["le"] == ABSENT == labels["vmrange"]


def _of_selector(reviewed: Reviewed, vector: Vector) -> Iterator[Remark]:
    """Yield the first matcher that leaves none of the series."""
    known = facts_of(vector, reviewed.facts)
    for index, each in enumerate(vector.matchers, start=1):
        if known.labels_of(vector.metric, vector.matchers[:index]).is_impossible:
            options = known.labels_of(vector.metric, vector.matchers[: index - 1])[each.label].options or ()
            shown = ", ".join(f"`{option}`" for option in sorted(options)[:5] if option)
            has = f"is {shown}" if shown else "does not exist"
            message = f"no series matches `{each}`: the label `{each.label}` {has}"
            yield Remark(span_of(each), message, "match a value that the label has")
            return

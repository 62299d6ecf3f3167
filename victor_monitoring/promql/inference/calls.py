"""The inference of the results of function calls."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from victor_monitoring.promql.evaluation import calls
from victor_monitoring.promql.evaluation.evaluator import absent_labels
from victor_monitoring.promql.evaluation.over_time import KEEPING_NAMES, OF_WINDOW
from victor_monitoring.promql.grammar import LEGACY_LABEL, NAME
from victor_monitoring.promql.inference import ranges
from victor_monitoring.promql.inference.dimensions import MOMENT, ONE
from victor_monitoring.promql.inference.effects import (
    CALENDAR,
    OF_TWO,
    OF_VALUE,
    OVER_TIME,
    is_share,
    limited,
    quantile,
    rounded,
    unknown,
)
from victor_monitoring.promql.inference.facts import Buckets
from victor_monitoring.promql.inference.intervals import Interval, lowered, raised, widened
from victor_monitoring.promql.inference.labels import ABSENT, ANY, Labels, Values, one_of
from victor_monitoring.promql.inference.operators import Emptiness, Inferred, scalar, weaker
from victor_monitoring.promql.inference.ranges import Range, exactly
from victor_monitoring.promql.prometheus_version import NEWEST
from victor_monitoring.promql.regular_expressions import compiled, pattern_fault
from victor_monitoring.promql.tree import Call, Text

_MOST_COMBINED: Final = 64


def _over_time(call: Call, arguments: Sequence[Inferred]) -> Inferred:
    name = call.function
    window = arguments[1 if name == "quantile_over_time" else 0]
    if name == "quantile_over_time":
        dimension, values = window.dimension, quantile(arguments[0].range, window.range)
    else:
        of_dimension, of_range = OVER_TIME.get(name, (lambda _: None, unknown))
        dimension, values = of_dimension(window.dimension), of_range(window.range)
    labels = window.labels if name in KEEPING_NAMES else window.labels.unnamed()
    empty = weaker(window.empty) if name in OF_TWO else window.empty
    return Inferred(labels, dimension, values, empty)


def _of_value(call: Call, arguments: Sequence[Inferred]) -> Inferred:
    """Return the inference of a function of each value."""
    name, one, others = call.function, arguments[0], [each.range for each in arguments[1:]]
    dimension, values = one.dimension, ranges.ANY
    match name:
        case "clamp_min":
            values = limited(raised, one.range, others[0])
        case "clamp_max":
            values = limited(lowered, one.range, others[0])
        case "round":
            values = rounded(one.range, others[0] if others else ranges.SINGLE)
        case _ if name in CALENDAR:
            dimension, values = ONE, exactly(*CALENDAR[name], nan=one.range.irregular)
        case _:
            of_dimension, of_range = OF_VALUE.get(name, (lambda _: ONE, unknown))
            dimension, values = of_dimension(one.dimension), of_range(one.range)
    return Inferred(one.labels.unnamed(), dimension, values, one.empty)


def _clamp(arguments: Sequence[Inferred]) -> Inferred:
    one, low, high = arguments
    values = limited(raised, limited(lowered, one.range, high.range), low.range)
    empty: Emptiness = one.empty
    match ranges.holds("<", high.range, low.range):
        case "always":
            empty = "always"
        case "possibly":
            empty = weaker(empty)
    return Inferred(one.labels.unnamed(), one.dimension, values, empty)


def _replaced(call: Call, one: Inferred) -> Labels:
    """Return the labels after `label_replace`; the function itself is applied to a known source."""
    target, template, source, pattern = (each.value for each in call.arguments[1:] if isinstance(each, Text))
    options = one.labels[source].options
    is_invalid = LEGACY_LABEL.fullmatch(target) is None or pattern_fault(pattern) is not None
    if options is None or len(options) > _MOST_COMBINED or is_invalid:
        new = ANY if "$" in template else one_of((template,))
        return one.labels.with_values(target, one.labels[target].either(new))
    apply = calls.label_replace(target, template, source, pattern)
    found: list[Values] = []
    for value in options:
        (after,) = apply({frozenset({(source, value)} if value else ()): 0.0}, NEWEST)
        is_kept = source != target and compiled(pattern).fullmatch(value) is None
        found.append(one.labels[target] if is_kept else one_of((dict(after).get(target, ""),)))
    return one.labels.with_values(target, functools.reduce(Values.either, found)) if found else one.labels


def _joined(call: Call, one: Inferred) -> Labels:
    """Return the labels after `label_join`."""
    target, separator, *sources = (each.value for each in call.arguments[1:] if isinstance(each, Text))
    options = [one.labels[source].options for source in sources]
    known = [each for each in options if each is not None]
    if len(known) == len(options) and math.prod(map(len, known)) <= _MOST_COMBINED:
        return one.labels.with_values(
            target, one_of({separator.join(each) for each in itertools.product(*known)})
        )
    is_filled = any(not one.labels[source].missing for source in sources) or (separator and len(sources) > 1)
    return one.labels.with_values(target, Values(None, missing=not is_filled))


def _histogram_quantile(q: Range, one: Inferred, buckets: Buckets | None) -> Inferred:
    """Return the inference of quantiles, which lie between 0 and the highest bound of the buckets."""
    values = exactly(nan=True, infinite=True)
    bounds, dimension = (buckets.bounds, buckets.dimension) if buckets else ((), None)
    is_bounded = bounds and min(bounds) >= 0
    if is_bounded and is_share(q) and one.range.is_never_negative:
        interval = Interval(Fraction(0), max(bounds))
        values = Range(interval, widened(interval))
    has_none = buckets is not None and one.labels["le"] == ABSENT  # others may be native histograms
    empty = "always" if has_none else weaker(one.empty)
    return Inferred(one.labels.without(("le", NAME)), dimension, values, empty)


def _absent(call: Call, one: Inferred) -> Inferred:
    opposite: dict[Emptiness, Emptiness] = {"never": "always", "always": "never", "possibly": "possibly"}
    labels = Labels({name: one_of((value,)) for name, value in absent_labels(call.arguments[0])})
    return Inferred(labels, ONE, ranges.SINGLE, opposite[one.empty])


_TIME: Final = scalar(exactly(), MOMENT)


def _scalar(call: Call, one: Inferred) -> Inferred:
    del call
    return scalar(one.range if one.is_one else replace(one.range, nan=True), one.dimension)


_OF_VECTOR: Final[Mapping[str, Callable[[Call, Inferred], Inferred]]] = {
    "scalar": _scalar,
    "absent": _absent,
    "absent_over_time": _absent,
    "label_replace": lambda call, one: replace(one, labels=_replaced(call, one)),
    "label_join": lambda call, one: replace(one, labels=_joined(call, one)),
    "timestamp": lambda _, one: Inferred(one.labels.unnamed(), MOMENT, exactly(), one.empty),
    **dict.fromkeys(("vector", "sort", "sort_desc"), lambda _, one: one),
}


def of_call(call: Call, arguments: Sequence[Inferred], buckets: Buckets | None) -> Inferred:
    """Return the inference of a call; `buckets` are those of its argument, None unless all are the same."""
    name = call.function
    if name in OF_WINDOW:
        return _over_time(call, arguments)
    if name in calls.OF_VALUE or name in calls.CALENDAR:
        return _of_value(call, arguments or (_TIME,))
    if name in _OF_VECTOR:
        return _OF_VECTOR[name](call, arguments[0])
    match name:
        case "time":
            return _TIME
        case "pi":
            return scalar(exactly(Fraction(math.pi), Fraction(math.pi)))
        case "clamp":
            return _clamp(arguments)
        case "histogram_quantile":
            return _histogram_quantile(arguments[0].range, arguments[1], buckets)
    return Inferred()

"""The evaluator of expressions over samples, with Prometheus' semantics, errors included.

An expression is compiled once into functions, which then run at any time over any samples. The name of a
series is the label `__name__`, kept and dropped where Prometheus does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final, TypeAlias

from victor_monitoring.promql.evaluation import calls, matching
from victor_monitoring.promql.evaluation.aggregations import aggregation
from victor_monitoring.promql.evaluation.over_time import KEEPING_NAMES, OF_WINDOW
from victor_monitoring.promql.evaluation.selection import instant, ranges, time_of
from victor_monitoring.promql.evaluation.vectors import (
    EvaluationError,
    InstantVector,
    LabelSet,
    Moment,
    ScalarNode,
    UnsupportedError,
    VectorNode,
    Window,
    WindowsNode,
    unique,
    unnamed,
    without_names,
)
from victor_monitoring.promql.grammar import NAME
from victor_monitoring.promql.samples import Samples
from victor_monitoring.promql.signatures import SCALAR
from victor_monitoring.promql.tree import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Instant,
    Number,
    Subquery,
    Text,
    Unary,
    Vector,
    children,
)
from victor_monitoring.promql.types import type_of

__all__ = [
    "Evaluation",
    "EvaluationError",
    "InstantVector",
    "LabelSet",
    "UnsupportedError",
    "compiled",
    "evaluated",
    "without_names",
]  # fmt: skip

Evaluation: TypeAlias = Callable[[Samples, int], InstantVector | float | str]
STEP: Final = 60_000  # of a subquery that names none: Prometheus' default evaluation interval


def compiled(expr: Expr, step: int = STEP) -> Evaluation:
    """Return the evaluation of an expression at a time (milliseconds).

    Raise UnsupportedError if it needs a function that is left out. The evaluation raises EvaluationError
    where Prometheus fails. `step` is that of a subquery without one.
    """
    if isinstance(expr, Text):
        return lambda samples, at: expr.value
    compiler = _Compiler(step, expr)
    node = compiler.scalar(expr) if _is_scalar(expr) else compiler.vector(expr)
    return lambda samples, at: node(Moment(samples, at, at))


def evaluated(expr: Expr, samples: Samples, at: int) -> InstantVector | float:
    """Return the instant vector or the scalar at time `at`. Raise EvaluationError where Prometheus fails."""
    found = compiled(expr)(samples, at)
    if isinstance(found, str):
        raise EvaluationError("a string has no values")
    return found


def _is_scalar(expr: Expr) -> bool:
    return type_of(expr) == SCALAR


class _Compiler:
    """Makes a function of each node."""

    def __init__(self, step: int, expr: Expr) -> None:
        self._step = step
        seen = Counter(_aggregates(expr))
        self._shared: dict[Expr, VectorNode | None] = {
            each: None for each, count in seen.items() if count > 1
        }

    def scalar(self, expr: Expr) -> ScalarNode:
        match expr:
            case Number(number):
                value = float(number)
                return lambda moment: value
            case Unary("-", inner):
                negated = self.scalar(inner)
                return lambda moment: -negated(moment)
            case Unary(_, inner):
                return self.scalar(inner)
            case Call("time"):
                return lambda moment: moment.at / 1000
            case Call("pi"):
                return lambda moment: 3.141592653589793
            case Call("scalar", (argument,)):
                vector = self.vector(argument)
                return lambda moment: calls.the_only(vector(moment))
            case Binary(op, left, right) if _is_scalar(expr):
                apply, first, second = matching.scalars(op), self.scalar(left), self.scalar(right)
                return lambda moment: apply(first(moment), second(moment))
        raise EvaluationError("expected a scalar")

    def vector(self, expr: Expr) -> VectorNode:
        match expr:
            case Vector(window=None):
                return instant(expr)
            case Unary("-", inner):
                negated = self.vector(inner)
                return lambda moment: unique([(unnamed(k), -v) for k, v in negated(moment).items()])
            case Unary(_, inner):
                return self.vector(inner)
            case Aggregate():
                return self._aggregate_once(expr) if expr in self._shared else self._aggregate(expr)
            case Binary():
                return self._binary(expr)
            case Call():
                return self._call(expr)
        raise EvaluationError("expected an instant vector")

    def _aggregate_once(self, expr: Aggregate) -> VectorNode:
        """Return the aggregation that several parts of the expression read: computed once at a moment."""
        known = self._shared[expr]
        if known is None:
            known = self._shared[expr] = _once(self._aggregate(expr))
        return known

    def _aggregate(self, expr: Aggregate) -> VectorNode:
        apply, inner = aggregation(expr), self.vector(expr.expr)
        match expr.parameter:
            case None:
                return lambda moment: apply(inner(moment), 0.0, moment.samples.prometheus)
            case Text(label):
                return lambda moment: apply(inner(moment), label, moment.samples.prometheus)
            case parameter:
                number = self.scalar(parameter)
                return lambda moment: apply(inner(moment), number(moment), moment.samples.prometheus)

    def _binary(self, expr: Binary) -> VectorNode:
        for number, vector, is_left in ((expr.left, expr.right, True), (expr.right, expr.left, False)):
            if _is_scalar(number):
                value, values = self.scalar(number), self.vector(vector)
                apply = matching.with_scalar(expr, is_left=is_left)
                return lambda moment: apply(values(moment), value(moment), moment.samples.prometheus)
        one, other, both = self.vector(expr.left), self.vector(expr.right), matching.vectors(expr)
        return lambda moment: both(one(moment), other(moment), moment.samples.prometheus)

    def _call(self, call: Call) -> VectorNode:
        name, arguments = call.function, call.arguments
        if name in OF_WINDOW:
            return self._over_time(name, arguments)
        if name in calls.CALENDAR:
            return self._of_value(calls.CALENDAR[name], arguments or (Call("vector", (Call("time", ()),)),))
        if name in calls.OF_VALUE:
            return self._of_value(calls.OF_VALUE[name], arguments)
        if name in calls.LABEL_FUNCTIONS:
            texts = [each.value for each in arguments[1:] if isinstance(each, Text)]
            inner, apply = self.vector(arguments[0]), calls.LABEL_FUNCTIONS[name](*texts)
            return lambda moment: apply(inner(moment), moment.samples.prometheus)
        if name in calls.OF_VECTOR:
            vector, ordered = self.vector(arguments[0]), calls.OF_VECTOR[name]
            return lambda moment: ordered(vector(moment))
        return self._special(name, arguments)

    def _special(self, name: str, arguments: Sequence[Expr]) -> VectorNode:
        match name:
            case "clamp":
                vector, low, high = self.vector(arguments[0]), *map(self.scalar, arguments[1:])
                return lambda moment: calls.clamped(vector(moment), low(moment), high(moment))
            case "histogram_quantile":
                q, buckets = self.scalar(arguments[0]), self.vector(arguments[1])
                return lambda moment: calls.histogram_quantile(q(moment), buckets(moment))
            case "vector":
                number = self.scalar(arguments[0])
                return lambda moment: {frozenset(): number(moment)}
            case "timestamp":
                return self._timestamp(arguments[0])
            case "absent" | "absent_over_time":
                found: Callable[[Moment], Iterable[object]] = (
                    self.vector(arguments[0]) if name == "absent" else self.windows(arguments[0])
                )
                labels = absent_labels(arguments[0])
                return lambda moment: {labels: 1.0} if next(iter(found(moment)), None) is None else {}
        raise UnsupportedError(f"the function `{name}` is not supported")

    def _of_value(self, function: Callable[..., float], arguments: Sequence[Expr]) -> VectorNode:
        inner, rest = self.vector(arguments[0]), [self.scalar(each) for each in arguments[1:]]

        def apply(moment: Moment) -> InstantVector:
            others = [each(moment) for each in rest]
            return unique([(unnamed(k), function(v, *others)) for k, v in inner(moment).items()])

        return apply

    def _timestamp(self, argument: Expr) -> VectorNode:
        if isinstance(argument, Vector):
            return instant(argument, of_time=True)
        return self._of_moment(self.vector(argument))

    @staticmethod
    def _of_moment(inner: VectorNode) -> VectorNode:
        return lambda moment: unique([(unnamed(labels), moment.at / 1000) for labels in inner(moment)])

    def _over_time(self, name: str, arguments: Sequence[Expr]) -> VectorNode:
        function, keep = OF_WINDOW[name], name in KEEPING_NAMES
        is_range = [isinstance(each, Subquery | Vector) for each in arguments]
        ranged = arguments[is_range.index(True) if any(is_range) else 0]
        windows = self.windows(ranged, is_named=keep)
        is_renamed = not keep and not isinstance(ranged, Vector)
        rest = [self.scalar(each) for each, is_one in zip(arguments, is_range, strict=True) if not is_one]

        def apply(moment: Moment) -> InstantVector:
            others = [each(moment) for each in rest]
            found: list[tuple[LabelSet, float]] = []
            alike: Sequence[float] | None = None
            for each in windows(moment):
                if each.values is not alike:
                    alike, value = each.values, function(each, others)
                if value is not None:
                    found.append((unnamed(each.labels) if is_renamed else each.labels, value))
            return unique(found)

        return apply

    def windows(self, expr: Expr, *, is_named: bool = True) -> WindowsNode:
        match expr:
            case Vector(window=int()):
                return ranges(expr, is_named=is_named)
            case Subquery(inner, window, step, offset, at):
                return partial(_subquery, self.vector(inner), window, step or self._step, offset, at)
        raise EvaluationError("expected a range vector")


def _aggregates(expr: Expr) -> Iterator[Aggregate]:
    if isinstance(expr, Aggregate):
        yield expr
    for child in children(expr):
        yield from _aggregates(child)


def _once(node: VectorNode) -> VectorNode:
    """Return the node's result, that of the last moment without computing it again."""
    last: tuple[Moment | None, InstantVector] = (None, {})

    def apply(moment: Moment) -> InstantVector:
        nonlocal last
        seen, result = last
        if seen is not moment:
            result = node(moment)
            last = (moment, result)
        return result

    return apply


def _subquery(
    inner: VectorNode, window: int, step: int, offset: int, instant: Instant | None, moment: Moment
) -> list[Window]:
    """Return the values of the inner expression at the multiples of `step` in the window."""
    end = time_of(moment, offset, instant)
    start = end - window
    first = -(-start // step) * step
    if first == start and moment.samples.prometheus.left_open:
        first += step
    series: dict[LabelSet, tuple[list[int], list[float]]] = {}
    for time in range(first, end + 1, step):
        for labels, value in inner(Moment(moment.samples, time, moment.query)).items():
            times, values = series.setdefault(labels, ([], []))
            times.append(time)
            values.append(value)
    return [Window(labels, *points, start, end, moment) for labels, points in series.items()]


def absent_labels(expr: Expr) -> LabelSet:
    """Return the labels of an `absent`: those that one `=` matcher of a selector sets."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    for each in expr.matchers if isinstance(expr, Vector) else ():
        if each.op == "=" and each.label not in seen and each.label != NAME:
            found[each.label] = each.value
            seen.add(each.label)
        else:
            found.pop(each.label, None)
    return frozenset(pair for pair in found.items() if pair[1])

"""The kind of signal that computes a given expression, found by comparison with what each kind renders."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from victor_monitoring.promql.tree import Aggregate, Expr, Matcher, Number, Vector, nodes
from victor_monitoring.signals.kinds import KINDS
from victor_monitoring.signals.metric import Metric, Selector
from victor_monitoring.signals.metric_types import METRIC_TYPES
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import Signal, SignalKind
from victor_monitoring.signals.units import COUNT

# What a kind renders of these stands for any metric, window, label or number of an expression.
_WINDOW: Final = 86_413_001
_LABEL: Final = "__any__"
_NUMBER: Final = Fraction(1_000_003, 7_000_001)


@dataclass(frozen=True, slots=True)
class Recognised:
    """A kind that computes an expression, its parameters, and the `by` and `window` of the signal.

    Of the parameters, selectors are vectors without a window, all others as the spec writes them. `window` is
    in milliseconds, None if there is none.
    """

    kind: type[SignalKind]
    parameters: Mapping[str, object]
    by: tuple[str, ...]
    window: int | None
    types: Mapping[str, frozenset[str]]  # the names of the metric types that each selector may read


def recognised(expr: Expr) -> Recognised | None:
    """Return the kind that renders the expression, or None if only raw PromQL does."""
    for shape in _shapes():
        found: dict[str, Any] = {}
        if _fits(shape.rendered, expr, found):
            selectors = {name: found[name] for name in shape.selectors}
            numbers = dict.fromkeys(shape.numbers, found.get(_LABEL + "number"))
            unordered = {**selectors, **numbers, **shape.options}
            order = (field.name for field in dataclasses.fields(shape.kind))  # type: ignore[arg-type]
            written = {name: unordered[name] for name in order if name in unordered}
            return Recognised(shape.kind, written, found.get(_LABEL, ()), found.get("window"), shape.types)
    return None


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a kind renders with certain options, of any metrics, labels and window."""

    kind: type[SignalKind]
    rendered: Expr
    selectors: tuple[str, ...]
    numbers: tuple[str, ...]
    options: Mapping[str, object]
    types: Mapping[str, frozenset[str]]


@functools.cache
def _shapes() -> tuple[_Shape, ...]:
    """Return every shape of every kind whose parameters are selectors, numbers and words."""
    return tuple(shape for kind in KINDS.values() for shape in _shapes_of(kind))


def _shapes_of(kind: type[SignalKind]) -> Iterator[_Shape]:
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]  # every kind is a dataclass
    hints = get_type_hints(kind)
    choices = [_choices(field, hints[field.name]) for field in fields]
    if not all(choices):
        return
    seen: dict[object, _Shape] = {}
    for picked in itertools.product(*choices):
        made = dict(zip((field.name for field in fields), picked, strict=True))
        for is_grouped in (False, True):
            shape = _shape(kind, made, {field.name: field.default for field in fields}, is_grouped)
            if shape is None:
                continue
            key = (shape.rendered, tuple(shape.options.items()))
            other = seen.setdefault(key, shape)
            if other is not shape:
                types = {name: other.types[name] | shape.types[name] for name in shape.selectors}
                seen[key] = dataclasses.replace(other, types=types)
    yield from seen.values()


def _choices(field: dataclasses.Field[Any], hint: Any) -> list[object]:
    """Return the values of a parameter that make a difference; none if it cannot be recognised."""
    optional = [None] if type(None) in get_args(hint) else []
    inner = next((each for each in get_args(hint) if each is not type(None)), hint) if optional else hint
    if inner is Selector:
        return [
            *optional,
            *(Selector(Metric(f"{_LABEL}{field.name}", type=each)) for each in METRIC_TYPES.values()),
        ]
    if inner is Fraction:
        return [_NUMBER]
    if get_origin(inner) is Literal:
        return [*optional, *get_args(inner)]
    return [field.default] if inner is bool else []


def _shape(
    kind: type[SignalKind], made: Mapping[str, Any], defaults: Mapping[str, object], is_grouped: bool
) -> _Shape | None:
    built = kind(**made)
    if any(reading.role is None for reading in built.readings()):
        return None
    by = (_LABEL,) if is_grouped else ()
    signal = Signal("signal", "", COUNT, built, Select(), (), by, _WINDOW, 1000, "")
    rendered = built.promql(signal)
    if is_grouped and not any(nodes(rendered, Aggregate)):
        return None
    selectors = tuple(name for name, value in made.items() if isinstance(value, Selector))
    numbers = tuple(name for name, value in made.items() if isinstance(value, Fraction))
    options = {
        name: value
        for name, value in made.items()
        if name not in (*selectors, *numbers) and value != defaults[name]
    }
    types = {name: frozenset({made[name].metric.type.NAME}) for name in selectors}
    return _Shape(kind, rendered, selectors, numbers, options, types)


def _fits(shape: Any, expr: Any, found: dict[str, Any]) -> bool:
    """Return whether the shape is that of the expression; `found` collects what its parts stand for."""
    if type(shape) is not type(expr):
        return False
    match shape:
        case Vector():
            return _selects(shape, expr, found)
        case Number(value) if value == _NUMBER:
            return isinstance(expr.value, Fraction) and _same(found, _LABEL + "number", expr.value)
        case Aggregate(by=by) if by is not None and _LABEL in by:
            others = [label for label in by if label != _LABEL]
            if expr.by is None or not set(others) <= set(expr.by):
                return False
            labels = tuple(label for label in expr.by if label not in others)
            rest = dataclasses.replace(shape, by=expr.by)
            return bool(labels) and _same(found, _LABEL, labels) and _fields_fit(rest, expr, found)
        case tuple():
            return len(shape) == len(expr) and all(map(lambda a, b: _fits(a, b, found), shape, expr))
        case _ if dataclasses.is_dataclass(shape):
            return _fields_fit(shape, expr, found)
        case _:
            return bool(shape == expr)


def _fields_fit(shape: Any, expr: Any, found: dict[str, Any]) -> bool:
    return all(
        _fits(getattr(shape, field.name), getattr(expr, field.name), found)
        for field in dataclasses.fields(shape)
        if field.compare
    )


def _selects(shape: Vector, expr: Vector, found: dict[str, Any]) -> bool:
    """Return whether a selector can be that of a parameter: its suffix and its window are alike."""
    if expr.offset or expr.at is not None or (shape.window is None) != (expr.window is None):
        return False
    if expr.window is not None and not _same(found, "window", expr.window):
        return False
    parameter, suffix = _parameter(shape.metric)
    name = expr.metric.removesuffix(suffix)
    if not name or not expr.metric.endswith(suffix):
        return False
    return _same(
        found, parameter, Vector(name, tuple(Matcher(m.label, m.op, m.value) for m in expr.matchers))
    )


def _parameter(name: str) -> tuple[str, str]:
    """Return the parameter and the suffix of a placeholder's series."""
    for suffix in sorted({each for t in METRIC_TYPES.values() for each in t.SUFFIXES}, key=len, reverse=True):
        if suffix and name.endswith(suffix):
            return name.removeprefix(_LABEL).removesuffix(suffix), suffix
    return name.removeprefix(_LABEL), ""


def _same(found: dict[str, Any], key: str, value: object) -> bool:
    return bool(found.setdefault(key, value) == value)

"""The part of the registry module that is the same for all specs."""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Final

from victor_monitoring.signals.metric_types import METRIC_TYPES

_IMPORTS: Final = """\
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from threading import Lock
from typing import {typing}

from prometheus_client import CollectorRegistry, {clients}
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
"""
TYPING: Final = ("ClassVar", "Final", "Generic", "Literal", "TypeAlias", "TypeVar")
GET_ARGS: Final = "get_args"  # where a label is closed

_CLIENTS: Final = ", ".join(sorted({each.CLIENT for each in METRIC_TYPES.values() if each.CLIENT}))
CHILDREN: Final = '''\
OnOverflow: TypeAlias = Callable[[str], object]

_Metric = TypeVar("_Metric", $CLIENTS)
_Values: TypeAlias = tuple[str, ...] | int | None
_Merge: TypeAlias = Literal[
    "all", "sum", "max", "min", "mostrecent", "liveall", "livesum", "livemax", "livemin", "livemostrecent"
]


class _Children(Generic[_Metric]):
    """The children of a metric, created by the client and cached by their label values.

    A label has a closed set of values, or it is open with a limit to their number (None: unlimited).
    Values beyond the limit become `other`, and `on_overflow` is called with the label. Counters and
    histograms with closed labels only start at 0; a new open value creates all of its series at once.
    Gauges are created one by one.
    """

    def __init__(
        self, metric: _Metric, labels: Mapping[str, _Values], on_overflow: OnOverflow | None = None
    ) -> None:
        self._metric: _Metric = metric
        self._labels, self._on_overflow = labels, on_overflow
        self._comes_whole = not isinstance(metric, Gauge)
        self._children: dict[tuple[str, ...], _Metric] = {}
        self._seen: dict[str, set[str]] = {label: set() for label in labels}
        self._lock = Lock()
        if self._comes_whole and all(isinstance(values, tuple) for values in labels.values()):
            self._make(tuple("" for _ in labels))

    def __call__(self, *values: str) -> _Metric:
        """Return the child with these values. Raise ValueError where a closed label has no such value."""
        try:
            return self._children[values]
        except (KeyError, TypeError):  # TypeError: a value that cannot be hashed
            return self._first(values)

    def _first(self, values: tuple[object, ...]) -> _Metric:
        for (label, allowed), value in zip(self._labels.items(), values, strict=True):
            if isinstance(allowed, tuple) and value not in allowed:
                words = ", ".join(f"`{each}`" for each in allowed)
                raise ValueError(f"`{value}` is no value of the label `{label}`: it is one of {words}")
        with self._lock:
            known = [self._known(label, value) for label, value in zip(self._labels, values, strict=True)]
            key = tuple("other" if each is None else each for each in known)
            if key not in self._children:
                self._make(key)
        for label, each in zip(self._labels, known, strict=True):
            if each is None and self._on_overflow is not None:
                self._on_overflow(label)
        return self._children[key]

    def _known(self, label: str, value: object) -> str | None:
        """Return the value as in the series; None where an open label has reached its limit."""
        allowed, seen = self._labels[label], self._seen[label]
        if isinstance(allowed, tuple):
            return allowed[allowed.index(value)]
        text = value if isinstance(value, str) else str(value)
        text = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate would break the exposition
        if text == "other" or text in seen:
            return text
        if allowed is not None and len(seen) >= allowed:
            return None
        seen.add(text)
        return text

    def _make(self, key: tuple[str, ...]) -> None:
        """Create the child of a gauge; of other metrics, one for each combination of the closed values."""
        choices = [
            values if self._comes_whole and isinstance(values, tuple) else (value,)
            for values, value in zip(self._labels.values(), key, strict=True)
        ]
        self._children |= {each: self._metric.labels(*each) for each in product(*choices)}


class _LateGauge(Collector):
    """A gauge without labels whose series exists from its first use on; a 0 before that would be wrong."""

    def __init__(
        self, name: str, documentation: str, *, registry: CollectorRegistry, multiprocess_mode: _Merge = "all"
    ) -> None:
        self._name, self._documentation, self._mode = name, documentation, multiprocess_mode
        self._gauge: Gauge | None = None
        self._lock = Lock()
        registry.register(self)

    @property
    def gauge(self) -> Gauge:
        """The client's gauge."""
        if self._gauge is None:
            with self._lock:
                if self._gauge is None:
                    self._gauge = Gauge(
                        self._name, self._documentation, registry=None, multiprocess_mode=self._mode
                    )
        return self._gauge

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return the name and help text, without samples, for the registry."""
        return (GaugeMetricFamily(self._name, self._documentation),)

    def collect(self) -> Iterable[Metric]:
        """Return the gauge's series; none before its first use."""
        return self.describe() if self._gauge is None else self._gauge.collect()
'''.replace("$CLIENTS", _CLIENTS)


def imports(typing: Collection[str]) -> str:
    """Return the import statements of the module, with these names of `typing`."""
    return _IMPORTS.format(typing=", ".join(typing), clients=_CLIENTS)


def module_names() -> frozenset[str]:
    """Return every name that this part defines or imports."""
    body = ast.parse(imports((*TYPING, GET_ARGS)) + CHILDREN).body
    imported = (alias.name for node in body if isinstance(node, ast.ImportFrom) for alias in node.names)
    targets = [target for node in body if isinstance(node, ast.Assign) for target in node.targets]
    targets += [node.target for node in body if isinstance(node, ast.AnnAssign)]
    assigned = (target.id for target in targets if isinstance(target, ast.Name))
    classes = (node.name for node in body if isinstance(node, ast.ClassDef))
    return frozenset({*imported, *assigned, *classes})

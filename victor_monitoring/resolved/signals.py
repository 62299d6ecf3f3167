"""Signals, resolved: selectors bound to their metrics, parts of a score to their signals."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, get_args, get_type_hints

from victor_monitoring.model import spec as written
from victor_monitoring.model.patterns import CIRCULAR_SIGNAL
from victor_monitoring.model.signals import Signal as WrittenSignal
from victor_monitoring.signals.metric import Metric, Selector
from victor_monitoring.signals.promql import Matcher
from victor_monitoring.signals.selector import WrittenSelector
from victor_monitoring.signals.signal import Kind, Signal
from victor_monitoring.spec.finding import Finding
from victor_monitoring.spec.tree import Path

from .spec import Read, Service, Unknown
from .time_scale import TimeScale


class _Unresolved(Exception):
    """A signal that leads to a name that does not exist; the name is noted where it is met."""


class SignalResolver:
    """Resolves the signals of one spec; what it meets on the way is kept in its lists."""

    def __init__(
        self,
        spec: written.Spec,
        service: Service,
        series: Mapping[str, tuple[Metric, tuple[Matcher, ...]]],
        scale: TimeScale,
    ) -> None:
        self._spec, self._service, self._series, self._scale = spec, service, series, scale
        self._used = _used_signals(spec)
        self._signals: dict[str, Signal | None] = {}
        self._open: list[str] = []
        self.reads: list[Read] = []
        self.unknown: list[Unknown] = []
        self.findings: list[Finding] = []

    def all(self) -> dict[str, Signal]:
        """Every signal that could be resolved, in the order of the spec."""
        found = {name: self._resolve(name) for name in self._spec.signals}
        return {name: signal for name, signal in found.items() if signal is not None}

    def _resolve(self, name: str) -> Signal | None:
        if name not in self._signals:
            self._open.append(name)
            self._signals[name] = self._build(name, self._spec.signals[name])
            self._open.pop()
        return self._signals[name]

    def _build(self, name: str, signal: WrittenSignal) -> Signal | None:
        kind_type, parameters = signal.kind()
        path: Path = ("signals", name, kind_type.NAME)
        try:
            if kind_type.INLINE is None:
                kind = self._bind(kind_type, parameters, path)
            else:
                part_type = get_args(get_type_hints(kind_type)[kind_type.INLINE])[0]
                parts = [self._bind(part_type, each, (*path, i)) for i, each in enumerate(parameters)]
                kind = kind_type(**{kind_type.INLINE: tuple(parts)})
        except _Unresolved:
            return None
        bare = Signal(
            name=name,
            title=signal.title,
            unit=signal.unit,
            kind=kind,
            select=self._select_of(kind),
            scope=self._service.scope,
            by=tuple(dict.fromkeys(signal.by)),
            window=self._scale(self._spec.defaults.window if signal.window is None else signal.window),
            scrape=self._scale(self._spec.defaults.scrape_every),
            prefix=self._service.prefix,
        )
        is_recorded = kind.always_recorded() or (name in self._used and kind.operation(bare) is not None)
        return dataclasses.replace(bare, recorded=is_recorded)

    def _bind(self, shape: Any, parameters: Any, path: Path) -> Any:
        """The dataclass `shape` with the written parameters, names replaced by what they name."""
        bound: dict[str, Any] = {}
        missing = False
        for field in dataclasses.fields(shape):
            value = getattr(parameters, field.name)
            here = (*path, field.name)
            if isinstance(value, WrittenSelector):
                bound[field.name] = self._selector(value, here)
                missing = missing or bound[field.name] is None
            elif field.type == "Signal":
                bound[field.name] = self._part(value, here)
                missing = missing or bound[field.name] is None
            else:
                bound[field.name] = value
        if missing:
            raise _Unresolved
        return shape(**bound)

    def _selector(self, selector: WrittenSelector, path: Path) -> Selector | None:
        found = self._series.get(selector.metric.text)
        if found is None:
            self.unknown.append(Unknown("metric", selector.metric.text, path, selector.metric.part))
            return None
        bound = Selector(found[0], tuple(each.matcher for each in selector.matchers))
        self.reads.append(Read(path, selector, bound))
        return bound

    def _part(self, name: str, path: Path) -> Signal | None:
        if name not in self._spec.signals:
            self.unknown.append(Unknown("signal", name, path))
            return None
        if name in self._open:
            message, mend = f"`{name}` is made of itself", "a score is made of other signals"
            self.findings.append(Finding(path, message, mend, pattern=CIRCULAR_SIGNAL))
            return None
        return self._resolve(name)

    def _select_of(self, kind: Kind) -> tuple[Matcher, ...]:
        """The select of the first metric that is read, or of the first part."""
        for reading in kind.readings():
            return self._series[reading.selector.metric.name][1]
        for _, part in kind.parts():
            return part.select
        return self._service.select


def _used_signals(spec: written.Spec) -> set[str]:
    """The signals that an alert, a guard or a score uses."""
    used: set[str] = set()
    for group in spec.alerts.values():
        for alert in (group or {}).values():
            used.add(alert.signal)
            if alert.only_if:
                used.add(alert.only_if.signal)
    for signal in spec.signals.values():
        kind, parameters = signal.kind()
        if kind.INLINE is not None:
            used.update(part.signal for part in parameters)
    return used

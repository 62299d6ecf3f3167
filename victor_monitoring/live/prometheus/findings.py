"""Whether all that a spec reads has live series: metrics, selectors, recordings and panels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from victor_monitoring.language.resolved.spec import Component, Declared, Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.live.apply.patterns import (
    ABSENT_SERIES,
    EMPTY_PANEL,
    UNEVALUATED,
    UNHEALTHY,
    UNLOADED,
    UNMATCHED,
)
from victor_monitoring.live.prometheus.api import LoadedRule, PrometheusApi, rules_of
from victor_monitoring.promql.tree import Aggregate, Matcher, Vector, text
from victor_monitoring.signals.metric import Selector
from victor_monitoring.signals.signal import Signal

Query = Callable[[str], Sequence[Mapping[str, Any]]]
_WHICH_TARGET: Final = "is its value right, and is the target scraped?"
_EXTERNAL: Final = "external labels cannot be selected on; select by a label that the scraped series have"


def live_findings(spec: Resolved, query: Query) -> Iterator[Finding]:
    """What the spec reads and Prometheus does not have; what follows from another finding is left out."""
    look = _SeriesAudit(spec, query)
    yield from look.selects()
    yield from look.metrics()
    yield from look.selectors()
    yield from look.recordings()
    yield from look.panels()


def place_of(spec: Resolved, rule: str) -> Path:
    """Where the spec says what an alert or a recorded series of that name is."""
    for alert in spec.alerts:
        if alert.name == rule:
            return alert.path
    for signal in spec.signals.values():
        if any(recording.record == rule for recording in signal.recordings()):
            return ("signals", signal.name)
    return ("meta",)


class _SeriesAudit:
    """One look at all series of a spec; it remembers what was missed."""

    def __init__(self, spec: Resolved, query: Query) -> None:
        self._spec, self._query = spec, query
        self._silent: set[tuple[Matcher, ...]] = set()  # the selects that match nothing
        self._missed: set[str] = set()  # metrics
        self._absent_signals: set[str] = set()
        self._optional = {
            name for each in spec.declared if each.may_be_absent for name in each.metric.series()
        }

    def selects(self) -> Iterator[Finding]:
        """Selects that no target meets, each by the label that is to blame."""
        owners: dict[tuple[Matcher, ...], Component] = {}
        for component in self._spec.components.values():
            owners.setdefault(component.select, component)
        for select, owner in owners.items():
            if not self._exists(Vector("up", select)):
                self._silent.add(select)
                yield from self._blamed(select, owner)

    def metrics(self) -> Iterator[Finding]:
        """Metrics without any series."""
        for component in self._spec.components.values():
            if component.select not in self._silent:
                for declared in component.metrics:
                    yield from self._metric(component, declared)

    def selectors(self) -> Iterator[Finding]:
        """Selectors that match nothing, of metrics that exist."""
        for read in self._spec.reads:
            metric = read.selector.metric.name
            select = self._spec.own_select(metric)
            is_told = select in self._silent or metric in self._missed or metric in self._optional
            if read.selector.matchers and not is_told and not self._exists(_vector(read.selector, select)):
                self._missed.add(metric)
                series = text(_vector(read.selector, select))
                hint = "is the label's value right, and does the service set it from the start?"
                yield Finding(read.path, f"`{series}` matches no live series", hint, pattern=UNMATCHED)

    def recordings(self) -> Iterator[Finding]:
        """Recorded signals without a series, though their metrics exist."""
        for signal in self._spec.signals.values():
            if signal.recorded and self._is_expected(signal):
                series = Vector(signal.record, signal.select)
                if not self._exists(series):
                    self._absent_signals.add(signal.name)
                    message = f"the recorded series `{text(series)}` does not exist"
                    hint = "is its rule loaded, and has it been evaluated?"
                    yield Finding(("signals", signal.name), message, hint, on_key=True, pattern=ABSENT_SERIES)

    def panels(self) -> Iterator[Finding]:
        """Panels that draw nothing, though what they read exists."""
        for panel in self._spec.panels:
            for signal in panel.signals:
                if self._is_expected(signal) and signal.name not in self._absent_signals:
                    query = text(signal.value())
                    if not self._query(query):
                        message = f"the panel `{panel.title}` shows nothing: `{query}` yields no data"
                        yield Finding(
                            panel.path, message, "ask Prometheus for its parts", pattern=EMPTY_PANEL
                        )

    def _metric(self, component: Component, declared: Declared) -> Iterator[Finding]:
        name = declared.metric.name
        whole = Vector(_series(declared.metric.name, declared.metric.type), component.select)
        if name in self._optional or self._exists(whole):
            return
        self._missed.update(declared.metric.series())
        if self._exists(Vector(whole.metric)):
            message = f"`{text(whole)}` matches no live series, `{whole.metric}` alone does"
            hint = "does whoever exposes it carry the labels of `select`?"
            yield Finding(declared.path, message, hint, on_key=True, pattern=UNMATCHED)
        else:
            hint = "expose it, or say `may_be_absent: true`"
            message = f"`{name}` has no live series"
            yield Finding(declared.path, message, hint, on_key=True, pattern=ABSENT_SERIES)

    def _blamed(self, select: tuple[Matcher, ...], owner: Component) -> Iterator[Finding]:
        """The matchers of a select that no target meets; where each is met, all of them together."""
        silent = [matcher for matcher in select if not self._exists(Vector("up", (matcher,)))]
        for matcher in silent:
            if self._exists(Vector("up", (Matcher(matcher.label, "!=", ""),))):
                message, hint = f"no live series has `{matcher}`", _WHICH_TARGET
            else:
                message, hint = f"no live series has the label `{matcher.label}`", _EXTERNAL
            yield Finding(self._place(matcher, owner), message, hint, pattern=UNMATCHED)
        if not silent:
            message = f"no target meets all of `{text(Vector('up', select))}`"
            yield Finding(self._place(select[-1], owner), message, _WHICH_TARGET, pattern=UNMATCHED)

    def _place(self, matcher: Matcher, owner: Component) -> Path:
        """Where a matcher of a select is written."""
        spec = self._spec
        if (
            spec.base
            and spec.context
            and matcher in spec.service.select
            and matcher not in spec.base.service.select
        ):
            return ("contexts", spec.context, "select", matcher.label)
        if matcher in spec.service.select:
            return ("service", "select", matcher.label)
        return (*owner.path, "select", matcher.label)

    def _is_expected(self, signal: Signal) -> bool:
        """Whether all that the signal reads is there, or ought to be."""
        names = {reading.selector.metric.name for reading in signal.kind.readings()}
        is_told = signal.select in self._silent or bool(names & (self._missed | self._optional))
        return not is_told and all(self._is_expected(part) for _, part in signal.kind.parts())

    def _exists(self, vector: Vector) -> bool:
        return bool(self._query(text(Aggregate("count", vector, None))))


def _vector(selector: Selector, select: tuple[Matcher, ...]) -> Vector:
    vector = selector.vector(select)
    return Vector(_series(vector.metric, selector.metric.type), vector.matchers)


def _series(name: str, kind: str) -> str:
    """A name under which the metric's series exist: a histogram has none under its own."""
    return f"{name}_count" if kind == "histogram" else name


def rule_findings(
    spec: Resolved, system: str, api: PrometheusApi, loaded: Sequence[LoadedRule], wanted: str, hint: str
) -> Iterator[Finding]:
    """Rules of a text that are not loaded by the `system`, are loaded otherwise, or cannot be evaluated.

    `mend` is what has them loaded.
    """
    by_name: dict[tuple[str, str], list[LoadedRule]] = {}
    for rule in loaded:
        by_name.setdefault((rule.group, rule.name), []).append(rule)
    for rule in rules_of(wanted):
        there = by_name.get((rule.group, rule.name), [])
        same = [each for each in there if api.is_same(each, rule)]
        place = place_of(spec, rule.name)
        if not there:
            message = f"`{rule.name}` is not loaded by {system}"
            yield Finding(place, message, hint, on_key=True, pattern=UNLOADED)
        elif not same:
            message = f"{system} has loaded another `{rule.name}`"
            yield Finding(place, message, hint, on_key=True, pattern=UNLOADED)
        elif same[0].error:
            message = f"`{rule.name}` is not healthy: {same[0].error}"
            yield Finding(place, message, "ask Prometheus for its parts", on_key=True, pattern=UNHEALTHY)
        elif same[0].health != "ok":
            message = f"`{rule.name}` has not been evaluated yet"
            again = f"ask again in {rule.interval:g} s"
            yield Finding(place, message, again, on_key=True, pattern=UNEVALUATED)

"""Findings about live Prometheus systems: missing series, empty panels, and rules not loaded as rendered."""

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
from victor_monitoring.live.exposition.comparison import IF_ABSENT
from victor_monitoring.live.prometheus.api import LoadedRule, PrometheusApi, rules_of
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.tree import Aggregate, Matcher, Vector
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import Signal

Query = Callable[[str], Sequence[Mapping[str, Any]]]
_WHICH_TARGET: Final = "check its value, and that the target is scraped"
_EXTERNAL: Final = "external labels cannot be selected on; select by a label that the scraped series have"


def live_findings(spec: Resolved, query: Query) -> Iterator[Finding]:
    """Yield findings about missing series and empty panels, without those that follow from another one."""
    audit = _SeriesAudit(spec, query)
    yield from audit.selects()
    yield from audit.metrics()
    yield from audit.selectors()
    yield from audit.recordings()
    yield from audit.panels()


def place_of(spec: Resolved, rule: LoadedRule) -> Path:
    """Return the path in the spec of the alert or recorded series of a rendered rule."""
    for alert in spec.alerts:
        if alert.name == rule.name and dict(alert.labels) == rule.labels:
            return alert.path
    for signal in spec.signals.values():
        if any(recording.name == rule.name for recording in signal.recordings()):
            return ("signals", signal.name)
    return ("meta",)


class _SeriesAudit:
    """The findings about the series of a spec; missing ones are recorded to omit their consequences."""

    def __init__(self, spec: Resolved, query: Query) -> None:
        self._spec, self._query = spec, query
        self._silent: set[Select] = set()  # selects that match nothing
        self._missing: set[str] = set()  # metrics
        self._absent_signals: set[str] = set()
        self._optional = {
            name for each in spec.declared if each.may_be_absent for name in each.metric.series()
        }

    def selects(self) -> Iterator[Finding]:
        """Yield a finding for each select that matches no target, at the label that causes it."""
        owners: dict[Select, Component] = {}
        for component in self._spec.components.values():
            owners.setdefault(component.select, component)
        for select, owner in owners.items():
            if not self._exists(Vector("up", select.matchers)):
                self._silent.add(select)
                yield from self._unmatched(select, owner)

    def metrics(self) -> Iterator[Finding]:
        """Yield a finding for each metric without series."""
        for component in self._spec.components.values():
            if component.select not in self._silent:
                for declared in component.metrics:
                    yield from self._metric(component, declared)

    def selectors(self) -> Iterator[Finding]:
        """Yield a finding for each selector that matches nothing though its metric exists."""
        for read in self._spec.reads:
            metric = read.selector.metric.name
            select = self._spec.selects[metric]
            is_explained = select in self._silent or metric in self._missing or metric in self._optional
            if (
                read.selector.matchers
                and not is_explained
                and not self._exists(read.selector.present(select))
            ):
                self._missing.add(metric)
                series = text(read.selector.present(select))
                hint = "check the label's value, and that the service sets it from the start"
                yield Finding(read.path, f"`{series}` matches no live series", hint, pattern=UNMATCHED)

    def recordings(self) -> Iterator[Finding]:
        """Yield a finding for each recorded signal without series though its metrics exist."""
        for signal in self._spec.signals.values():
            if signal.recorded and self._is_expected(signal):
                series = Vector(signal.record, signal.select.only(signal.labels).matchers)
                if not self._exists(series):
                    self._absent_signals.add(signal.name)
                    message = f"the recorded series `{text(series)}` does not exist"
                    hint = "check that its rule is loaded and has been evaluated"
                    yield Finding(("signals", signal.name), message, hint, on_key=True, pattern=ABSENT_SERIES)

    def panels(self) -> Iterator[Finding]:
        """Yield a finding for each panel without data though its signals exist."""
        for panel in self._spec.panels:
            for signal in panel.signals:
                if self._is_expected(signal) and signal.name not in self._absent_signals:
                    query = text(signal.value())
                    if not self._query(query):
                        message = f"the panel `{panel.title}` shows nothing: `{query}` yields no data"
                        yield Finding(
                            panel.path, message, "query the parts of the expression", pattern=EMPTY_PANEL
                        )

    def _metric(self, component: Component, declared: Declared) -> Iterator[Finding]:
        name = declared.metric.name
        whole = Vector(declared.metric.present, component.select.matchers)
        if name in self._optional or self._exists(whole):
            return
        self._missing.update(declared.metric.series())
        if self._exists(Vector(whole.metric)):
            message = f"`{text(whole)}` matches no live series, `{whole.metric}` alone does"
            hint = "check that the target that exposes it has the labels of `select`"
            yield Finding(declared.path, message, hint, on_key=True, pattern=UNMATCHED)
        else:
            hint = f"expose it; {IF_ABSENT}"
            message = f"`{name}` has no live series"
            yield Finding(declared.path, message, hint, on_key=True, pattern=ABSENT_SERIES)

    def _unmatched(self, select: Select, owner: Component) -> Iterator[Finding]:
        """Yield the matchers of a select that match no target; if each matches some, one finding for all."""
        silent = [matcher for matcher in select if not self._exists(Vector("up", (matcher,)))]
        for matcher in silent:
            if self._exists(Vector("up", (Matcher(matcher.label, "!=", ""),))):
                message, hint = f"no live series has `{matcher}`", _WHICH_TARGET
            else:
                message, hint = f"no live series has the label `{matcher.label}`", _EXTERNAL
            yield Finding(self._place(matcher, owner), message, hint, pattern=UNMATCHED)
        if not silent:
            message = f"no target matches all of `{text(Vector('up', select.matchers))}`"
            yield Finding(self._place(select.matchers[-1], owner), message, _WHICH_TARGET, pattern=UNMATCHED)

    def _place(self, matcher: Matcher, owner: Component) -> Path:
        """Return the path of a select's matcher in the spec."""
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
        """Return whether the signal should have data: no metric or select it reads is missing or optional."""
        is_silent = any(each.select in self._silent for each in signal.with_parts())
        names = {metric.name for metric in signal.metrics()}
        return not is_silent and not names & (self._missing | self._optional)

    def _exists(self, vector: Vector) -> bool:
        return bool(self._query(text(Aggregate("count", vector, None))))


def rule_findings(
    spec: Resolved, system: str, api: PrometheusApi, loaded: Sequence[LoadedRule], wanted: str, hint: str
) -> Iterator[Finding]:
    """Yield rules of a text that `system` has not loaded, has loaded differently, or cannot evaluate.

    `hint` is the advice that loads them.
    """
    by_name: dict[tuple[str, str], list[LoadedRule]] = {}
    for rule in loaded:
        by_name.setdefault((rule.group, rule.name), []).append(rule)
    for rule in rules_of(wanted):
        found = by_name.get((rule.group, rule.name), [])
        same = [each for each in found if api.is_same(each, rule)]
        place = place_of(spec, rule)
        if not found:
            message = f"`{rule.name}` is not loaded by {system}"
            yield Finding(place, message, hint, on_key=True, pattern=UNLOADED)
        elif not same:
            message = f"{system} has loaded another `{rule.name}`"
            yield Finding(place, message, hint, on_key=True, pattern=UNLOADED)
        elif same[0].error:
            message = f"`{rule.name}` is not healthy: {same[0].error}"
            yield Finding(place, message, "query the parts of its expression", on_key=True, pattern=UNHEALTHY)
        elif same[0].health != "ok":
            message = f"`{rule.name}` has not been evaluated yet"
            retry = f"try again in {rule.interval:g} s"
            yield Finding(place, message, retry, on_key=True, pattern=UNEVALUATED)

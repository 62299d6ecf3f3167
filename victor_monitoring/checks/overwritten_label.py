"""Labels by which values differ, and which a rule sets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.meta import SERVICE, meta_alerts
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.promql.tree import Matcher
from victor_monitoring.signals.signal import Signal

_BY_PROMETHEUS = ("alertname", "alertstate")


@check("VM408", "overwritten-label")
def overwritten_label(spec: Resolved) -> Iterator[Finding]:
    """A label by which values differ is one that a rule sets: an alert, a meta alert or a recording.

    The label that is set replaces the value's own, so that two values become one series. Prometheus loads
    such a rule and refuses to evaluate it as soon as there are two values: the alert never fires.

    Bad: `by: [component]` or `scope: [service]`, which every alert sets. Good: `by: [shop_part]`.
    """
    found: dict[Path, Finding] = {}
    for rule in _rules(spec):
        for label in rule.sets:
            path = rule.varies.get(label)
            if path is not None and path not in found:
                message = (
                    f"`{rule.name}` sets the label `{label}`, by which its values differ: "
                    "with two of them at once, Prometheus refuses to evaluate it"
                )
                hint = f"leave `{label}` out of `{path[-2]}`, or give one of the two labels another name"
                found[path] = Finding(path, message, hint)
    yield from found.values()


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule, the labels that it sets, and those by which its values differ, each with its place."""

    name: str
    sets: Iterable[str]
    varies: Mapping[str, Path]


def _rules(spec: Resolved) -> Iterator[_Rule]:
    """Every rule that can have several values; of a label that is written in the spec VM406 tells."""
    written = {*dict(spec.service.labels), *(name for c in spec.components.values() for name, _ in c.labels)}
    scope: dict[str, Path] = {
        label: ("service", "scope", index)
        for index, label in enumerate(spec.service.scope)
        if label not in written
    }
    for alert in spec.alerts:
        own = dict(alert.own_labels)
        sets = [label for label, _ in alert.labels if label not in own]
        yield _Rule(alert.name, (*sets, *_BY_PROMETHEUS), _varying(alert.signal, scope, written))
    for signal in spec.signals.values():
        for recording in signal.recordings():
            yield _Rule(recording.record, dict(recording.labels), _varying(signal, scope, set()))
    for meta in meta_alerts(spec):
        if meta.watches != SERVICE:  # of that there is one value
            yield _Rule(meta.name, (*meta.labels, *_BY_PROMETHEUS), _unpinned(scope, meta.select))


def _varying(signal: Signal, scope: Mapping[str, Path], written: Collection[str]) -> Mapping[str, Path]:
    """The labels by which the values of a signal differ."""
    by: dict[str, Path] = {
        label: ("signals", signal.name, "by", index)
        for index, label in enumerate(signal.by)
        if not (label == "instance" and label in written)
    }
    return _unpinned({**by, **scope}, signal.select)


def _unpinned(places: Mapping[str, Path], select: Iterable[Matcher]) -> Mapping[str, Path]:
    """The labels that have no single value by the select."""
    pinned = {matcher.label for matcher in select}
    return {label: path for label, path in places.items() if label not in pinned}

"""Labels by which a rule's values differ, and which the rule sets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.meta import SERVICE, meta_alerts
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import Signal

_BY_PROMETHEUS = ("alertname", "alertstate")


@check("VM408", "overwritten-label")
def overwritten_label(spec: Resolved) -> Iterator[Finding]:
    """Values of a rule (alert, meta alert or recording rule) differ by a label that the rule itself sets.

    The rule's label replaces the label of the value, so two values get the same label set. Prometheus loads
    such a rule, but its evaluation fails as soon as there are two values: the alert never fires.

    Bad: `by: [component]` or `scope: [service]`, which every alert sets. Good: `by: [shop_part]`, or
    a copy of the value's own label: `labels: {team: "{{ $labels.team }}"}`.
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
                is_listed = isinstance(path[-1], int)
                remedy = f"leave `{label}` out of `{path[-2]}`" if is_listed else "add `agg` to the signal"
                is_ours = label in spec.service.alert_labels.names
                other = "in `service.alert_labels`" if is_ours else "to one of the two labels"
                hint = f"{remedy}, or give another name {other}"
                found[path] = Finding(path, message, hint)
    yield from found.values()


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule, the labels that it sets, and the labels by which its values differ, each with its path."""

    name: str
    sets: Iterable[str]
    varies: Mapping[str, Path]


def _rules(spec: Resolved) -> Iterator[_Rule]:
    """Yield every rule that can have several values, without the labels that VM406 reports."""
    written = {*dict(spec.service.labels), *(name for c in spec.components.values() for name, _ in c.labels)}
    scope: dict[str, Path] = {
        label: ("service", "scope", index)
        for index, label in enumerate(spec.service.scope)
        if label not in written
    }
    for alert in spec.alerts:
        reported = dict(alert.own_labels).keys() & {*alert.signal.labels}
        left_out = {*alert.copied_labels, *reported}
        sets = [label for label, _ in alert.labels if label not in left_out]
        yield _Rule(alert.id, (*sets, *_BY_PROMETHEUS), _varying(alert.signal, scope, written))
    for signal in spec.signals.values():
        for recording in signal.recordings():
            yield _Rule(recording.name, dict(recording.labels), _varying(signal, scope, set()))
    for meta in meta_alerts(spec):
        if meta.watches != SERVICE:  # it has a single value
            yield _Rule(meta.name, (*meta.labels, *_BY_PROMETHEUS), _unpinned(scope, meta.select))


def _varying(signal: Signal, scope: Mapping[str, Path], written: Collection[str]) -> Mapping[str, Path]:
    """Return the labels by which the values of a signal differ, with their paths."""
    path: Path = ("signals", signal.name)
    passed = signal.metrics() if signal.is_open else ()
    own: dict[str, Path] = {label: (*path, signal.kind.NAME) for each in passed for label in each.label_names}
    by: dict[str, Path] = {
        label: (*path, "by", index)
        for index, label in enumerate(signal.by)
        if not (label == "instance" and label in written)
    }
    return _unpinned({**own, **by, **scope}, signal.select)


def _unpinned(places: Mapping[str, Path], select: Select) -> Mapping[str, Path]:
    """Return the labels that the select does not restrict to a single value."""
    return {label: path for label, path in places.items() if label not in select.fixed}

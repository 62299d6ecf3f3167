"""The text of a drafted spec, section by section."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from victor_monitoring.app.importing.conditions import quantity
from victor_monitoring.app.importing.draft import Draft
from victor_monitoring.app.importing.metrics import Declaration
from victor_monitoring.app.importing.spec_text import Commented, Data, Guess, commented, yaml_lines
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.signals.units import COUNT


def drafted_text(draft: Draft) -> str:
    """Return the text of the spec; nothing is switched on that the rules did not have."""
    sections = (yaml_lines(key, data, flow_from=flow_from) for key, data, flow_from in _sections(draft))
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def _sections(draft: Draft) -> Iterator[tuple[str, Data, int]]:
    yield "victor_mon", 1, 0
    needs = [each.needs for each in (*draft.rules.values(), *draft.records.values()) if each.needs]
    labels: Data = dict.fromkeys(("service", "owner", "component", "signal"))
    title = draft.name.replace("-", " ").title()
    version: dict[str, Data] = {"prometheus": str(max(needs))} if needs else {}
    found = draft.objects
    placed: dict[str, Data] = {"namespace": found.namespace} if found and found.namespace else {}
    common: dict[str, Data] = dict(draft.common_labels)
    every: dict[str, Data] = {"labels": common} if common else {}
    yield (
        "service",
        {"name": draft.name, "title": title, **placed, **version, **every, "alert_labels": labels},
        1,
    )
    interval = draft.common_interval
    yield "defaults", {"evaluate_every": duration_text(interval) if interval else None}, 0
    if draft.severities:
        yield "severities", draft.severities, 0
    yield "meta", None, 0
    off = ("alertmanager", "registry", *(() if found else ("kubernetes",)))
    yield "outputs", dict.fromkeys(off), 0
    if found:
        key: dict[str, Data] = {"rules_key": found.rules_key} if found.rules_key else {}
        named: dict[str, Data] = {"labels": dict(found.labels)} if found.labels else {}
        yield "kubernetes", {"objects": found.objects, **key, **named}, 0
    settings: dict[str, Data] = {
        group.name: {
            **({"evaluate_every": duration_text(group.interval)} if group.interval and not interval else {}),
            **({"limit": group.limit} if group.limit else {}),
        }
        for group in draft.groups
    }
    if used := {name: each for name, each in settings.items() if each and name in draft.alerts}:
        yield "groups", used, 1
    yield "components", _components(draft), 3
    yield "signals", dict(draft.signals), 1
    comments = {group.name: group.comments for group in draft.groups}
    alerts = {name: _without(group, common) for name, group in draft.alerts.items()}
    yield "alerts", {name: commented(each, comments[name]) for name, each in alerts.items()}, 2


def _without(alerts: Mapping[str, Data], common: Mapping[str, Data]) -> dict[str, Data]:
    """Return the alerts without the labels that all of them have."""
    return {key: _without_labels(alert, common) for key, alert in alerts.items()}


def _without_labels(alert: Data, common: Mapping[str, Data]) -> Data:
    if isinstance(alert, Commented):
        return Commented(_without_labels(alert.data, common), alert.comments)
    assert isinstance(alert, Mapping)
    labels = alert.get("labels", {})
    assert isinstance(labels, Mapping)
    own = {name: value for name, value in labels.items() if name not in common}
    found = {**alert, "labels": own}
    return {key: value for key, value in found.items() if key != "labels" or own}


def _components(draft: Draft) -> dict[str, Data]:
    """Return the metrics by the first word of their names, as exporters name them."""
    by_word: dict[str, dict[str, Data]] = {}
    for name, declaration in draft.metrics.items():
        word = "recorded" if ":" in name else name.split("_")[0].lower() or "other"
        by_word.setdefault(word if word[:1].isalpha() else "other", {})[name] = _metric(declaration)
    return {
        word: {"external": True, "honor_labels": True, "select": {}, "metrics": metrics}
        for word, metrics in by_word.items()
    }


def _metric(declaration: Declaration) -> dict[str, Data]:
    metric, guesses = declaration.metric, declaration.guesses
    buckets: list[str] = [quantity(each, metric.unit) for each in metric.buckets]
    return {
        "type": _marked(metric.type.NAME, "type" in guesses),
        **({} if metric.unit == COUNT else {"unit": _marked(metric.unit.name, "unit" in guesses)}),
        **({"recorded": True} if metric.recorded else {}),
        **({"help": metric.help} if metric.help else {}),
        **({"labels": _labels(declaration)} if metric.labels else {}),
        **({"buckets": buckets} if buckets else {}),
    }


def _labels(declaration: Declaration) -> Data:
    names, guessed = declaration.metric.label_names, declaration.guessed_labels
    are_guessed = guessed == frozenset(names)
    labels: dict[str, Data] = {
        each: _marked({"open": True}, each in guessed and not are_guessed) for each in names
    }
    return _marked(labels, are_guessed)


def _marked(data: Data, is_guess: bool) -> Data:
    return Guess(data) if is_guess else data

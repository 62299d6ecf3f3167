"""Changes between rendered and live content, which has no spec: rules files, routing and dashboards."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, TypeAlias

from victor_monitoring.changes.change import Change, Effect, becomes
from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.promql.duration import parse_duration

Document: TypeAlias = Any  # parsed content of a file, of any shape: anyone may have edited it
Rules: TypeAlias = Mapping[tuple[str, str, int], Mapping[str, Any]]
_COMPARED: Final = re.compile(r"(<=|>=|<|>) (-?\d{1,300}(?:\.\d{1,300})?(?:e[+-]?\d{1,3})?)(?![\w.])")
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")


def rule_changes(before: Document, after: Document, spec: Resolved) -> Iterator[Change]:
    """Yield the changes from one rules file to another, rule by rule; thresholds are in the units of `spec`.

    `spec` is the spec of either file.
    """
    olds, news = _rules(before), _rules(after)
    seen: Counter[str] = Counter()
    alerts: dict[tuple[str, int], Alert] = {}
    for alert in spec.alerts:
        alerts[alert.name, seen[alert.name]] = alert
        seen[alert.name] += 1
    for key, new in news.items():
        kind, name, index = key
        if key not in olds:
            yield Change(_thing(kind), name, "added", (), _if_alert(kind, Effect.TIGHTENED))
        else:
            for meaning, verdict in _differences(olds[key], new, alerts.get((name, index))):
                yield Change(_thing(kind), name, meaning, (), verdict)
    for key in olds:
        if key not in news:
            kind, name, _ = key
            yield Change(_thing(kind), name, "removed", (), _if_alert(kind, Effect.LOOSENED), is_removal=True)


def _rules(document: Document) -> Rules:
    """Return every rule by its kind, its name and its index among rules of that name; skip the rest."""
    seen: Counter[tuple[str, str]] = Counter()
    found = {}
    groups = document.get("groups") if isinstance(document, dict) else None
    for group in groups if isinstance(groups, list) else ():
        rules = group.get("rules") if isinstance(group, dict) else None
        for rule in rules if isinstance(rules, list) else ():
            kind = (
                next((each for each in ("alert", "record") if each in rule), None)
                if isinstance(rule, dict)
                else None
            )
            if kind is not None:
                name = (kind, str(rule[kind]))
                found[(*name, seen[name])] = rule
                seen[name] += 1
    return found


def _thing(kind: str) -> str:
    return "alert" if kind == "alert" else "recording"


def _if_alert(kind: str, verdict: Effect) -> Effect:
    return verdict if kind == "alert" else Effect.NEITHER


def _differences(
    old: Mapping[str, Any], new: Mapping[str, Any], alert: Alert | None
) -> Iterator[tuple[str, Effect]]:
    thresholds = list(_thresholds(str(old.get("expr")), str(new.get("expr")), alert))
    yield from thresholds
    if old.get("expr") != new.get("expr") and not thresholds:
        yield "the expression differs", Effect.NEITHER
    for key in ("for", "keep_firing_for"):
        if old.get(key) != new.get(key):
            yield becomes(f"`{key}` of", old.get(key), new.get(key)), _slower(old.get(key), new.get(key), key)
    was, now = _mapping(old, "labels"), _mapping(new, "labels")
    for label in dict.fromkeys((*was, *now)):
        if was.get(label) != now.get(label):
            yield becomes(f"the label `{label}`", was.get(label), now.get(label)), Effect.NEITHER
    if (
        _mapping(old, "annotations") != _mapping(new, "annotations") and not thresholds
    ):  # annotations name the threshold
        yield "the annotations differ", Effect.NEITHER


def _thresholds(old: str, new: str, alert: Alert | None) -> Iterator[tuple[str, Effect]]:
    """Yield the thresholds that differ, if the expressions are equal otherwise."""
    if old == new or _COMPARED.sub(r"\1", old) != _COMPARED.sub(r"\1", new):
        return
    for (op, old_number), (_, new_number) in zip(_COMPARED.findall(old), _COMPARED.findall(new), strict=True):
        before, after = Fraction(old_number), Fraction(new_number)
        if before != after:
            is_looser = (after > before) == (op in (">", ">="))
            verdict = Effect.LOOSENED if is_looser else Effect.TIGHTENED
            was, now = (_written(each, alert, (before, after)) for each in (before, after))
            yield f"`{op} {was}` becomes `{op} {now}`", verdict


def _written(value: Fraction, alert: Alert | None, both: tuple[Fraction, Fraction]) -> str:
    """Return a threshold in the unit of the alert's own threshold, if that is one of `both`."""
    for _, _, condition in alert.conditions if alert else ():
        own = condition.threshold
        if own.value in both and own.value and (number := _NUMBER.match(own.text)):
            return f"{_float(value * Fraction(number[0]) / own.value):.10g}{own.text[number.end() :]}"
    return f"{_float(value):.10g}"


def _float(value: Fraction) -> float:
    """Return the nearest float; infinity for a number that is too large, which a live file may contain."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _slower(old: object, new: object, key: str) -> Effect:
    """Return the effect of a duration: a longer `for` loosens, a longer `keep_firing_for` tightens."""
    try:
        before, after = (parse_duration(str(each)) if each else 0 for each in (old, new))
    except ValueError:
        return Effect.NEITHER
    is_later = (after > before) == (key == "for")
    return Effect.LOOSENED if is_later else Effect.TIGHTENED


def _mapping(rule: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = rule.get(key)
    return found if isinstance(found, dict) else {}


Part: TypeAlias = Mapping[str, Sequence[Any]]  # routes, receivers, inhibit_rules


def routing_changes(before: Part, after: Part) -> Iterator[Change]:
    """Yield the changes of routes, receivers and inhibition rules; a receiver is identified by its name."""
    if before["routes"] != after["routes"]:
        yield Change("route", "subtree", _verb(before["routes"], after["routes"]), ())
    old, new = ({str(each.get("name")): each for each in part["receivers"]} for part in (before, after))
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield Change("receiver", name, _verb(old.get(name), new.get(name)), ())
    if before["inhibit_rules"] != after["inhibit_rules"]:
        count = f"{len(before['inhibit_rules'])} become {len(after['inhibit_rules'])}"
        yield Change("inhibition", "rules", count, ())


def _verb(old: object, new: object) -> str:
    if not old:
        return "added"
    return "changed" if new else "removed"


_PLACE: Final = ("gridPos", "id")
_COMPARED_SEPARATELY: Final = ("panels",)


def dashboard_changes(before: Document, after: Document) -> Iterator[Change]:
    """Yield the changes of a dashboard, panel by panel, then those of its other keys.

    A panel is identified by its title and its index among panels of that title.
    """
    olds, news = dict(_panels(before)), dict(_panels(after))
    for name, new in news.items():
        if name not in olds:
            yield Change("panel", _shown(name), "added", ())
        elif olds[name] != new:
            is_moved = _drawn(olds[name]) == _drawn(new)
            yield Change("panel", _shown(name), "moved" if is_moved else "changed", ())
    for name in olds:
        if name not in news:
            yield Change("panel", _shown(name), "removed", (), is_removal=True)
    was, now = (each if isinstance(each, dict) else {} for each in (before, after))
    for key in sorted({*was, *now}.difference(_COMPARED_SEPARATELY)):
        if was.get(key) != now.get(key):
            plain = all(
                isinstance(each, (str, int, float, type(None))) for each in (was.get(key), now.get(key))
            )
            yield Change(
                "dashboard", key, becomes("", was.get(key), now.get(key)) if plain else "differs", ()
            )


def _panels(dashboard: Document) -> Iterator[tuple[tuple[str, int], dict[str, Any]]]:
    """Yield every panel, also of collapsed rows, by its title and its index among panels of that title."""
    seen: dict[str, int] = {}
    found = dashboard.get("panels") if isinstance(dashboard, dict) else None
    for panel in found if isinstance(found, list) else ():
        if isinstance(panel, dict):
            inner = panel.get("panels")
            for each in (panel, *(inner if isinstance(inner, list) else ())):
                if isinstance(each, dict):
                    title = str(each.get("title", ""))
                    seen[title] = seen.get(title, 0) + 1
                    yield (title, seen[title]), {key: each[key] for key in each if key != "panels"}


def _drawn(panel: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in panel.items() if key not in _PLACE}


def _shown(name: tuple[str, int]) -> str:
    title, index = name
    return f"`{title}`" if index == 1 else f"`{title}` ({index})"

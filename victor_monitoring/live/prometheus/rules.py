"""Rule groups as untrusted YAML: safe parsing, ownership and normalised text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import yaml

from victor_monitoring.live.foreign_yaml import events, load
from victor_monitoring.promql.duration import duration_text, parse_duration

_DEPTH: Final = 100  # a rule has 5; more than some hundred exceed the recursion limit of Python


def document_of(text: str) -> Any:
    """Return the data of a YAML text; raise ValueError if it is not YAML, has aliases, or is nested deeply.

    A few lines of aliases can expand to more than fits into memory.
    """
    try:
        danger = _danger(text)
        found = None if danger else load(text)
    except yaml.YAMLError:
        raise ValueError("it is not YAML") from None
    if danger:
        raise ValueError(danger)
    return found


def _danger(text: str) -> str:
    depth = 0
    for event in events(text):
        if isinstance(event, yaml.AliasEvent):
            return "it has aliases"
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH:
            return "it is nested too deeply"
    return ""


Group: TypeAlias = Mapping[str, Any]
_KEYS: Final = (
    "name", "interval", "query_offset", "limit", "rules",
    "record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations",
)  # fmt: skip
_DURATIONS: Final = frozenset({"interval", "query_offset", "evaluation_delay", "for", "keep_firing_for"})


def group_text(group: Group) -> str:
    """Return the group as normalised YAML: equal for all equivalent forms that a server may return."""
    return yaml.safe_dump(_normalised(group), sort_keys=False, allow_unicode=True, width=10**9)


def is_of(group: Group, label: str, service: str) -> bool:
    """Return whether the group belongs to a service: it has alerts, and each has it in this label."""
    alerts = [rule for rule in group.get("rules", ()) if "alert" in rule]
    return bool(alerts) and all((rule.get("labels") or {}).get(label) == service for rule in alerts)


def is_group(value: object) -> bool:
    """Return whether a received value has the shape of a rule group."""
    rules = value.get("rules") if isinstance(value, dict) else None
    return (
        isinstance(value, dict)
        and isinstance(value.get("name"), str)
        and isinstance(rules, list)
        and all(isinstance(rule, dict) and isinstance(rule.get("labels") or {}, dict) for rule in rules)
    )


def _normalised(value: Any, key: str = "") -> Any:
    """Return a value without empty parts, with durations and keys in one form and order."""
    if isinstance(value, Mapping):
        is_free = key in ("labels", "annotations")
        parts = {name: _normalised(each, "" if is_free else str(name)) for name, each in value.items()}
        return {
            name: parts[name] for name in sorted(parts, key=_place) if is_free or not _is_empty(parts[name])
        }
    if isinstance(value, list):
        return [_normalised(each) for each in value]
    if key in _DURATIONS:
        try:
            return duration_text(parse_duration(str(value)))
        except ValueError:
            return value
    return value.strip() if key == "expr" and isinstance(value, str) else value


def _is_empty(value: object) -> bool:
    return value in (None, "", 0, "0s", [], {})


def _place(key: object) -> tuple[int, str]:
    return (_KEYS.index(key) if key in _KEYS else len(_KEYS), str(key))

"""An alert of a draft: its keys, and its texts with placeholders where templates say no more than these."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from victor_monitoring.app.importing.read import FoundRule
from victor_monitoring.app.importing.spec_text import Block, Data
from victor_monitoring.language.model.fields import SEVERITY_SHAPE
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.signals.units import Unit

_OWN_KEYS: Final = ("summary", "description")
_PLACEHOLDERS: Final = ("value", "threshold")  # in texts these are not labels
_LABEL: Final = re.compile(r"\{\{ \$labels\.(\w+) \}\}", re.ASCII)  # as placeholders are rendered
_BRACE: Final = re.compile(r"[{}]")


@dataclass(frozen=True, slots=True)
class PlainText:
    """An annotation as a key of the alert: `text` has placeholders, `labels` are those that it prints."""

    key: str
    text: str
    labels: tuple[str, ...]


def plain_texts(found: FoundRule, unit: Unit) -> Iterator[PlainText]:
    """Yield the annotations that a key of the alert can have, if it may print their labels."""
    for key, text in found.rule.annotations:
        labels = tuple(dict.fromkeys(_LABEL.findall(text)))
        rest = _LABEL.sub("", text).replace(unit.format.template(), "")
        is_ours = any(each in (*_PLACEHOLDERS, *dict(found.rule.labels)) for each in labels)
        if key in _OWN_KEYS and text and not _BRACE.search(rest) and not is_ours:
            yield PlainText(key, _LABEL.sub(r"{\1}", text.replace(unit.format.template(), "{value}")), labels)


def alert_data(
    found: FoundRule, *, key: str, signal: str, when: str, texts: Mapping[str, str]
) -> dict[str, Data]:
    """Return the keys of an alert; `texts` are the annotations with a key of their own."""
    rule = found.rule
    labels, others = dict(rule.labels), {name: each for name, each in rule.annotations if name not in texts}
    severity = labels.pop("severity", None) if is_word(labels.get("severity", "")) else None
    runbook = others.get("runbook_url", "")
    page: dict[str, Data] = {"runbook": others.pop("runbook_url")} if runbook and "{{" not in runbook else {}

    def written(name: str, text: str) -> Data:
        return Block(text) if name in found.blocks and "\n" in text else text

    return {
        **({"name": rule.name} if key != rule.name else {}),
        "signal": signal,
        "when": when,
        **({"for": duration_text(rule.pending)} if rule.pending else {}),
        **({"keep_firing_for": duration_text(rule.keep_firing)} if rule.keep_firing else {}),
        "severity": severity,
        **({"labels": dict(labels)} if labels else {}),
        **{name: written(name, texts[name]) for name in _OWN_KEYS if name in texts},
        **({"annotations": {name: written(name, each) for name, each in others.items()}} if others else {}),
        **page,
    }


def alert_key(found: FoundRule, taken: Mapping[str, object]) -> str:
    """Return a key for the alert: its name, or its name and severity, or with a number."""
    name = re.sub(r"[^a-zA-Z0-9_-]+", "-", found.rule.name).strip("-") or "alert"
    name = name if re.match(r"[a-zA-Z_]", name) else f"_{name}"
    severity = dict(found.rule.labels).get("severity", "")
    options: tuple[str, ...] = (name, *([f"{name}-{severity}"] if is_word(severity) else ()))
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return next(each for each in (*options, *numbered) if each not in taken)


def is_word(severity: str) -> bool:
    """Return whether a spec can have the text as a severity."""
    return re.fullmatch(SEVERITY_SHAPE, severity) is not None

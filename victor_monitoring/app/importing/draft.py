"""The draft of a spec: its sections as plain data, and the rule that each alert and record is from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from victor_monitoring.app.importing.alerts import is_word
from victor_monitoring.app.importing.metrics import Declaration
from victor_monitoring.app.importing.objects import RuleObjects
from victor_monitoring.app.importing.patterns import LEFT_OUT_RULE
from victor_monitoring.app.importing.read import FoundGroup, FoundRule
from victor_monitoring.app.importing.spec_text import Commented, Data
from victor_monitoring.base.diagnostics import Diagnostic, Pattern, Severity
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.template import has_go_template

_REASON: Final = "imported as it was"
_MILD_TO_SEVERE: Final = (
    "none", "info", "notice", "low", "minor", "ticket", "warning", "moderate", "major", "high", "error",
    "critical", "page", "disaster", "emergency",
)  # fmt: skip


@dataclass
class Draft:
    """A spec in the making. `rules` are the rules of its alerts by id, `records` those of its records.

    `origins` are the rules that signals are made from. `objects` are those that the rules were read from,
    None if they are files. `left_out` counts the reasons of rules left out.
    """

    name: str
    groups: tuple[FoundGroup, ...]
    signals: dict[str, Data] = field(default_factory=dict)
    alerts: dict[str, dict[str, Data]] = field(default_factory=dict)
    metrics: dict[str, Declaration] = field(default_factory=dict)
    rules: dict[str, FoundRule] = field(default_factory=dict)
    records: dict[str, FoundRule] = field(default_factory=dict)
    origins: dict[str, FoundRule] = field(default_factory=dict)
    objects: RuleObjects | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def severities(self) -> list[str]:
        """The words for severities that the alerts have, from mild to severe as far as words show it."""
        found = dict.fromkeys(dict(each.rule.labels).get("severity", "") for each in self.rules.values())
        order = {word: place for place, word in enumerate(_MILD_TO_SEVERE)}
        words = [each for each in found if is_word(each)]
        return sorted(words, key=lambda each: order.get(each.lower(), len(order)))

    @property
    def acknowledged(self) -> list[str]:
        """The alerts with an acknowledgement, of their own or of their signal."""
        return [
            key
            for alerts in self.alerts.values()
            for key, alert in alerts.items()
            if "ack" in keys_of(alert) or "ack" in keys_of(self.signals[str(keys_of(alert)["signal"])])
        ]

    @property
    def common_labels(self) -> dict[str, str]:
        """The labels that all of several alerts have, without severities and templates."""
        found = [dict(each.rule.labels) for each in self.rules.values()]
        shared = found[0].items() if len(found) > 1 else ()
        return {
            name: value
            for name, value in shared
            if name != "severity"
            and not has_go_template(value)
            and all(each.get(name) == value for each in found)
        }

    @property
    def common_interval(self) -> int | None:
        """The interval in milliseconds of all groups with alerts; None if they differ or have none."""
        found = {each.interval for each in self.groups if each.name in self.alerts}
        return found.pop() if len(found) == 1 else None

    def leave_out(self, found: FoundRule, reason: str, hint: str) -> None:
        """Name a rule that is left out, and count its reason."""
        self.left_out[reason] += 1
        self.diagnostics.append(LEFT_OUT_RULE.at(found.place, f"`{found.rule.name}` {reason}", hint))

    def acknowledge(self, findings: Iterable[tuple[Pattern, Finding]]) -> None:
        """Accept the findings of checks as warnings about the rules, which had these mistakes before."""
        for pattern, finding in findings:
            match finding.path:
                case ("signals", str(key), *_):
                    node, found = self.signals[key], self.origins[key]
                case ("alerts", str(group), str(key), *_):
                    node, found = self.alerts[group][key], self.rules[key]
                case _:
                    continue
            acks = keys_of(node).setdefault("ack", {})
            assert isinstance(acks, dict)
            acks[pattern.name] = _REASON
            accepted = replace(pattern, severity=Severity.WARNING)
            self.diagnostics.append(accepted.at(found.place, finding.message, finding.hint))


def keys_of(node: Data) -> dict[str, Data]:
    """Return the keys of an alert or a signal."""
    data = node.data if isinstance(node, Commented) else node
    assert isinstance(data, dict)
    return data

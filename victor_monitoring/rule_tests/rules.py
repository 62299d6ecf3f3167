"""Rules as they stand in a rules file, and which of them an alert needs."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

Rule: TypeAlias = Mapping[str, object]

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


@dataclass(frozen=True)
class RuleFile:
    """The groups of a rules file, each with its rules in order."""

    groups: tuple[tuple[str, tuple[Rule, ...]], ...]

    @classmethod
    def of(cls, data: Mapping[str, object]) -> RuleFile:
        """The file that the data describes, in the shape in which Prometheus reads it."""
        groups = data["groups"]
        assert isinstance(groups, list)  # what renders rules renders a list
        return cls(tuple((str(group["name"]), tuple(group["rules"])) for group in groups))

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the order in which they are evaluated."""
        return tuple(rule for _, rules in self.groups for rule in rules)

    @property
    def names(self) -> list[str]:
        """The groups' names, in order."""
        return [name for name, _ in self.groups]

    def data(self) -> dict[str, object]:
        """The file as data. The interval is left to the tests, which say how often they evaluate."""
        return {"groups": [{"name": name, "rules": list(rules)} for name, rules in self.groups]}

    def replacing(self, old: Rule, new: Rule) -> RuleFile:
        """The same file with one rule changed."""
        return RuleFile(
            tuple(
                (name, tuple(new if rule is old else rule for rule in rules)) for name, rules in self.groups
            )
        )

    def needed_by(self, alerts: Collection[str], records: Collection[str] = ()) -> RuleFile:
        """The rules of these alerts and recordings, and what those are computed from."""
        wanted = [each for each in self.rules if each.get("alert") in alerts or each.get("record") in records]
        needed: list[Rule] = []
        while wanted:
            needed += wanted
            read = {name for rule in wanted for name in read_names(rule)}
            wanted = [rule for rule in self.rules if rule.get("record") in read and rule not in needed]
        groups = ((name, tuple(rule for rule in rules if rule in needed)) for name, rules in self.groups)
        return RuleFile(tuple((name, rules) for name, rules in groups if rules))

    def alerts_reading(self, rule: Rule) -> list[str]:
        """The names of the alerts that the rule matters for: its own, or those that read what it records."""
        if "alert" in rule:
            return [str(rule["alert"])]
        found: dict[str, None] = {}
        records = {str(rule["record"])}
        for each in self._after(rule):
            if records & set(read_names(each)):
                if "alert" in each:
                    found[str(each["alert"])] = None
                else:
                    records.add(str(each["record"]))
        return list(found)

    def _after(self, rule: Rule) -> Sequence[Rule]:
        index = next(index for index, each in enumerate(self.rules) if each is rule)
        return self.rules[index + 1 :]


def read_names(rule: Rule) -> list[str]:
    """The names that stand in a rule's expression: series, functions, labels."""
    return _NAME.findall(str(rule["expr"]))


def rule_name(rule: Rule) -> str:
    """The alert's name, or the recorded series' with the labels that tell it from others."""
    if "alert" in rule:
        return str(rule["alert"])
    inner = ",".join(f"{name}={value}" for name, value in pairs(rule, "labels").items())
    return f"{rule['record']}{{{inner}}}" if inner else str(rule["record"])


def pairs(rule: Rule, key: str) -> Mapping[str, str]:
    """The `labels` or `annotations` of a rule, whichever `key` is."""
    found = rule.get(key)
    return found if isinstance(found, Mapping) else {}

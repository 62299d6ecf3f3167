"""The rules of a rules file, and how they depend on each other."""

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
        """Return the rules file with this data, in the shape that Prometheus reads."""
        groups = data["groups"]
        assert isinstance(groups, list)  # the renderer of rules returns a list
        return cls(tuple((str(group["name"]), tuple(group["rules"])) for group in groups))

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the order in which they are evaluated."""
        return tuple(rule for _, rules in self.groups for rule in rules)

    @property
    def names(self) -> list[str]:
        """The names of the groups, in order."""
        return [name for name, _ in self.groups]

    def data(self) -> dict[str, object]:
        """Return the file as data, without `interval`: the tests set how often they evaluate."""
        return {"groups": [{"name": name, "rules": list(rules)} for name, rules in self.groups]}

    def replacing(self, old: Rule, new: Rule) -> RuleFile:
        """Return the same file with one rule replaced."""
        return RuleFile(
            tuple(
                (name, tuple(new if rule is old else rule for rule in rules)) for name, rules in self.groups
            )
        )

    def needed_by(self, alerts: Collection[str], records: Collection[str] = ()) -> RuleFile:
        """Return the rules of these alerts and recordings, and the recordings that they are computed from."""
        wanted = [each for each in self.rules if each.get("alert") in alerts or each.get("record") in records]
        needed: list[Rule] = []
        while wanted:
            needed += wanted
            read = {name for rule in wanted for name in read_names(rule)}
            wanted = [rule for rule in self.rules if rule.get("record") in read and rule not in needed]
        groups = ((name, tuple(rule for rule in rules if rule in needed)) for name, rules in self.groups)
        return RuleFile(tuple((name, rules) for name, rules in groups if rules))

    def alerts_reading(self, rule: Rule) -> list[str]:
        """Return the names of the alerts that depend on the rule, directly or through other recordings."""
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
    """Return the names in a rule's expression: series, functions and labels."""
    return _NAME.findall(str(rule["expr"]))


def rule_name(rule: Rule) -> str:
    """Return the alert's name, or the recorded name with the labels that the rule adds."""
    if "alert" in rule:
        return str(rule["alert"])
    inner = ",".join(f"{name}={value}" for name, value in pairs(rule, "labels").items())
    return f"{rule['record']}{{{inner}}}" if inner else str(rule["record"])


def pairs(rule: Rule, key: str) -> Mapping[str, str]:
    """Return the `labels` or `annotations` of a rule, as `key` selects; empty where it has none."""
    found = rule.get(key)
    return found if isinstance(found, Mapping) else {}

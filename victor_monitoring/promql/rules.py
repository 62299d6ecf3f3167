"""Recording and alerting rules, and the rules file: its data, and how its rules depend on each other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.tree import Expr, vectors

Pairs: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; `kind` is the key of its name in a rules file, durations are milliseconds.

    `alert` is the id of an alert; alerts without one are identified by their name.
    """

    kind: Literal["record", "alert"]
    name: str
    expr: Expr
    labels: Pairs = ()
    annotations: Pairs = ()
    pending: int = 0
    keep_firing: int | None = None
    alert: str = ""

    def __str__(self) -> str:
        """Return the id, for a recording with the labels that it adds."""
        inner = ",".join(f"{name}={value}" for name, value in self.labels)
        return f"{self.id}{{{inner}}}" if inner and self.kind == "record" else self.id

    @property
    def id(self) -> str:
        """The id of the alert, or the name of the recorded series."""
        return self.alert or self.name

    @property
    def reads(self) -> frozenset[str]:
        """The names of the series in the expression."""
        return frozenset(vector.metric for vector in vectors(self.expr))

    def data(self) -> dict[str, object]:
        """Return the rule in the shape of a rules file."""
        found: dict[str, object] = {self.kind: self.name, "expr": text(self.expr)}
        if self.pending:
            found["for"] = duration_text(self.pending)
        if self.keep_firing is not None:
            found["keep_firing_for"] = duration_text(self.keep_firing)
        if self.labels:
            found["labels"] = dict(self.labels)
        if self.kind == "alert":
            found["annotations"] = dict(self.annotations)
        return found


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that Prometheus evaluates in order, once per `interval` (milliseconds; None: that of the server).

    A rule with more alerts or series than `limit` fails; None is no limit.
    """

    name: str
    interval: int | None
    rules: tuple[Rule, ...]
    limit: int | None = None

    def split(self, most: int) -> list[tuple[Rule, ...]]:
        """Return the rules in parts of at most `most`, none of which reads recordings of a later part.

        Rules that depend on each other stay together, unless they are more than `most`: then all their
        recordings come first.
        """
        parts: list[list[Rule]] = [[]]
        for rules in self._connected():
            is_whole = len(rules) <= most
            if is_whole and len(parts[-1]) + len(rules) > most:
                parts.append([])
            for rule in rules if is_whole else sorted(rules, key=lambda rule: rule.kind == "alert"):
                if len(parts[-1]) == most:
                    parts.append([])
                parts[-1].append(rule)
        return [tuple(part) for part in parts]

    def _connected(self) -> list[list[Rule]]:
        """Return the rules in sets that read no recordings of each other, each in the order of the group."""
        of_record: dict[str, int] = {}  # the number of the first rule of the set that has the recording
        sets: dict[int, list[int]] = {}
        for number, rule in enumerate(self.rules):
            own = {rule.name} if rule.kind == "record" else set()
            read = sorted({of_record[name] for name in rule.reads | own if name in of_record})
            first = read[0] if read else number
            sets[first] = sorted({number, *(each for old in read for each in sets.pop(old))})
            of_record |= {name: first for name, old in of_record.items() if old in read}
            of_record |= dict.fromkeys(own, first)
        return [[self.rules[number] for number in numbers] for _, numbers in sorted(sets.items())]

    def data(self) -> dict[str, object]:
        """Return the group in the shape of a rules file."""
        limit = {} if self.limit is None else {"limit": self.limit}
        rules = [rule.data() for rule in self.rules]
        interval = {} if self.interval is None else {"interval": duration_text(self.interval)}
        return {"name": self.name, **interval, **limit, "rules": rules}


@dataclass(frozen=True, slots=True)
class RuleFile:
    """The groups of a rules file."""

    groups: tuple[RuleGroup, ...]

    def data(self) -> dict[str, object]:
        """Return the data of the rules file, which is also the spec of an operator's PrometheusRule."""
        return {"groups": [group.data() for group in self.groups]}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the order in which they are evaluated."""
        return tuple(rule for group in self.groups for rule in group.rules)

    @property
    def names(self) -> list[str]:
        """The names of the groups, in order."""
        return [group.name for group in self.groups]

    def split(self, most: int) -> RuleFile:
        """Return the file with at most `most` rules in a group; others of NAME are in NAME-2 and so on."""
        taken = set(self.names)
        found: list[RuleGroup] = []
        for group in self.groups:
            first, *others = group.split(most)
            found.append(replace(group, rules=first))
            numbers = itertools.count(2)
            for rules in others:
                name = next(name for n in numbers if (name := f"{group.name}-{n}") not in taken)
                taken.add(name)
                found.append(replace(group, name=name, rules=rules))
        return RuleFile(tuple(found))

    def replacing(self, old: Rule, new: Rule) -> RuleFile:
        """Return the same file with one rule replaced."""
        return self._with_rules(lambda rules: (new if rule is old else rule for rule in rules))

    def needed_by(self, alerts: Collection[str], records: Collection[str] = ()) -> RuleFile:
        """Return the rules of these alerts and recordings, and the recordings that they are computed from."""
        ids = {"alert": alerts, "record": records}
        wanted = [rule for rule in self.rules if rule.id in ids[rule.kind]]
        needed: set[Rule] = set()
        while wanted:
            needed.update(wanted)
            read = frozenset[str]().union(*(rule.reads for rule in wanted))
            wanted = [r for r in self.rules if r.kind == "record" and r.name in read and r not in needed]
        return self._with_rules(lambda rules: (rule for rule in rules if rule in needed))

    def without(self, alerts: Collection[str]) -> RuleFile:
        """Return the same file without these alerts."""
        return self._with_rules(
            lambda rules: (rule for rule in rules if rule.kind == "record" or rule.id not in alerts)
        )

    def alerts_reading(self, rule: Rule) -> list[str]:
        """Return the ids of the alerts that depend on the rule, directly or through other recordings."""
        if rule.kind == "alert":
            return [rule.id]
        found: dict[str, None] = {}
        records = {rule.name}
        for each in self.rules[self.rules.index(rule) + 1 :]:
            if records & each.reads:
                if each.kind == "alert":
                    found[each.id] = None
                else:
                    records.add(each.name)
        return list(found)

    def in_order(self) -> list[RuleGroup]:
        """Return the groups in their order, but each after the groups whose recorded series it reads."""
        home = {
            rule.name: group.name for group in self.groups for rule in group.rules if rule.kind == "record"
        }
        found: dict[str, RuleGroup] = {}
        visited: set[str] = set()

        def visit(group: RuleGroup) -> None:
            if group.name not in visited:  # else it is already placed, or groups read each other
                visited.add(group.name)
                read = {home.get(name) for rule in group.rules for name in rule.reads}
                for before in self.groups:
                    if before.name in read:
                        visit(before)
                found[group.name] = group

        for group in self.groups:
            visit(group)
        return list(found.values())

    def _with_rules(self, change: Callable[[Sequence[Rule]], Iterator[Rule]]) -> RuleFile:
        """Return the file with the rules of each group changed, without groups that become empty."""
        groups = (replace(group, rules=tuple(change(group.rules))) for group in self.groups)
        return RuleFile(tuple(group for group in groups if group.rules))

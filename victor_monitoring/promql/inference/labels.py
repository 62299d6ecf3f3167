"""Labels that series can have: the possible values of each label, and whether it can be missing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from victor_monitoring.promql.grammar import NAME
from victor_monitoring.promql.tree import Matcher

_LITERALS: Final = re.compile(r"[\w:/@ -]+(?:\|[\w:/@ -]+)*")


class Values(NamedTuple):
    """The values that a label can have, None for any; `missing` if some series may be without the label."""

    known: frozenset[str] | None
    missing: bool

    @property
    def is_impossible(self) -> bool:
        """Whether no series can have such a label, not even be without it."""
        return self.known is not None and not self.known and not self.missing

    @property
    def options(self) -> frozenset[str] | None:
        """All values, with an empty one if the label can be missing; None for any."""
        return None if self.known is None else self.known | ({""} if self.missing else frozenset())

    def matched(self, matcher: Matcher) -> Values:
        """Return the values that a matcher leaves."""
        missing = self.missing and matcher.matches("")
        if self.known is not None:
            return Values(frozenset(filter(matcher.matches, self.known)), missing)
        if matcher.op == "=":
            return Values(frozenset(filter(None, [matcher.value])), missing)
        is_listed = matcher.op == "=~" and _LITERALS.fullmatch(matcher.value)
        return Values(frozenset(matcher.value.split("|")) if is_listed else None, missing)

    def both(self, other: Values) -> Values:
        """Return the values that are possible here and there."""
        known = (
            other.known
            if self.known is None
            else self.known
            if other.known is None
            else self.known & other.known
        )
        return Values(known, self.missing and other.missing)

    def either(self, other: Values) -> Values:
        """Return the values that are possible here or there."""
        known = None if self.known is None or other.known is None else self.known | other.known
        return Values(known, self.missing or other.missing)


ANY: Final = Values(None, missing=True)
GIVEN: Final = Values(None, missing=False)
ABSENT: Final = Values(frozenset(), missing=True)


def one_of(values: Iterable[str]) -> Values:
    """Return a label with these values, an empty one for a missing label."""
    values = frozenset(values)
    return Values(frozenset(filter(None, values)), "" in values)


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of the series of a vector; others than the `named` ones exist only if it is `open`.

    The name of a series is the label `__name__`.
    """

    named: Mapping[str, Values]
    open: bool = False

    def __post_init__(self) -> None:
        found = {name: each for name, each in sorted(self.named.items()) if self.open or each != ABSENT}
        object.__setattr__(self, "named", found)

    def __getitem__(self, name: str) -> Values:
        return self.named.get(name, ANY if self.open else ABSENT)

    @property
    def always(self) -> frozenset[str]:
        """The labels that every series has."""
        return frozenset(name for name, each in self.named.items() if not each.missing)

    @property
    def possible(self) -> frozenset[str]:
        """The known labels that a series can have; if it is `open`, there may be others."""
        return frozenset(name for name, each in self.named.items() if each.known is None or each.known)

    @property
    def is_impossible(self) -> bool:
        """Whether no series can have such labels."""
        return any(each.is_impossible for each in self.named.values())

    def matched(self, matchers: Iterable[Matcher]) -> Labels:
        """Return the labels of the series that the matchers leave."""
        found = self
        for each in matchers:
            found = found.with_values(each.label, found[each.label].matched(each))
        return found

    def with_values(self, name: str, values: Values) -> Labels:
        """Return the labels with one of them replaced."""
        return Labels({**self.named, name: values}, self.open)

    def only(self, names: Iterable[str]) -> Labels:
        """Return these labels alone."""
        return Labels({name: self[name] for name in names})

    def without(self, names: Iterable[str]) -> Labels:
        """Return all but these labels."""
        return Labels({**self.named, **dict.fromkeys(names, ABSENT)}, self.open)

    def unnamed(self) -> Labels:
        """Return the labels without the name of the series."""
        return self.without((NAME,))

    def either(self, other: Labels) -> Labels:
        """Return the labels of the series of both vectors together."""
        names = self.named.keys() | other.named.keys()
        return Labels({name: self[name].either(other[name]) for name in names}, self.open or other.open)

    def most(self, names: Iterable[str]) -> int | None:
        """Return the largest number of label sets that differ in these labels alone; None if unknown."""
        options = [self[name].options for name in names]
        return math.prod(len(each) for each in options if each is not None) if None not in options else None


NO_LABELS: Final = Labels({})
ANY_LABELS: Final = Labels({}, open=True)


@dataclass(frozen=True, slots=True)
class Key:
    """The labels on which the series of two vectors match: these, or all but these."""

    names: frozenset[str]
    is_excluding: bool

    def has(self, name: str) -> bool:
        """Return whether the series match on this label."""
        return (name in self.names) != self.is_excluding

    def matched(self, mine: Labels, others: Labels) -> Labels:
        """Return the labels of the series that can match one of the other vector."""
        if not self.is_excluding:
            return Labels(
                {**mine.named, **{name: mine[name].both(others[name]) for name in self.names}}, mine.open
            )
        names = mine.named.keys() | others.named.keys() | self.names
        found = {name: mine[name].both(others[name]) if self.has(name) else mine[name] for name in names}
        return Labels(found, mine.open and others.open)

    def is_certain(self, mine: Labels, others: Labels) -> bool:
        """Return whether every series of one vector matches every one of the other."""
        if self.is_excluding and (mine.open or others.open):
            return False
        names = (mine.named.keys() | others.named.keys()) if self.is_excluding else self.names
        return all(
            mine[name].options == others[name].options and len(mine[name].options or ()) == 1
            for name in names
            if self.has(name)
        )

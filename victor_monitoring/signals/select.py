"""Selects: the target labels by which the targets of a service, and so their series, are selected."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from victor_monitoring.promql.examples import examples
from victor_monitoring.promql.tree import Matcher, all_match

INSTANCE: Final = "instance"  # the label that each target has
ELSEWHERE: Final = "elsewhere"  # a label value that is unlikely in a spec
PATTERN: Final = "=~"  # starts a value that is a regular expression
_VARIED: Final = "0123456789ab"
_OTHERS: Final = (ELSEWHERE, ELSEWHERE.upper(), "-", "0")  # values outside of most patterns


@dataclass(frozen=True, slots=True)
class Select:
    """The matchers of the labels that all selected targets have, each label once.

    An equality fixes the value of its label. A pattern leaves it open: the targets may differ in it.
    """

    matchers: tuple[Matcher, ...] = ()

    @classmethod
    def of(cls, written: Mapping[str, str]) -> Select:
        """Return a select as the spec writes it: values by label, a pattern with `=~` before it."""
        return cls(tuple(_matcher(label, value) for label, value in written.items()))

    def written(self) -> dict[str, str]:
        """Return the select as the spec writes it."""
        return {each.label: _written(each) for each in self.matchers}

    def only(self, labels: Collection[str]) -> Select:
        """Return the select without the labels that are not among `labels`."""
        return Select(tuple(each for each in self.matchers if each.label in labels))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether a target with these labels is selected."""
        return all_match(self.matchers, labels)

    def __iter__(self) -> Iterator[Matcher]:
        return iter(self.matchers)

    def __bool__(self) -> bool:
        return bool(self.matchers)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels."""
        return tuple(each.label for each in self.matchers)

    @property
    def fixed(self) -> dict[str, str]:
        """The labels that have one value, with their values."""
        return {each.label: each.value for each in self.matchers if each.op == "="}

    @property
    def patterns(self) -> tuple[Matcher, ...]:
        """The matchers of labels whose values may differ."""
        return tuple(each for each in self.matchers if each.op != "=")

    @property
    def example(self) -> dict[str, str]:
        """The labels that one selected target may have: the first value of each pattern."""
        return {each.label: next(_values(each)) for each in self.matchers}

    def targets(self, *instances: str) -> tuple[dict[str, str], ...]:
        """Return the labels of selected targets, which differ by these instances, or by selected ones.

        There is one target if the label `instance` has one value, or if no other value of a pattern is known.
        """
        own = [each for each in self.matchers if each.label == INSTANCE]
        values = (
            (*filter(own[0].matches, instances), *_values(own[0]), *_varied(own[0])) if own else instances
        )
        found = list(dict.fromkeys(values))[: len(instances)]
        return tuple({**self.example, INSTANCE: each} for each in found)

    @property
    def outside(self) -> dict[str, str]:
        """For each label, a value that no selected target has; a label that takes any value is left out."""
        found = {each.label: _outside(each) for each in self.matchers}
        return {label: value for label, value in found.items() if value is not None}

    def another(self, label: str, used: Collection[str | None]) -> str | None:
        """Return a further value of a label that some selected target may have; None if none is found."""
        values = (value for each in self.patterns if each.label == label for value in _values(each))
        return next((value for value in values if value not in used), None)


def _matcher(label: str, value: str) -> Matcher:
    if value.startswith(PATTERN):
        return Matcher(label, "=~", value.removeprefix(PATTERN))
    return Matcher(label, "=", value)


def _written(matcher: Matcher) -> str:
    return matcher.value if matcher.op == "=" else f"{PATTERN}{matcher.value}"


def _outside(matcher: Matcher) -> str | None:
    return next((value for value in _OTHERS if not matcher.matches(value)), None)


def _values(matcher: Matcher) -> Iterator[str]:
    """Yield values that the matcher matches: of a pattern also longer ones than its examples."""
    if matcher.op == "=":
        yield matcher.value
        return
    found = examples(matcher.value)
    yield from found
    yield from (longer for each in found if matcher.matches(longer := f"{each}2"))


def _varied(matcher: Matcher) -> Iterator[str]:
    """Yield values that the matcher matches and that differ from one of its examples in one character."""
    for text in _values(matcher):
        texts = (f"{text[:at]}{other}{text[at + 1 :]}" for at in range(len(text)) for other in _VARIED)
        yield from filter(matcher.matches, texts)

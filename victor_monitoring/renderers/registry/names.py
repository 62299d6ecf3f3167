"""Names in the registry module: valid, public and unique identifiers."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from victor_monitoring.language.resolved.spec import Component, Declared
from victor_monitoring.signals.metric import Label


class NameScope:
    """The names of one scope; `taken` are those in use."""

    def __init__(self, taken: Collection[str]) -> None:
        self._taken = set(taken)

    def give(self, wanted: str, suffix: str = "_") -> str:
        """Return `wanted`, with `suffix` appended until it is free and no keyword."""
        while wanted in self._taken or keyword.iskeyword(wanted):
            wanted += suffix
        self._taken.add(wanted)
        return wanted

    def give_all(self, wanted: Iterable[str]) -> dict[str, str]:
        """Return a name for each of the `wanted` ones, keyed by them."""
        return {each: self.give(each) for each in wanted}


def attribute(metric: str, prefix: str) -> str:
    """Return the attribute of a metric: its name without the prefix, if that is a public name."""
    short = metric.removeprefix(prefix)
    whole = short if re.match("[a-zA-Z]", short) else metric.lstrip("_:")
    word = re.sub(r"\W", "_", whole)
    return word if word.isidentifier() else f"metric_{word}"


def camel(name: str) -> str:
    """Return a name in camel case: `tool_execution` as `ToolExecution`."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


@dataclass(frozen=True, slots=True)
class _Use:
    """A closed label of one metric."""

    component: str
    metric: str
    label: str
    values: frozenset[str]


Aliases: TypeAlias = dict[tuple[str, str], tuple[str, tuple[str, ...]]]


def aliases(components: Iterable[Component], prefix: str, names: NameScope) -> Aliases:
    """Return the Literal of each closed label by metric and label: its name and its values.

    It is named after the label. If the spec has several value sets of that label, the component's name comes
    first, or the metric's if the component has several.
    """
    uses = {
        _Use(component.name, declared.metric.name, label.name, frozenset(label.values)): label.values
        for component in components
        for declared in component.metrics
        for label in declared.metric.labels
        if label.values is not None
    }
    given: dict[tuple[str, str, frozenset[str]], tuple[str, tuple[str, ...]]] = {}
    found: Aliases = {}
    for use, values in uses.items():
        owner = _owner(use, uses, prefix)
        key = (owner, use.label, use.values)
        if key not in given:
            wanted = (camel(owner) + camel(use.label)).lstrip("_") or "Label"
            given[key] = names.give(wanted, "Label"), tuple(dict.fromkeys(values))
        found[use.metric, use.label] = given[key]
    return found


def _owner(use: _Use, uses: Iterable[_Use], prefix: str) -> str:
    """Return the scope in which the label has only this value set: the spec (empty), component or metric."""
    same_label = [each for each in uses if each.label == use.label]
    if len({each.values for each in same_label}) == 1:
        return ""
    if len({each.values for each in same_label if each.component == use.component}) == 1:
        return use.component
    return attribute(use.metric, prefix)


def parameters(labels: Iterable[Label]) -> dict[str, str]:
    """Return the parameter of a method for each label, by the label's name."""
    return NameScope({"self"}).give_all(label.name for label in labels)


def attributes(metrics: Iterable[Declared], prefix: str, taken: Collection[str]) -> dict[str, str]:
    """Return the attribute of a class for each metric, by the metric's name."""
    names = NameScope(taken)
    return {each.metric.name: names.give(attribute(each.metric.name, prefix)) for each in metrics}

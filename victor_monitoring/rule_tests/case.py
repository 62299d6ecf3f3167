"""A case: the samples that are scraped, and the alerts expected to fire at given times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.rule_tests.script import Script
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import LabelPairs


@dataclass(frozen=True, slots=True)
class Firing:
    """A firing alert: all its labels, its annotations, and the names of those whose texts are not known."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Expectation:
    """The firing instances of an alert at a time in milliseconds; empty where the alert must be silent.

    `alert` is its id, `name` its name if that is another. `labels` select its instances where other rules of
    that name are evaluated with it; without such rules they are empty.
    `has_annotations` is False where only the labels are expected: where annotations are not known, such as
    those of a value that differs between versions of Prometheus, or are expected before.
    """

    at: int
    alert: str
    firing: tuple[Firing, ...] = ()
    has_annotations: bool = True
    name: str = ""
    labels: LabelPairs = ()

    @property
    def alertname(self) -> str:
        """The value of the label `alertname`."""
        return self.name or self.alert

    @property
    def is_known(self) -> bool:
        """Whether the texts of all annotations are known."""
        return not any(each.unknown for each in self.firing)

    def by_labels(self, labels: LabelPairs) -> Expectation:
        """Return the expectation about the instances with these labels only, without their annotations."""
        return replace(self, labels=labels, has_annotations=False)


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A recorded series that must not exist for targets with this value of a label."""

    at: int
    record: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """All series that a rule records for the selected targets: each label set with its value."""

    at: int
    record: str
    select: Select
    values: Mapping[LabelPairs, float]


CasePart: TypeAlias = Expectation | Unrecorded | Recorded


@dataclass(frozen=True, slots=True)
class Case:
    """One case of one alert.

    `path` is the alert's path in the spec, `evaluate` the interval at which all rules are evaluated.
    """

    kind: str
    alert: str
    about: str
    path: Path
    evaluate: int
    script: Script = field(repr=False)
    expectations: tuple[Expectation, ...] = field(repr=False)
    unrecorded: tuple[Unrecorded, ...] = field(default=(), repr=False)
    recorded: tuple[Recorded, ...] = field(default=(), repr=False)

    @property
    def alerts(self) -> frozenset[str]:
        """The ids of the alerts that the case has expectations about."""
        return frozenset(each.alert for each in self.expectations)

    @property
    def records(self) -> frozenset[str]:
        """The names of the recorded series that the case has expectations about."""
        wanted = frozenset(each.record for each in self.recorded)
        return wanted | {each.record for each in self.unrecorded}

    @property
    def name(self) -> str:
        """The name of the test: alert, kind and description."""
        return f"{self.alert}, {self.kind}: {self.about}"

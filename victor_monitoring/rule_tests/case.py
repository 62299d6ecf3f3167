"""A case: what is scraped, and which alerts fire when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.rule_tests.script import Script
from victor_monitoring.signals.signal import LabelPairs


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that fires: all its labels, and what people are told."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What fires under an alert's name at a time in milliseconds: exactly this, so nothing where it is empty.

    `is_told` is False where only the labels can be foretold, because the value differs with the version
    of Prometheus.
    """

    at: int
    alert: str
    firing: tuple[Firing, ...] = ()
    is_told: bool = True


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A recorded series that must not exist for targets with this value of a label."""

    at: int
    record: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is recorded under a name for our targets, and nothing else: each label set with its value."""

    at: int
    record: str
    select: Mapping[str, str]
    values: Mapping[LabelPairs, float]


@dataclass(frozen=True, slots=True)
class Case:
    """One case of one alert; `path` is where the alert stands in the spec."""

    kind: str
    alert: str
    about: str
    path: Path
    script: Script = field(repr=False)
    expectations: tuple[Expectation, ...] = field(repr=False)
    unrecorded: tuple[Unrecorded, ...] = field(default=(), repr=False)
    recorded: tuple[Recorded, ...] = field(default=(), repr=False)

    @property
    def alerts(self) -> frozenset[str]:
        """The alerts that something is expected of."""
        return frozenset(each.alert for each in self.expectations)

    @property
    def records(self) -> frozenset[str]:
        """The recorded series that something is expected of."""
        wanted = frozenset(each.record for each in self.recorded)
        return wanted | {each.record for each in self.unrecorded}

    @property
    def name(self) -> str:
        """The case in words, which is the test's name."""
        return f"{self.alert}, {self.kind}: {self.about}"

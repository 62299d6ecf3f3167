"""An exposition as it was read: samples and metadata, each word with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from victor_monitoring.base.diagnostics import Source, Span


@dataclass(frozen=True, slots=True)
class ExpositionToken:
    """A decoded token and where it stands, quotes apart; counted as in `Span`, kept flat for large texts."""

    text: str
    line: int
    column: int
    end: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a series. `time` is in milliseconds in the text format, in seconds in OpenMetrics."""

    name: ExpositionToken
    labels: tuple[tuple[ExpositionToken, ExpositionToken], ...]
    value: float
    time: float | None

    def value_of(self, label: str) -> ExpositionToken | None:
        """The value of a label; None where it is not there, or empty, which Prometheus takes for the same."""
        return next((value for name, value in self.labels if name.text == label and value.text), None)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a TYPE, HELP or UNIT line says of a metric."""

    name: ExpositionToken
    said: ExpositionToken


@dataclass(frozen=True, slots=True)
class ExpositionFault:
    """A place that a scrape refuses, and why."""

    place: ExpositionToken
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Exposition:
    """All that could be read of a text; types, helps and units by the name that their lines give.

    `unread` holds the names that lines began with that could not be read to their end.
    """

    source: Source
    openmetrics: bool
    types: Mapping[str, Metadata]
    helps: Mapping[str, Metadata]
    units: Mapping[str, Metadata]
    samples: tuple[Sample, ...]
    faults: tuple[ExpositionFault, ...]
    unread: frozenset[str]

    def span(self, word: ExpositionToken) -> Span:
        """The place of a word."""
        return Span(self.source, word.line, word.column, word.line, word.end)

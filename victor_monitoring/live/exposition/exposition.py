"""A parsed exposition: samples and metadata, each token with its position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from victor_monitoring.base.diagnostics import Source, Span


@dataclass(frozen=True, slots=True)
class ExpositionToken:
    """A decoded token and its position without quotes; counted as in `Span`, kept flat for large texts."""

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
        """Return the value of a label; None if it is missing or empty, which Prometheus treats alike."""
        return next((value for name, value in self.labels if name.text == label and value.text), None)


@dataclass(frozen=True, slots=True)
class Metadata:
    """A TYPE, HELP or UNIT line: a metric and its type, help or unit."""

    name: ExpositionToken
    value: ExpositionToken


@dataclass(frozen=True, slots=True)
class ExpositionFault:
    """A position at which Prometheus rejects the scrape, and the reason.

    If `is_refused` is False, Prometheus takes the scrape and keeps one of two contradicting lines.
    """

    place: ExpositionToken
    message: str
    hint: str = ""
    is_refused: bool = True


@dataclass(frozen=True, slots=True)
class Exposition:
    """The readable parts of a text; types, helps and units by the metric name on their line.

    `unread` holds the metric names of lines that are malformed after the name.
    """

    source: Source
    openmetrics: bool
    types: Mapping[str, Metadata]
    helps: Mapping[str, Metadata]
    units: Mapping[str, Metadata]
    samples: tuple[Sample, ...]
    faults: tuple[ExpositionFault, ...]
    unread: frozenset[str]

    @property
    def names(self) -> frozenset[str]:
        """The names of all series and of all metrics with metadata."""
        lines = (self.types, self.helps, self.units)
        return frozenset(
            [each.name.text for each in self.samples] + [name for each in lines for name in each]
        )

    def span(self, token: ExpositionToken) -> Span:
        """Return the span of a token."""
        return Span(self.source, token.line, token.column, token.line, token.end)

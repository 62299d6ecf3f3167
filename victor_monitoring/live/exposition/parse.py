"""The parser of Prometheus' text format 0.0.4 and of OpenMetrics 1.0.

Sources:

https://prometheus.io/docs/instrumenting/exposition_formats/
https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_monitoring.base.diagnostics import Source
from victor_monitoring.live.exposition.exposition import (
    Exposition,
    ExpositionFault,
    ExpositionToken,
    Metadata,
    Sample,
)
from victor_monitoring.live.exposition.line import Line, MalformedLine

_END: Final = "# EOF"
_TYPES: Final = frozenset({"counter", "gauge", "histogram", "summary", "untyped"})
_OPENMETRICS_TYPES: Final = frozenset(
    {"counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset", "unknown"}
)


def parse(source: Source, *, openmetrics: bool | None = None) -> Exposition:
    """Return everything readable in a text, and a fault for every position that Prometheus would reject.

    If `openmetrics` is None, a last line `# EOF` marks OpenMetrics.
    """
    lines = list(source.lines)
    if lines and not lines[-1]:
        lines.pop()
    if openmetrics is None:
        openmetrics = bool(lines) and lines[-1] == _END
    reading = _Reading(openmetrics)
    end = len(lines)
    if openmetrics:
        end = lines.index(_END) if _END in lines else end
    for number, text in enumerate(lines[:end], start=1):
        reading.read(Line(text, number))
    faults = [
        *reading.faults,
        *_framing_faults(source, lines, end, openmetrics),
        *_duplicates(reading.samples),
    ]
    return Exposition(
        source,
        openmetrics,
        reading.types,
        reading.helps,
        reading.units,
        tuple(reading.samples),
        tuple(sorted(faults, key=lambda fault: (fault.place.line, fault.place.column))),
        frozenset(reading.unread),
    )


class _Reading:
    """The samples, metadata and faults read so far."""

    def __init__(self, openmetrics: bool) -> None:
        self._openmetrics = openmetrics
        self.types: dict[str, Metadata] = {}
        self.helps: dict[str, Metadata] = {}
        self.units: dict[str, Metadata] = {}
        self.samples: list[Sample] = []
        self.faults: list[ExpositionFault] = []
        self.unread: set[str] = set()

    def read(self, line: Line) -> None:
        try:
            line.check()
            if line.starts("#"):
                self._metadata(line)
            elif line.rest():
                self.samples.append(self._sample(line))
            else:
                self._empty(line)
        except MalformedLine as malformed:
            self.faults.append(malformed.fault)
            if line.name:
                self.unread.add(line.name)

    def _metadata(self, line: Line) -> None:
        keyword = line.keyword()
        if keyword == "TYPE":
            meta = Metadata(line.metric(), line.remainder(is_escaped=False))
            types = _OPENMETRICS_TYPES if self._openmetrics else _TYPES | {"unknown", "info"}
            if meta.value.text not in types:
                words = ", ".join(f"`{each}`" for each in sorted(types))
                raise MalformedLine(
                    meta.value, f"`{meta.value.text}` is not a metric type", f"write one of {words}"
                )
            before = self.types.setdefault(meta.name.text, meta)
            if before.value.text != meta.value.text:
                message = f"`{meta.name.text}` has the type {before.value.text} on line {before.name.line}"
                raise MalformedLine(meta.value, message, "expose each metric once, with one type")
        elif keyword == "HELP":
            meta = Metadata(line.metric(), line.remainder(is_escaped=True))
            self.helps.setdefault(meta.name.text, meta)
        elif keyword == "UNIT" and self._openmetrics:
            meta = Metadata(line.metric(), line.remainder(is_escaped=False))
            self.units.setdefault(meta.name.text, meta)
        elif self._openmetrics:
            raise MalformedLine(line.word(0), "OpenMetrics has no comments", "remove the line")

    def _empty(self, line: Line) -> None:
        if self._openmetrics:
            raise MalformedLine(line.word(0, 0), "OpenMetrics has no empty lines", "remove the line")

    def _sample(self, line: Line) -> Sample:
        name = line.metric() if not line.starts("{") else None
        name, labels = line.labels(name)
        value, _ = line.number("a value")
        time, written = line.number("a timestamp", is_wanted=False)
        if written and not self._openmetrics and not written.text.lstrip("+-").isdigit():
            raise MalformedLine(written, f"`{written.text}` is not a timestamp", "write whole milliseconds")
        if self._openmetrics and line.starts("#"):
            line.exemplar()
        line.expect_end()
        assert value is not None  # a value is not optional
        return Sample(name, labels, value, time)


def _framing_faults(
    source: Source, lines: list[str], end: int, openmetrics: bool
) -> Iterator[ExpositionFault]:
    last = (
        ExpositionToken("", len(lines), len(lines[-1]) + 1, len(lines[-1]) + 1)
        if lines
        else ExpositionToken("", 1, 1, 1)
    )
    written = enumerate(source.text.split("\n"), start=1)
    number = next((n for n, line in written if line.endswith("\r") and not line.startswith("#")), None)
    if number is not None:
        column = len(source.line(number)) + 1
        place = ExpositionToken("", number, column, column)
        yield ExpositionFault(
            place, "the line ends in CR and LF", "end lines with LF alone: Prometheus reads the CR as text"
        )
    if not openmetrics and lines and not source.text.endswith("\n"):
        yield ExpositionFault(
            last, "the last line has no line feed", "add one: without it Prometheus rejects the whole text"
        )
    if openmetrics and end == len(lines):
        yield ExpositionFault(
            last, f"`{_END}` is missing: the exposition is truncated", f"end it with `{_END}`"
        )
    if openmetrics and end < len(lines) - 1:
        place = ExpositionToken("", end + 2, 1, len(lines[end + 1]) + 1)
        yield ExpositionFault(place, f"text follows `{_END}`", f"write `{_END}` once, at the end")


def _duplicates(samples: list[Sample]) -> Iterator[ExpositionFault]:
    """Yield a fault for each sample that repeats a series and timestamp."""
    seen: dict[object, Sample] = {}
    for sample in samples:
        labels = frozenset((name.text, value.text) for name, value in sample.labels if value.text)
        first = seen.setdefault((sample.name.text, labels, sample.time), sample)
        if first is not sample:
            message = f"this series of `{sample.name.text}` is already on line {first.name.line}"
            yield ExpositionFault(
                sample.name, message, "expose each series once: Prometheus keeps one of them"
            )

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
from victor_monitoring.promql.prometheus_version import PrometheusVersion

_END: Final = "# EOF"
_TYPES: Final = frozenset({"counter", "gauge", "histogram", "summary", "untyped"})
_OPENMETRICS_TYPES: Final = frozenset(
    {"counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset", "unknown"}
)


def parse(
    source: Source, *, openmetrics: bool | None = None, prometheus: PrometheusVersion | None = None
) -> Exposition:
    """Return everything readable in a text, and a fault for every position that Prometheus would reject.

    If `openmetrics` is None, a last line `# EOF` marks OpenMetrics. If `prometheus` is None, whatever one of
    the supported versions rejects is a fault.
    """
    lines = source.text.split("\n")
    if not lines[-1]:
        lines.pop()
    if openmetrics is None:
        openmetrics = bool(lines) and lines[-1].removesuffix("\r") == _END
    reading = _Reading(openmetrics, is_newer=prometheus is not None and not prometheus.is_before_3)
    end = len(lines)
    if openmetrics:
        end = next((number for number, text in enumerate(lines) if text.removesuffix("\r") == _END), end)
    for number, text in enumerate(lines[:end], start=1):
        reading.read(text, number)
    faults = [
        *reading.faults,
        *(_ending_faults(lines, end, is_newer=reading.is_newer) if openmetrics else ()),
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
    """The samples, metadata and faults read so far, `is_newer` if only Prometheus 3 has to read them."""

    def __init__(self, openmetrics: bool, *, is_newer: bool) -> None:
        self._openmetrics, self.is_newer = openmetrics, is_newer
        self._has_cr = False
        self.types: dict[str, Metadata] = {}
        self.helps: dict[str, Metadata] = {}
        self.units: dict[str, Metadata] = {}
        self.samples: list[Sample] = []
        self.faults: list[ExpositionFault] = []
        self.unread: set[str] = set()

    def read(self, text: str, number: int) -> None:
        line = Line(text.removesuffix("\r"), number, openmetrics=self._openmetrics)
        takes_cr = False
        try:
            if line.starts("#"):
                takes_cr = self._metadata(line)
            elif line.rest():
                self.samples.append(self._sample(line))
            else:
                self._empty(line)
            if text.endswith("\r") and not takes_cr and not self._has_cr:
                self._has_cr = True  # one fault is enough: the others are alike
                self.faults.append(_ends_in_cr(text, number))
            if line.newer and not self.is_newer:
                self.faults.append(line.newer)
        except MalformedLine as malformed:
            self.faults.append(malformed.fault)
            if line.name:
                self.unread.add(line.name)

    def _metadata(self, line: Line) -> bool:
        """Read a line of metadata or a comment; return whether its text may end in CR."""
        keyword = line.keyword()
        if keyword:
            line.check()
        if keyword == "TYPE":
            meta = Metadata(line.metric(), line.remainder())
            self._check_type(meta)
            before = self.types.setdefault(meta.name.text, meta)
            if before.value.text != meta.value.text:
                message = f"`{meta.name.text}` has the type {before.value.text} on line {before.name.line}"
                hint = "expose each metric once, with one type"
                self.faults.append(ExpositionFault(meta.value, message, hint, is_refused=False))
        elif keyword == "HELP":
            meta = Metadata(line.metric(), line.help())
            self.helps.setdefault(meta.name.text, meta)
            return True
        elif keyword == "UNIT":
            meta = Metadata(line.metric(), line.remainder())
            self._check_unit(meta)
            self.units.setdefault(meta.name.text, meta)
        elif self._openmetrics:
            hint = "remove the line, or write `# HELP`, `# TYPE` or `# UNIT` with one blank between the words"
            raise MalformedLine(line.word(0), "OpenMetrics has no comments", hint)
        return not keyword

    def _check_type(self, meta: Metadata) -> None:
        types = _OPENMETRICS_TYPES if self._openmetrics else _TYPES
        written = meta.value.text
        if written not in types:
            how = "OpenMetrics" if self._openmetrics else "the text format"
            words = ", ".join(f"`{each}`" for each in sorted(types))
            hint = f"write one of {words}"
            if written.strip() in types:
                hint = f"write `{written.strip()}`, after one blank and with none behind it"
            raise MalformedLine(meta.value, f"`{written}` is no type of {how}", hint)

    def _check_unit(self, meta: Metadata) -> None:
        name, unit = meta.name.text, meta.value.text
        if unit and not name.endswith(f"_{unit}"):
            message = f"the unit `{unit}` does not end the name `{name}`"
            hint = f"remove the line, or name the metric `{name}_{unit}`"
            if name == f"{name.removesuffix('_total').removesuffix('_' + unit)}_{unit}_total":
                hint = f"write `{name.removesuffix('_total')}` in the metadata of this counter"
            raise MalformedLine(meta.value, message, hint)

    def _empty(self, line: Line) -> None:
        if self._openmetrics:
            raise MalformedLine(line.word(0), "OpenMetrics has no empty lines", "remove the line")

    def _sample(self, line: Line) -> Sample:
        line.check()
        name = None if line.starts("{") else line.metric(quoted=False)
        name, labels = line.labels(name)
        value = line.number("a value")
        time = line.time("a timestamp")
        if self._openmetrics:
            line.exemplar()
        line.expect_end()
        return Sample(name, labels, value, time)


def _ends_in_cr(text: str, number: int) -> ExpositionFault:
    place = ExpositionToken("", number, len(text), len(text))
    hint = "end lines with LF alone: Prometheus reads the CR as text"
    return ExpositionFault(place, "the line ends in CR and LF", hint)


def _ending_faults(lines: list[str], end: int, *, is_newer: bool) -> Iterator[ExpositionFault]:
    """Yield a fault unless OpenMetrics ends with `# EOF`, once; Prometheus 3 takes an empty text, too."""
    if end == len(lines) and not (is_newer and not lines):
        column = len(lines[-1].removesuffix("\r")) + 1 if lines else 1
        last = ExpositionToken("", max(len(lines), 1), column, column)
        yield ExpositionFault(
            last, f"`{_END}` is missing: the exposition is truncated", f"end it with `{_END}`"
        )
    elif end < len(lines):
        if lines[end].endswith("\r"):
            yield _ends_in_cr(lines[end], end + 1)
        if end < len(lines) - 1:
            place = ExpositionToken("", end + 2, 1, len(lines[end + 1].removesuffix("\r")) + 1)
            yield ExpositionFault(place, f"text follows `{_END}`", f"write `{_END}` once, at the end")


def _duplicates(samples: list[Sample]) -> Iterator[ExpositionFault]:
    """Yield a fault for each sample that repeats a series and timestamp."""
    seen: dict[object, Sample] = {}
    for sample in samples:
        labels = frozenset((name.text, value.text) for name, value in sample.labels if value.text)
        first = seen.setdefault((sample.name.text, labels, sample.time), sample)
        if first is not sample:
            message = f"this series of `{sample.name.text}` is already on line {first.name.line}"
            hint = "expose each series once: Prometheus keeps one of them"
            yield ExpositionFault(sample.name, message, hint, is_refused=False)

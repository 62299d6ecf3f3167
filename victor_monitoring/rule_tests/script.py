"""The scrapes in the course of a case: phases of streams, as samples and in promtool's notation."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeAlias

from victor_monitoring.promql.prometheus_version import DISTINCT_VERSIONS, PrometheusVersion
from victor_monitoring.promql.samples import STALE, SampleSet, Series
from victor_monitoring.signals.streams import Stream

ScriptedSeries: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


@dataclass(frozen=True, slots=True)
class Phase:
    """A number of scrapes that all return these streams.

    A stream of an earlier phase that is missing here has vanished. `restarted` means that the process has
    restarted, so that its totals begin at 0; `failed` means that the scrapes fail.
    """

    scrapes: int
    streams: tuple[Stream, ...] = ()
    restarted: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class SampleRun:
    """Evenly spaced samples of one series: values, no samples (`start` is None) or a staleness marker."""

    count: int
    start: float | None = None
    step: float = 0.0
    is_stale: bool = False

    def values(self) -> list[float]:
        """Return the values of the samples, summed step by step as promtool does."""
        if self.is_stale:
            return [STALE]
        if self.start is None:
            return []
        return list(itertools.accumulate(itertools.repeat(self.step, self.count - 1), initial=self.start))

    def __str__(self) -> str:
        if self.is_stale:
            return "stale" if self.count == 1 else f"stale _x{self.count - 1}"
        if self.start is None:
            return "_" if self.count == 1 else f"_x{self.count}"
        if self.count == 1:
            return _written(self.start)
        return f"{_written(self.start)}{_written(self.step, signed=True)}x{self.count - 1}"


@dataclass(frozen=True)
class Script:
    """Phases one after the other; `interval` is the time between scrapes, in milliseconds."""

    interval: int
    phases: tuple[Phase, ...]
    _samples: dict[PrometheusVersion, SampleSet] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The time of each phase's first scrape, and that of a phase after the last one."""
        scrapes = itertools.accumulate((phase.scrapes for phase in self.phases), initial=0)
        return tuple(count * self.interval for count in scrapes)

    @property
    def end(self) -> int:
        """The time of the last scrape."""
        return self.starts[-1] - self.interval

    @cached_property
    def pieces(self) -> Mapping[ScriptedSeries, Sequence[SampleRun]]:
        """The sample runs of each series, in the order in which the series appear."""
        found: dict[ScriptedSeries, list[SampleRun]] = {}
        reached: dict[ScriptedSeries, float] = {}
        before = 0
        for phase in self.phases:
            now = {(stream.metric, stream.labels): stream for stream in phase.streams}
            for key in dict.fromkeys((*found, *now)):
                pieces = found.setdefault(key, [SampleRun(before)] if before else [])
                stream = None if phase.failed else now.get(key)
                if stream is None:
                    is_gone = bool(pieces) and pieces[-1].start is not None
                    pieces.append(SampleRun(phase.scrapes, is_stale=is_gone))
                    if phase.failed and key in reached and key in now:  # the total grows unobserved
                        reached[key] += float(now[key].step) * phase.scrapes
                    continue
                start, step = float(stream.start), float(stream.step)
                if stream.follows_time:
                    start += step * before
                if stream.total and phase.restarted:
                    start = step
                elif stream.total and key in reached:
                    start = reached[key] + step
                pieces.append(SampleRun(phase.scrapes, start, step))
                reached[key] = start + step * (phase.scrapes - 1)
            before += phase.scrapes
        return found

    @cached_property
    def begins_above_zero(self) -> bool:
        """Whether any growing series begins above 0, at its first sample or after a gap."""
        return any(
            piece.start is not None
            and piece.start > 0 < piece.step
            and (before is None or before.start is None)
            for pieces in self.pieces.values()
            for before, piece in zip((None, *pieces), pieces, strict=False)
        )

    def samples(self, prometheus: PrometheusVersion) -> SampleSet:
        """Return all samples, for evaluations as in that version of Prometheus."""
        if prometheus not in self._samples:
            by_metric: dict[str, list[Series]] = {}
            scraped: dict[tuple[SampleRun, ...], tuple[Sequence[int], Sequence[float]]] = {}
            for (metric, labels), pieces in self.pieces.items():
                key = tuple(pieces)
                if key not in scraped:  # many series of a histogram are alike
                    scraped[key] = self._scraped(key)
                by_metric.setdefault(metric, []).append(Series(dict(labels), *scraped[key]))
            self._samples.update({each: SampleSet(by_metric, each) for each in DISTINCT_VERSIONS})
        return self._samples[prometheus]

    def _scraped(self, pieces: Sequence[SampleRun]) -> tuple[Sequence[int], Sequence[float]]:
        """Return the times and values of a series."""
        times, values = array("q"), array("d")  # lists would need four times the memory
        first = 0
        for piece in pieces:
            found = piece.values()
            values.extend(found)
            times.extend(range(first, first + len(found) * self.interval, self.interval))
            first += piece.count * self.interval
        return times, values

    def input_series(self) -> list[dict[str, str]]:
        """Return the series in promtool's notation."""
        return [
            {"series": series_text(*key), "values": " ".join(str(piece) for piece in pieces)}
            for key, pieces in self.pieces.items()
        ]


def series_text(metric: str, labels: tuple[tuple[str, str], ...]) -> str:
    """Return a series in PromQL: `metric{label="value"}`."""
    inner = ", ".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels)
    return f"{metric}{{{inner}}}"


def _written(value: float, *, signed: bool = False) -> str:
    text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return f"+{text}" if signed and value >= 0 else text

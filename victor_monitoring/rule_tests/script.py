"""What is scraped in the course of a case: phases of streams, as samples and in promtool's notation."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeAlias

from victor_monitoring.promql.prometheus_version import WAYS, PrometheusVersion
from victor_monitoring.promql.samples import STALE, SampleSet, Series
from victor_monitoring.signals.signal import Stream

ScriptedSeries: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


@dataclass(frozen=True, slots=True)
class Phase:
    """So many scrapes that find these streams.

    A stream that an earlier phase had and this one lacks has vanished. `restarted` is a process that has
    started anew, so that its totals begin at 0; `failed` are scrapes without an answer.
    """

    scrapes: int
    streams: tuple[Stream, ...] = ()
    restarted: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class SampleRun:
    """So many samples of one series, evenly apart; no value is no sample, a stale one is a last goodbye."""

    count: int
    start: float | None = None
    step: float = 0.0
    is_stale: bool = False

    def values(self) -> list[float]:
        """The values of the first samples, all that there are, added up one by one as promtool does."""
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
        """When each phase has its first scrape; and when the next one would."""
        scrapes = itertools.accumulate((phase.scrapes for phase in self.phases), initial=0)
        return tuple(count * self.interval for count in scrapes)

    @property
    def end(self) -> int:
        """The time of the last scrape."""
        return self.starts[-1] - self.interval

    @cached_property
    def pieces(self) -> Mapping[ScriptedSeries, Sequence[SampleRun]]:
        """Each series piece by piece, in the order in which they appear."""
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
                    if phase.failed and key in reached and key in now:  # it goes on, unseen
                        reached[key] += float(now[key].step) * phase.scrapes
                    continue
                start, step = float(stream.start), float(stream.step)
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
        """Whether a growing series begins above 0, at its first sample or after a gap."""
        return any(
            piece.start is not None
            and piece.start > 0 < piece.step
            and (before is None or before.start is None)
            for pieces in self.pieces.values()
            for before, piece in zip((None, *pieces), pieces, strict=False)
        )

    def samples(self, prometheus: PrometheusVersion) -> SampleSet:
        """All that is scraped, for an evaluation by that version at any time of the case."""
        if prometheus not in self._samples:
            by_metric: dict[str, list[Series]] = {}
            scraped: dict[tuple[SampleRun, ...], tuple[Sequence[int], Sequence[float]]] = {}
            for (metric, labels), pieces in self.pieces.items():
                key = tuple(pieces)
                if key not in scraped:  # many series of a histogram are alike
                    scraped[key] = self._scraped(key)
                by_metric.setdefault(metric, []).append(Series(dict(labels), *scraped[key]))
            self._samples.update({each: SampleSet(by_metric, each) for each in WAYS})
        return self._samples[prometheus]

    def _scraped(self, pieces: Sequence[SampleRun]) -> tuple[Sequence[int], Sequence[float]]:
        """The times and values of a series."""
        times, values = array("q"), array("d")  # a list would need four times the memory
        first = 0
        for piece in pieces:
            found = piece.values()
            values.extend(found)
            times.extend(range(first, first + len(found) * self.interval, self.interval))
            first += piece.count * self.interval
        return times, values

    def input_series(self) -> list[dict[str, str]]:
        """The series in promtool's notation."""
        return [
            {"series": series_text(*key), "values": " ".join(str(piece) for piece in pieces)}
            for key, pieces in self.pieces.items()
        ]


def series_text(metric: str, labels: tuple[tuple[str, str], ...]) -> str:
    """A series as PromQL writes it: `metric{label="value"}`."""
    inner = ", ".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels)
    return f"{metric}{{{inner}}}"


def _written(value: float, *, signed: bool = False) -> str:
    text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return f"+{text}" if signed and value >= 0 else text

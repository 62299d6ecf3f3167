"""Series that bring a signal to a level, for tests of rules and for simulations.

They are made from the parameters of a kind, never from its PromQL, so that tests of the PromQL do not repeat
its mistakes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import singledispatch

from victor_monitoring.signals.metric import Population, SeriesKey, groups, selected
from victor_monitoring.signals.signal import Signal, SignalKind
from victor_monitoring.signals.streams import Stream, shared


@dataclass(frozen=True, slots=True)
class DominantPart:
    """Series that bring a score to a level mainly by one part, and two variants without its loss.

    In `lost` the part loses as much as it can. In `at_best` it is at its best value, in `gone` it has no
    series; the other parts are the same in all three.
    """

    part: str
    lost: tuple[Stream, ...]
    at_best: tuple[Stream, ...]
    gone: tuple[Stream, ...]


@dataclass(frozen=True, slots=True)
class Synthesis(ABC):
    """Series for one signal of a kind; a kind that has exact ones registers a subclass by `of_kind`."""

    kind: SignalKind
    signal: Signal

    @abstractmethod
    def synthesise(
        self, level: Fraction, target: Mapping[str, str], traffic: Fraction | None = None
    ) -> tuple[Stream, ...]:
        """Return series of one target, with its labels, over which the signal settles at `level`.

        It settles after one window. `traffic` is the size of the denominator, in events per second or as the
        value of a gauge; by default the smallest that makes all values whole numbers. Raise ValueError if no
        series give that level.
        """

    def spread(self, level: Fraction, targets: Sequence[Mapping[str, str]]) -> tuple[Stream, ...]:
        """Return series of several targets with different values, whose common signal settles at `level`.

        By default each series is divided among the targets: the last target gets the greatest share of the
        first series, the first target that of the second series, and so on by turns. The values of an open
        signal stay apart: each target has the level.
        """
        if self.signal.is_open:
            return tuple(stream for target in targets for stream in self.synthesise(level, target))
        shares = [
            Fraction(1 + index, len(targets) * (len(targets) + 1) // 2) for index in range(len(targets))
        ]
        return tuple(
            shared(stream, target, share)
            for index, stream in enumerate(self.synthesise(level, targets[0]))
            for target, share in zip(targets, shares if index % 2 == 0 else shares[::-1], strict=True)
        )

    def dominant_parts(self, level: Fraction, targets: Sequence[Mapping[str, str]]) -> Iterator[DominantPart]:
        """Yield, for each part, series of the targets that give the level mainly by that part."""
        return iter(())

    def not_yet(self, target: Mapping[str, str]) -> tuple[Stream, ...]:
        """Return series of a target where something has not happened yet; empty if the kind has no such."""
        del target  # of a kind that leaves such series out
        return ()

    @abstractmethod
    def set_level(self, level: float, population: Population) -> Population:
        """Return the changed series that make the signal settle at `level`.

        The population has one label set of the signal. The traffic of a ratio and the proportions of its
        series are preserved as far as possible. Raise ValueError if the series cannot give that level.
        """

    def part_levels(self, level: float) -> tuple[tuple[Signal, float], ...]:
        """Return the signals that this one is computed from, with levels that bring this one to `level`."""
        del level  # a kind without parts
        return ()


def synthesis(signal: Signal) -> Synthesis:
    """Return the synthesis of a signal. Raise ValueError if its kind has none."""
    return of_kind(signal.kind, signal)


def has_synthesis(signal: Signal) -> bool:
    """Return whether series are known that bring the signal, and all its parts, to a level."""
    none = of_kind.dispatch(object)
    return all(of_kind.dispatch(type(each.kind)) is not none for each in signal.with_parts())


@singledispatch
def of_kind(kind: SignalKind, signal: Signal) -> Synthesis:
    """Return the synthesis of a signal of this kind; modules of kinds register theirs."""
    raise ValueError(f"no series are known that bring `{signal.name}`, a {kind.NAME}, to a level")


def series_in(signal: Signal, population: Population) -> set[SeriesKey]:
    """Return the series of a population that the signal and its parts read."""
    own = {
        series
        for reading in signal.kind.readings()
        for suffix in reading.selector.metric.type.SUFFIXES
        for series in selected(population, reading.selector, suffix)
    }
    return own.union(*(series_in(part, population) for _, part in signal.kind.parts()))


def by_label_set(signal: Signal, population: Population) -> dict[tuple[tuple[str, str], ...], Population]:
    """Return the label sets that the signal has over these series, each with the series that it reads."""
    mine = series_in(signal, population)
    read = {series: value for series, value in population.items() if series in mine}
    if signal.is_open:
        return {labels: {(name, labels): value} for (name, labels), value in read.items()}
    return {labels: part for labels, part in groups(read, signal.by).items() if part}


def set_level(signal: Signal, level: float, population: Population) -> Population:
    """Return the population with every label set of the signal at `level`; ValueError if impossible."""
    found = dict(population)
    for part in by_label_set(signal, population).values():
        found.update(synthesis(signal).set_level(level, part))
    return found

"""Scrapes of a target: all its metrics, or those that a fault leaves."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from threading import Lock

from prometheus_client import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from victor_monitoring.demo.simulation.faults import Faults
from victor_monitoring.signals.metric_types import METRIC_TYPES


class Scrapes(Collector):
    """The families of `source` without the missing ones; counters restart at 0 as after a restart.

    With resets, the first happens at once, the next ones every `reset_every` seconds of `clock`.
    """

    def __init__(
        self,
        source: Collector,
        *,
        clock: Callable[[], float],
        reset_every: float,
        faults: Faults | None = None,
    ) -> None:
        self._source, self._clock, self._reset_every = source, clock, reset_every
        self._lock = Lock()
        self._before: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self.set_faults(faults or Faults())

    @property
    def is_down(self) -> bool:
        """Whether a scrape must fail."""
        return self._faults.is_down

    def set_faults(self, faults: Faults) -> None:
        """Replace the current faults."""
        with self._lock:
            self._faults = faults
            self._next_reset = self._clock() if faults.resets else float("inf")

    def collect(self) -> Iterable[Family]:
        """Return each family once."""
        with self._lock:
            families = list(self._source.collect())
            if self._clock() >= self._next_reset:
                self._next_reset += self._reset_every
                self._before = {
                    _key(sample): sample.value
                    for family in families
                    for sample in family.samples
                    if _grows(family, sample)
                }
            faults = self._faults
            return [self._since_reset(each) for each in families if not faults.missing & _names(each)]

    def _since_reset(self, family: Family) -> Family:
        if not self._before:
            return family
        found = copy.copy(family)
        found.samples = [
            each._replace(value=each.value - self._before.get(_key(each), 0.0))
            if _grows(family, each)
            else each
            for each in family.samples
        ]
        return found


def _names(family: Family) -> set[str]:
    """Return the names under which a spec can declare the family."""
    return {family.name, f"{family.name}_total"}


def _grows(family: Family, sample: Sample) -> bool:
    return family.type in METRIC_TYPES and METRIC_TYPES[family.type].grows(family.name, sample.name)


def _key(sample: Sample) -> tuple[str, tuple[tuple[str, str], ...]]:
    return sample.name, tuple(sorted(sample.labels.items()))

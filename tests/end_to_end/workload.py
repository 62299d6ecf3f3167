"""Processes of a service under random load, for any spec that has a registry module."""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from prometheus_client import CollectorRegistry, Metric, generate_latest

from tests.renderers.registry_module import module_of
from victor_monitoring.language.resolved.spec import Resolved

_NAMES = range(6)  # suffixes of an open label's values; each start uses four of them
_MOST = {"bytes": 3 * 2.0**30}  # maximum of a gauge in that unit; 200 for other units
_MINUTE = 60  # seconds that a moment is ago at most


def loaded(spec: Resolved) -> ModuleType:
    """Return the registry module of the resolved spec, with the intervals of its context."""
    return module_of(dataclasses.replace(spec, context=None))


@dataclasses.dataclass(frozen=True)
class Story:
    """The events of a process, as ranges of the number of scrapes."""

    quiet: range  # counters and histograms do not grow
    hidden: range  # some of its series are missing
    down: range  # it does not answer, and restarts


class Process:
    """A process that advances by one step with each scrape, so that no two scrapes are alike.

    Every few steps the load changes: some series grow fast, others not at all, observations shift.
    """

    def __init__(self, module: ModuleType, seed: int, story: Story) -> None:
        self._module, self._story = module, story
        self._random = random.Random(seed)
        self.steps = 0
        self._start()

    def __call__(self) -> str:
        """Return the answer to a scrape: the exposition, or `not ready`."""
        self.steps += 1
        if self.steps in self._story.down:
            self._start()
            return "not ready"
        self._step()
        lines = generate_latest(self.registry).decode().splitlines(keepends=True)
        gone = self._hidden if self.steps in self._story.hidden else ()
        return "".join(line for line in lines if not line.startswith(tuple(gone)))

    def collect(self) -> Iterable[Metric]:
        """Return the metric families of the registry since the last start."""
        return self.registry.collect()

    def _start(self) -> None:
        self.registry = CollectorRegistry()
        self._metrics = self._module.Metrics(self.registry)
        self._series = list(self._all_series())
        self._until = self.steps

    def _all_series(self) -> Iterator[tuple[str, Mapping[str, Any], Any]]:
        for name, data in self._module.METRICS.items():
            child = getattr(getattr(self._metrics, data["component"]), data["attribute"])
            choices = [
                [f"{label}-{each}" for each in self._random.sample(_NAMES, 4)]
                if isinstance(values, Mapping)
                else values
                for label, values in data["labels"].items()
            ]
            for values in itertools.product(*choices):
                key = f"{name}{values}"
                yield key, data, child(*values) if choices else child

    def _step(self) -> None:
        if self.steps >= self._until:
            self._change()
        for key, data, child in self._series:
            weight = 0 if self.steps in self._story.quiet else self._weights[key]
            if data["type"] == "gauge":
                child.set(self._level(data, self._levels[key]))
            elif data["type"] == "counter":
                child.inc(weight * self._random.random() * (0.05 if data["unit"] == "seconds" else 4))
            else:
                for _ in range(self._random.randrange(weight + 1)):
                    child.observe(self._observation(data["buckets"], self._levels[key]))

    def _change(self) -> None:
        self._until = self.steps + self._random.choice((12, 24, 36))
        self._weights = {key: self._random.choice((0, 1, 1, 6)) for key, _, _ in self._series}
        self._levels = {key: self._random.choice((0.1, 0.5, 0.95)) for key, _, _ in self._series}
        self._hidden = self._random.sample(list(self._module.METRICS), 3)

    def _level(self, data: Mapping[str, Any], level: float) -> float:
        if "range" in data:
            return float(self._random.random() < 0.7)  # so that the minimum of two is 1 half of the time
        if self._random.random() < 0.004:
            return math.nan
        drawn = self._random.triangular(0, 1, level)
        if data["unit"] == "timestamp":
            return time.time() - _MINUTE * drawn
        return drawn * _MOST.get(data["unit"], 200.0)

    def _observation(self, buckets: tuple[float, ...], level: float) -> float:
        """Return a random observation within the finite buckets, on a logarithmic scale, or rarely beyond."""
        if self._random.random() < 0.003:
            return buckets[-1] * 2
        low, high = math.log(buckets[0] / 2), math.log(buckets[-1])
        return math.exp(self._random.triangular(low, high, low + (high - low) * level))

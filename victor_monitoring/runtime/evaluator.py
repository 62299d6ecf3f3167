"""Signals and alerts of this process, evaluated over samples of its own metrics."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from types import ModuleType
from typing import Final, cast

from prometheus_client import Metric

from victor_monitoring.promql.prometheus_version import ASSUMED, parse_version
from victor_monitoring.runtime.alert_states import AlertState, AlertStates
from victor_monitoring.runtime.registry_module import RegistryModule, in_context
from victor_monitoring.runtime.ring import Ring
from victor_monitoring.runtime.schedule import Schedule
from victor_monitoring.signals.binding import RegistryData, bind
from victor_monitoring.signals.evaluation import SamplesAt, ValuesByLabels
from victor_monitoring.signals.signal import Signal, labels_of_targets

_LOGGER: Final = logging.getLogger(__name__)
NOT_IN_PROCESS: Final = "only Prometheus evaluates this kind of signal"


@dataclass(frozen=True, slots=True)
class SeriesValue:
    """A value and its labels; NaN if there was nothing to measure, such as a ratio without traffic."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class SignalValues:
    """A signal over this process's samples; `query` is the PromQL of its values over all processes.

    Values of a signal that `is_open` have more labels than the signal names.
    `losses` are the points that each part of a score takes, by the part's name. `fault` is the reason why the
    signal cannot be evaluated in the process.
    """

    signal: Signal
    component: str | None
    query: str
    is_open: bool = False
    values: tuple[SeriesValue, ...] = ()
    losses: Mapping[str, tuple[SeriesValue, ...]] = field(default_factory=dict)
    fault: str | None = None


class Evaluator:
    """The signals and alerts of a registry module, in base or in a context, evaluated over a ring of samples.

    `module` is the registry module's data in that context. `collect` returns the metric families of the
    process's registry. After `start`, a thread takes samples at the scrape interval and evaluates the
    alerts at the evaluation interval. Before it, samples are taken by `signals` and `alerts` when they are
    called. Windows follow the module's version of Prometheus, by default Prometheus 3. `clock` returns
    seconds since 1970. Raise UnknownContextError if the module has no such `context`.
    """

    def __init__(
        self,
        module: ModuleType,
        collect: Callable[[], Iterable[Metric]],
        *,
        context: str | None = None,
        instance: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.instance: Final = instance or socket.gethostname()
        self.context: Final = context
        module = in_context(module, context)
        self.module: Final = RegistryModule.of(module)
        data = cast("RegistryData", module)  # its format is supported
        self._bound = bind(data)
        self._described = {
            name: (each["component"], each["query"], "open" in each) for name, each in data.SIGNALS.items()
        }
        self._collect, self._clock = collect, clock
        version: str | None = getattr(module, "PROMETHEUS", None)  # older modules have none
        self._prometheus = parse_version(version) if version else ASSUMED
        self._scrape = data.SCRAPE
        self._is_failing = False
        self._begin()
        steps = ((interval, partial(self.step, interval)) for interval in self._states.intervals)
        self._schedule = Schedule((self._scrape, self.sample), *steps)

    def _begin(self) -> None:
        """Reset samples, states and locks; another thread may have held a lock at a fork."""
        self._pid = os.getpid()
        self._starting, self._sampling, self._lock = Lock(), Lock(), Lock()
        signals = self._bound.signals.values()
        span = max((each.history for each in signals), default=0) + self._scrape
        targets = labels_of_targets(signals, self.instance)
        # Twice as many samples as a window needs, since requests take samples between two scrapes.
        limit = 2 * (span // self._scrape + 1)
        self._ring = Ring(targets, span, limit, prometheus=self._prometheus)
        self._states = AlertStates(self._bound.alerts.values())
        self._stepped: dict[int, int] = {}  # the time of the last evaluation, by interval

    @property
    def pid(self) -> int:
        """The process that the values belong to."""
        return self._pid

    def start(self) -> None:
        """Start sampling unless it is running; a forked process starts without its parent's samples.

        If the system cannot create a thread, log it: the next call tries again.
        """
        if self._pid != os.getpid():
            self._begin()
        with self._starting:
            try:
                self._schedule.start()
            except RuntimeError as error:
                _LOGGER.warning("cannot start sampling the metrics for signals", exc_info=error)

    def stop(self) -> None:
        """Stop sampling and keep the samples."""
        self._schedule.stop()

    def sample(self) -> None:
        """Take a sample of every series now. A failure is logged, not raised."""
        with self._sampling:
            at = self._now()
            try:
                families = list(self._collect())
            except Exception as error:  # a collector on the registry can raise anything
                if not self._is_failing:
                    _LOGGER.warning("cannot sample the metrics for signals", exc_info=error)
                self._is_failing = True
                return
            self._is_failing = False
            with self._lock:
                self._ring.append(families, at)

    def step(self, interval: int | None = None) -> None:
        """Evaluate the alerts of an interval now, or all."""
        with self._lock:
            at = self._now()
            self._states.step(self._ring, at, interval)
            self._stepped |= dict.fromkeys(self._states.intervals if interval is None else [interval], at)

    def signals(self, names: Collection[str] | None = None) -> tuple[SignalValues, ...]:
        """Return the signals of these names, or all, in the spec's order; KeyError for an unknown name."""
        unknown = [name for name in names or () if name not in self._bound.signals]
        if unknown:
            raise KeyError(f"the service has no signal `{unknown[0]}`")
        self._refresh()
        with self._lock:
            at = self._now()
            wanted = self._bound.signals.values() if names is None else self._named(names)
            samples = SamplesAt(self._ring, at)
            return tuple(self._values(signal, samples) for signal in wanted)

    def alerts(self) -> tuple[AlertState, ...]:
        """Return every alert that the process can evaluate, with its series, as of the last evaluation."""
        self._refresh()
        for interval in self._states.intervals:
            if self._is_due(self._stepped.get(interval), interval):
                self.step(interval)
        with self._lock:
            return self._states.states()

    def _named(self, names: Collection[str]) -> Iterator[Signal]:
        return (signal for name, signal in self._bound.signals.items() if name in names)

    def _values(self, signal: Signal, samples: SamplesAt) -> SignalValues:
        described = self._described[signal.name]
        if not signal.is_evaluable():
            return SignalValues(signal, *described, fault=NOT_IN_PROCESS)
        return SignalValues(
            signal,
            *described,
            _labelled(samples.values(signal)),
            {name: _labelled(points) for name, points in samples.losses(signal).items()},
        )

    def _refresh(self) -> None:
        """Take a sample if the newest one is older than the scrape interval."""
        if self._pid != os.getpid():
            self._begin()
        if self._is_due(self._ring.newest, self._scrape):
            self.sample()

    def _is_due(self, last: int | None, interval: int) -> bool:
        """Return whether the caller should repeat the work that was last done at `last`.

        The schedule repeats it at the interval; callers do so if it is an interval late or not running.
        """
        late = interval * 2 if self._schedule.is_running else interval
        return last is None or not 0 <= self._now() - last < late

    def _now(self) -> int:
        return round(self._clock() * 1000)


def _labelled(values: ValuesByLabels) -> tuple[SeriesValue, ...]:
    return tuple(SeriesValue(dict(labels), value) for labels, value in values.items())

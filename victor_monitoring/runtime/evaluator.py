"""Signals and alerts of this process, over samples that it takes of itself."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from types import ModuleType
from typing import Final, cast

from prometheus_client import Metric

from victor_monitoring.promql.prometheus_version import ASSUMED, parse_version
from victor_monitoring.runtime.alert_states import AlertState, AlertStates
from victor_monitoring.runtime.registry_module import in_context
from victor_monitoring.runtime.ring import Ring
from victor_monitoring.runtime.schedule import Schedule
from victor_monitoring.signals.binding import RegistryData, bind
from victor_monitoring.signals.signal import LabelPairs, Signal

_LOGGER: Final = logging.getLogger(__name__)
NOT_IN_PROCESS: Final = "only Prometheus evaluates this kind of signal"


@dataclass(frozen=True, slots=True)
class SeriesValue:
    """A value and its labels; NaN where there was nothing to measure, as of a ratio without traffic."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class SignalValues:
    """This process's part of a signal; `query` is the PromQL that answers for all processes.

    `losses` are the points that each part of a score takes, by the part's name. `fault` says why a signal
    cannot have values here.
    """

    signal: Signal
    component: str | None
    query: str
    values: tuple[SeriesValue, ...] = ()
    losses: Mapping[str, tuple[SeriesValue, ...]] = field(default_factory=dict)
    fault: str | None = None


class Evaluator:
    """The signals and alerts of a registry module, in base or in a context, evaluated over a ring of samples.

    `collect` gives the families of the process's registry. From `start` on a thread takes samples at the
    scrape interval and steps the alerts at the evaluation interval; before that nothing is sampled, and
    what is asked is answered from samples that are taken when it is asked. Windows are those of the module's
    version of Prometheus, without one those of Prometheus 3. `clock` gives seconds since 1970. Raises
    UnknownContextError where the module has no such `context`.
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
        data = cast("RegistryData", module)  # whoever made the module's metrics has read its format
        self._bound = bind(data)
        self._told = {name: (each["component"], each["query"]) for name, each in data.SIGNALS.items()}
        self._collect, self._clock = collect, clock
        version: str | None = getattr(module, "PROMETHEUS", None)  # older modules have none
        self._prometheus = parse_version(version) if version else ASSUMED
        self._scrape, self._evaluate = data.SCRAPE, int(module.EVALUATE)
        self._schedule = Schedule((self._scrape, self.sample), (self._evaluate, self.step))
        self._is_failing = False
        self._begin()

    def _begin(self) -> None:
        """Starts without samples; a lock that another thread held at a fork is left behind."""
        self._pid = os.getpid()
        self._sampling, self._lock = Lock(), Lock()
        signals = self._bound.signals.values()
        span = max((max(each.window, each.lookback) for each in signals), default=0) + self._scrape
        targets = _targets(signals, self.instance)
        # Twice as many samples as a window needs, for those that are taken between two scrapes.
        limit = 2 * (span // self._scrape + 1)
        self._ring = Ring(targets, span, limit, prometheus=self._prometheus)
        self._states = AlertStates(self._bound.alerts.values())
        self._stepped: int | None = None

    @property
    def pid(self) -> int:
        """The process that the values are of."""
        return self._pid

    def start(self) -> None:
        """Has samples taken from now on, if they are not already; in a forked process, of that one."""
        if self._pid != os.getpid():
            self._begin()
        self._schedule.start()

    def stop(self) -> None:
        """Ends what `start` began, and keeps the samples."""
        self._schedule.stop()

    def sample(self) -> None:
        """Takes a sample of every series now. Raises nothing: where none can be had, that is logged."""
        with self._sampling:
            at = self._now()
            try:
                families = list(self._collect())
            except Exception as error:  # whatever a collector on the registry raises
                if not self._is_failing:
                    _LOGGER.warning("cannot sample the metrics for signals", exc_info=error)
                self._is_failing = True
                return
            self._is_failing = False
            with self._lock:
                self._ring.append(families, at)

    def step(self) -> None:
        """Evaluates the alerts now."""
        with self._lock:
            at = self._now()
            self._states.step(self._ring, at)
            self._stepped = at

    def signals(self, names: Collection[str] | None = None) -> tuple[SignalValues, ...]:
        """The signals of these names, or all, in the spec's order. KeyError where one does not exist."""
        unknown = [name for name in names or () if name not in self._bound.signals]
        if unknown:
            raise KeyError(f"the service has no signal `{unknown[0]}`")
        self._refresh()
        with self._lock:
            at = self._now()
            wanted = self._bound.signals.values() if names is None else self._named(names)
            return tuple(self._values(signal, at) for signal in wanted)

    def alerts(self) -> tuple[AlertState, ...]:
        """Every alert that the process can tell, with its active series, as of the last evaluation."""
        self._refresh()
        if self._is_due(self._stepped, self._evaluate):
            self.step()
        with self._lock:
            return self._states.states()

    def _named(self, names: Collection[str]) -> Iterator[Signal]:
        return (signal for name, signal in self._bound.signals.items() if name in names)

    def _values(self, signal: Signal, at: int) -> SignalValues:
        component, query = self._told[signal.name]
        if not signal.kind.is_evaluable():
            return SignalValues(signal, component, query, fault=NOT_IN_PROCESS)
        losses = signal.kind.losses(signal, self._ring, at)
        return SignalValues(
            signal,
            component,
            query,
            _labelled(signal.evaluate(self._ring, at)),
            {name: _labelled(points) for name, points in losses.items()},
        )

    def _refresh(self) -> None:
        """Takes a sample where no scrape's worth has been taken lately."""
        if self._pid != os.getpid():
            self._begin()
        if self._is_due(self._ring.newest, self._scrape):
            self.sample()

    def _is_due(self, last: int | None, interval: int) -> bool:
        """Whether what was last done at that time should be done again, by whom it is needed.

        The schedule does it at the interval; only where it is late by as much again, or absent, others do.
        """
        late = interval * 2 if self._schedule.is_running else interval
        return last is None or not 0 <= self._now() - last < late

    def _now(self) -> int:
        return round(self._clock() * 1000)


def _targets(signals: Iterable[Signal], instance: str) -> dict[str, Mapping[str, str]]:
    """The labels that each series has from its target, by its name, of all series that the signals read."""
    found: dict[str, Mapping[str, str]] = {}
    for signal in signals:
        labels = {**{matcher.label: matcher.value for matcher in signal.select}, "instance": instance}
        for reading in signal.kind.readings():
            metric = reading.selector.metric
            found[f"{metric.name}_bucket" if metric.type == "histogram" else metric.name] = labels
    return found


def _labelled(values: Mapping[LabelPairs, float]) -> tuple[SeriesValue, ...]:
    return tuple(SeriesValue(dict(labels), value) for labels, value in values.items())

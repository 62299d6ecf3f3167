"""Signals and alerts of served metrics, evaluated in this process as in Prometheus."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from functools import partial
from threading import Lock
from typing import Final

from prometheus_client import Metric as Family

from victor_monitoring.demo.serving.summary import DemoSnapshot, in_process_row
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.prometheus_version import ASSUMED
from victor_monitoring.runtime.alert_states import AlertStates
from victor_monitoring.runtime.ring import Ring
from victor_monitoring.runtime.schedule import Schedule
from victor_monitoring.signals.evaluation import evaluate
from victor_monitoring.signals.signal import labels_of_targets

_LOGGER: Final = logging.getLogger(__name__)


class Watch:
    """The signals and alerts of a target, sampled and evaluated at the intervals of the spec.

    `collect` returns its metric families; `instance` is its label in Prometheus. Meta alerts are left out: a
    target cannot report that it is down.
    """

    def __init__(
        self,
        spec: Resolved,
        collect: Callable[[], Iterable[Family]],
        *,
        instance: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.spec: Final = spec
        self._collect, self._clock, self._lock = collect, clock, Lock()
        span = max((each.history for each in spec.signals.values()), default=0) + spec.scrape
        limit = 2 * (span // spec.scrape + 1)
        prometheus = spec.service.prometheus or ASSUMED
        self._ring = Ring(
            labels_of_targets(spec.signals.values(), instance), span, limit, prometheus=prometheus
        )
        self._states = AlertStates(spec.alerts)
        self._schedule = Schedule(
            (spec.scrape, self.sample),
            *((every, partial(self.step, every)) for every in self._states.intervals),
        )

    def start(self) -> None:
        """Start to sample and evaluate, in a thread."""
        self._schedule.start()

    def stop(self) -> None:
        """Stop the thread."""
        self._schedule.stop()

    def sample(self) -> None:
        """Take a sample of every series; log the error of a collector that raises."""
        try:
            families = list(self._collect())
        except Exception:  # any error of a collector: the next sample may succeed
            _LOGGER.exception("cannot sample the metrics")
            return
        with self._lock:
            self._ring.append(families, self._now())

    def step(self, interval: int | None = None) -> None:
        """Evaluate the alerts of an interval, or all."""
        with self._lock:
            self._states.step(self._ring, self._now(), interval)

    def snapshot(self) -> DemoSnapshot:
        """Return the current values of signals and states of alerts."""
        with self._lock:
            at, states = self._now(), self._states.states()
            values = {name: evaluate(signal, self._ring, at) for name, signal in self.spec.signals.items()}
        rows = (in_process_row(each, values[name], states) for name, each in self.spec.signals.items())
        return DemoSnapshot(tuple(rows))

    def _now(self) -> int:
        return round(self._clock() * 1000)

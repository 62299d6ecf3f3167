"""The collector: a service's metrics, the components that are read into them, and what is made of both."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from types import ModuleType
from typing import Final, Generic, TypeVar

from prometheus_client import CollectorRegistry, Metric

from victor_monitoring.runtime.exposition import Shown, exposition, multiprocess_folder
from victor_monitoring.runtime.reads import NONSENSE, ComponentRead, ReadOutcome, run_all
from victor_monitoring.runtime.registry_module import RegistryModule
from victor_monitoring.runtime.schedule import Heartbeat
from victor_monitoring.runtime.snapshot import (
    Section,
    Snapshot,
    family_name,
    sample_names,
    series_by_component,
)

_LOGGER: Final = logging.getLogger(__name__)
_MetricsT = TypeVar("_MetricsT")
_Answer = TypeVar("_Answer")


def _nothing(_: object) -> None:
    """What is done with the answer of a read that sets the metrics itself."""


class Registration:
    """A registered read; `close` undoes it, and does nothing the second time."""

    def __init__(
        self, read: ComponentRead, sets: frozenset[str], close: Callable[[Registration], None]
    ) -> None:
        self.read: Final = read
        self.sets: Final = sets
        self._close = close

    def close(self) -> None:
        """Ends the reading. A read that hangs meanwhile is left to itself."""
        self._close(self)


@dataclass(frozen=True, slots=True)
class _Refreshed:
    """What a refresh has found: each component's fault, and the families not to be shown."""

    faults: Mapping[str, str]
    hidden: frozenset[str]


class Collector(Generic[_MetricsT]):
    """The metrics of a registry module on a registry, kept fresh by reads of the service's components.

    Reads happen on a refresh, in threads, within `deadline` seconds for all of them together. `on_fault` is
    called with the component for every read that fails and every recording that does; `on_overflow` with the
    label for every value beyond its limit. `instance` is told in snapshots, the host's name by default.

    In the client's multiprocess mode a scrape reaches one process, and the others' numbers must be there:
    each refreshes itself every `refresh_every` seconds, the scrape interval by default. There a gauge that
    cannot be read keeps its last value, since the exposition does not tell one process from another.
    """

    def __init__(
        self,
        module: ModuleType,
        *,
        registry: CollectorRegistry | None = None,
        deadline: float = 1.0,
        on_fault: Callable[[str], object] | None = None,
        on_overflow: Callable[[str], object] | None = None,
        instance: str | None = None,
        refresh_every: float | None = None,
    ) -> None:
        self.module: Final = RegistryModule.of(module)
        self.registry: Final = CollectorRegistry() if registry is None else registry
        self.metrics: Final[_MetricsT] = module.Metrics(self.registry, on_overflow)
        self.deadline: Final = deadline
        self.instance: Final = instance or socket.gethostname()
        self._on_fault = on_fault
        self._registrations: list[Registration] = []
        self._abandoned: set[str] = set()  # families whose reader is gone: their last values are no news
        self._faults: dict[ComponentRead, str] = {}
        self._failed_recordings: set[str] = set()
        self._lock = Lock()
        if multiprocess_folder() is not None:
            seconds = self.module.scrape / 1000 if refresh_every is None else refresh_every
            self._heartbeat = Heartbeat(self.refresh, seconds)

    def register(
        self,
        component: str,
        read: Callable[[], _Answer],
        use: Callable[[_Answer], object] = _nothing,
        *,
        sets: Iterable[str] = (),
    ) -> Registration:
        """Has `read` called on every refresh, and `use` with its answer, which sets this component's metrics.

        An answer that comes after the registration's end is thrown away. `sets` names the gauges (by
        attribute) that only this registration sets: they are not shown while it fails, nor after its end.
        Raises KeyError for a component or an attribute that the registry does not have.
        """
        if component not in self.module.endpoint_of:
            raise KeyError(f"the service has no component `{component}`")
        families = frozenset(self.module.name(component, attribute) for attribute in sets)
        registration = Registration(ComponentRead(component, read, use), families, self._close)
        with self._lock:
            self._registrations.append(registration)
        return registration

    def reveal(self, component: str, attribute: str) -> None:
        """Shows a gauge again that its registration has left behind: somebody else has set it."""
        if self._abandoned:
            with self._lock:
                self._abandoned.discard(self.module.name(component, attribute))

    def refresh(self) -> None:
        """Reads every component. Raises nothing; faults are counted, logged and shown."""
        self._refreshed(None)

    def snapshot(self, components: Collection[str] | None = None) -> Snapshot:
        """What this process measures now, of these components or of all, after reading them."""
        refreshed = self._refreshed(components)
        asked = [each for each in self.module.endpoint_of if components is None or each in components]
        wanted = [metric for metric in self.module.metrics.values() if metric.component in asked]
        names = [name for metric in wanted for name in (family_name(metric), *sample_names(metric))]
        # Only our own: what else is on the registry may be slow, or raise.
        families = Shown(self.registry.restricted_registry(names), refreshed.hidden).collect()
        series = series_by_component(self.module, families)
        sections = {
            each: Section(each, self.module.endpoint_of[each], refreshed.faults.get(each), series[each])
            for each in asked
        }
        return Snapshot(self.module.service, self.instance, os.getpid(), time.time(), sections)

    def collect(self) -> Iterable[Metric]:
        """The families of this process's registry, after reading every component."""
        return Shown(self.registry, self._refreshed(None).hidden).collect()

    def exposition(self, *, openmetrics: bool = False) -> bytes:
        """What Prometheus scrapes, after reading every component; in multiprocess mode, of all processes."""
        refreshed = self._refreshed(None)
        return exposition(Shown(self.registry, refreshed.hidden), openmetrics=openmetrics)

    @contextmanager
    def recording(self, component: str) -> Iterator[None]:
        """Keeps what goes wrong in its body from the code that is instrumented: counted, and logged once."""
        try:
            yield
        except Exception:  # whatever it is: the service must not fail for its monitoring
            self._count_fault(component)
            if component not in self._failed_recordings:
                self._failed_recordings.add(component)
                _LOGGER.warning("cannot record `%s`", component, exc_info=True)

    def _refreshed(self, components: Collection[str] | None) -> _Refreshed:
        with self._lock:
            registrations = {
                each.read: each
                for each in self._registrations
                if components is None or each.read.component in components
            }
        outcomes = run_all(registrations, self.deadline)
        for read, outcome in outcomes.items():
            self._tell(read, outcome)
        faults: dict[str, str] = {}
        hidden: set[str] = set()
        for read, outcome in outcomes.items():
            if outcome.fault is not None:
                faults.setdefault(read.component, outcome.fault)
                hidden |= registrations[read].sets
        with self._lock:
            for read, outcome in outcomes.items():
                if outcome.fault is None:
                    self._abandoned -= registrations[read].sets
            hidden |= self._abandoned
        return _Refreshed(faults, frozenset(hidden))

    def _close(self, registration: Registration) -> None:
        registration.read.close()
        with self._lock:
            if registration in self._registrations:
                self._registrations.remove(registration)
                self._abandoned |= registration.sets
                self._faults.pop(registration.read, None)

    def _tell(self, read: ComponentRead, outcome: ReadOutcome) -> None:
        """Counts a fault, and logs it where it is news; its end, too."""
        if outcome.fault is not None:
            self._count_fault(read.component)
        with self._lock:
            before = self._faults.pop(read, None)
            if outcome.fault is not None:
                self._faults[read] = outcome.fault
        if before == outcome.fault:
            return
        if outcome.fault is None:
            _LOGGER.info("`%s` can be read again", read.component)
        elif outcome.fault == NONSENSE:
            _LOGGER.warning("`%s` cannot be right: %s", read.component, outcome.error)
        else:
            _LOGGER.warning("cannot read `%s`: %s", read.component, outcome.fault, exc_info=outcome.error)

    def _count_fault(self, component: str) -> None:
        if self._on_fault is None:
            return
        try:
            self._on_fault(component)
        except Exception:  # as in `recording`
            _LOGGER.debug("cannot count a fault of `%s`", component, exc_info=True)

"""The collector: a service's metrics, the components that it reads, snapshots and expositions."""

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

from victor_monitoring.runtime.exposition import VisibleFamilies, exposition
from victor_monitoring.runtime.multiprocess import mark_alive, multiprocess_folder
from victor_monitoring.runtime.reads import NONSENSE, ComponentRead, ReadOutcome, run_all
from victor_monitoring.runtime.registry_module import RegistryModule
from victor_monitoring.runtime.schedule import Heartbeat
from victor_monitoring.runtime.snapshot import (
    Section,
    Snapshot,
    sample_names,
    series_by_component,
)

_LOGGER: Final = logging.getLogger(__name__)
_MetricsT = TypeVar("_MetricsT")
_Answer = TypeVar("_Answer")


def _nothing(_: object) -> None:
    """Ignore the answer, for a read that sets the metrics itself."""


class Registration:
    """A registered read; `close` removes it, and does nothing when called again."""

    def __init__(
        self, read: ComponentRead, sets: frozenset[str], close: Callable[[Registration], None]
    ) -> None:
        self.read: Final = read
        self.sets: Final = sets
        self._close = close

    def close(self) -> None:
        """Stop reading the component. A read that is hanging is not waited for."""
        self._close(self)


@dataclass(frozen=True, slots=True)
class _Refreshed:
    """The result of a refresh: the faults by component, and the families to hide."""

    faults: Mapping[str, str]
    hidden: frozenset[str]


class Collector(Generic[_MetricsT]):
    """The metrics of a registry module on a registry, updated by reads of the service's components.

    A refresh reads all components in threads, within `deadline` seconds for all together. `on_fault` is
    called with the component after every failed read or recording, `on_overflow` with the label for every
    value above the label's limit. `instance` is reported in snapshots; it defaults to the host name.

    In the client's multiprocess mode a scrape reaches one process but covers all of them. Each process
    therefore refreshes itself every `refresh_every` seconds, by default the scrape interval. In this mode a
    gauge that cannot be read keeps its last value, since the exposition does not distinguish processes.
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
        folder = multiprocess_folder()
        if folder is not None:
            mark_alive(folder)
        self.registry: Final = CollectorRegistry() if registry is None else registry
        self.metrics: Final[_MetricsT] = module.Metrics(self.registry, on_overflow)
        self.deadline: Final = deadline
        self.instance: Final = instance or socket.gethostname()
        self._on_fault = on_fault
        self._registrations: list[Registration] = []
        self._abandoned: set[str] = set()  # families without a reader: their values are outdated
        self._faults: dict[ComponentRead, str] = {}
        self._failed_recordings: set[str] = set()
        self._lock = Lock()
        if folder is not None:
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
        """Call `read` on every refresh, and `use` with its answer to set this component's metrics.

        An answer that arrives after the registration was closed is discarded. `sets` names the gauges (by
        attribute) that only this registration sets: they are hidden while it fails and after it is closed.
        Raise KeyError for a component or an attribute that the registry module does not have.
        """
        if component not in self.module.endpoint_of:
            raise KeyError(f"the service has no component `{component}`")
        families = frozenset(self.module.name(component, attribute) for attribute in sets)
        registration = Registration(ComponentRead(component, read, use), families, self._close)
        with self._lock:
            self._registrations.append(registration)
        return registration

    def reveal(self, component: str, attribute: str) -> None:
        """Show a gauge that was hidden when its registration was closed, since the caller has set it."""
        if self._abandoned:
            with self._lock:
                self._abandoned.discard(self.module.name(component, attribute))

    def refresh(self) -> None:
        """Read every component. Faults are counted, logged and reported in snapshots, not raised."""
        self._refreshed(None)

    def snapshot(self, components: Collection[str] | None = None) -> Snapshot:
        """Read these components, or all, and return the metrics of this process, in the given order."""
        refreshed = self._refreshed(components)
        known = self.module.endpoint_of
        asked = [each for each in (known if components is None else components) if each in known]
        wanted = [metric for metric in self.module.metrics.values() if metric.component in asked]
        names = [
            name for metric in wanted for name in (metric.type.family(metric.name), *sample_names(metric))
        ]
        # Only the module's metrics: other collectors on the registry may be slow, or raise.
        families = VisibleFamilies(self.registry.restricted_registry(names), refreshed.hidden).collect()
        series = series_by_component(self.module, families)
        sections = {
            each: Section(each, known[each], refreshed.faults.get(each), series[each]) for each in asked
        }
        return Snapshot(self.module.service, self.instance, os.getpid(), time.time(), sections)

    def collect(self) -> Iterable[Metric]:
        """Read every component and return the families of this process's registry."""
        return VisibleFamilies(self.registry, self._refreshed(None).hidden).collect()

    def exposition(self, *, openmetrics: bool = False) -> bytes:
        """Read every component and return the exposition; in multiprocess mode, of all processes."""
        refreshed = self._refreshed(None)
        return exposition(VisibleFamilies(self.registry, refreshed.hidden), openmetrics=openmetrics)

    @contextmanager
    def recording(self, component: str) -> Iterator[None]:
        """Suppress an exception of the body: count it, and log the first one of each component."""
        try:
            yield
        except Exception:  # any error: monitoring must not make the service fail
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
            self._report(read, outcome)
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

    def _report(self, read: ComponentRead, outcome: ReadOutcome) -> None:
        """Count a fault, and log when it begins, changes or ends."""
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

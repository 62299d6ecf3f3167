"""Names in systems that several specs share: two specs that take the same one are reported at both places.

Grafana, Prometheus and Alertmanager are shared by many services. Base itself is not deployed where there are
contexts. Contexts of one name share all their systems, unless the settings of their targets name others.
"""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from victor_monitoring.base.diagnostics import Diagnostic
from victor_monitoring.checks.acknowledged import covers, is_expired
from victor_monitoring.checks.run import severity_of
from victor_monitoring.checks.shared_name import SHARED_NAME
from victor_monitoring.language.resolved.meta import meta_alerts
from victor_monitoring.language.syntax.finding import Finding, locate
from victor_monitoring.language.syntax.tree import Path

if TYPE_CHECKING:
    from victor_monitoring.app.pipeline import Compiled
    from victor_monitoring.language.resolved.spec import Resolved


@dataclass(frozen=True, slots=True)
class _Name:
    """A name that a spec takes in a system; two names clash if their systems and keys are equal.

    `words` is the name for people, `effect` the result of a clash.
    """

    key: tuple[Hashable, ...]
    words: str
    effect: str
    hint: str
    path: Path
    on_key: bool = False


@dataclass(frozen=True, slots=True)
class _Taken:
    """A name with the spec that takes it, for base or a context."""

    name: _Name
    compiled: Compiled
    spec: Resolved

    def diagnostic(self, other: _Taken, today: datetime.date) -> Diagnostic | None:
        """Return the clash at this place, which names the other place; None if it is acknowledged or off."""
        written = self.spec.as_written
        severity = severity_of(SHARED_NAME, written.checks)
        acks = (ack for ack in written.acks if not is_expired(ack, today))
        if severity is None or any(covers(ack, SHARED_NAME, self._finding()) for ack in acks):
            return None
        message = f"{self.name.words} is also in `{other._located().span}`: {self.name.effect}"
        return replace(self._located(message), severity=severity)

    def _located(self, message: str = "") -> Diagnostic:
        return locate(self._finding(message), SHARED_NAME, self.compiled.trees[self.spec.context])

    def _finding(self, message: str = "") -> Finding:
        return Finding(self.name.path, message, self.name.hint, on_key=self.name.on_key)


def shared_names(specs: Sequence[Compiled], today: datetime.date) -> list[Diagnostic]:
    """Return a diagnostic at both places where two specs take one name in a shared system.

    Acknowledgements are valid as of `today`.
    """
    takers: dict[Hashable, list[_Taken]] = {}
    for compiled in specs:
        for spec in _deployed(compiled):
            for system, name in _names(compiled, spec):
                takers.setdefault((system, name.key), []).append(_Taken(name, compiled, spec))
    found: dict[object, Diagnostic | None] = {}
    for first, *others in takers.values():
        for other in others:
            if other.compiled is not first.compiled:
                for one, two in ((first, other), (other, first)):
                    place = (one.compiled.source, one.name.path, one.name.key[0])
                    found.setdefault(place, one.diagnostic(two, today))
    return [each for each in found.values() if each is not None]


def _deployed(compiled: Compiled) -> Iterable[Resolved]:
    if compiled.contexts:
        return compiled.contexts.values()
    return [compiled.base] if compiled.base else []


def _names(compiled: Compiled, spec: Resolved) -> Iterator[tuple[Hashable, _Name]]:
    """Yield the names that a spec takes in base or a context, each with its system."""
    for system, _ in _systems("rules", compiled, spec):
        for name in (*_recordings(spec), *_alerts(spec)):
            yield system, name
    if spec.dashboard is not None and "dashboard" in spec.outputs:
        for system, folder in _systems("dashboard", compiled, spec):
            for name in _dashboard(spec, folder):
                yield system, name


def _systems(output: str, compiled: Compiled, spec: Resolved) -> Iterator[tuple[Hashable, str | None]]:
    """Yield the systems that receive an output, with the folder of dashboards that their settings name.

    An output that is delivered otherwise is in the one system of the context, or of base.
    """
    context = spec.context or ""
    receiving = [each.settings for each in compiled.targets.get(context, ()) if output in each.settings.takes]
    for settings in receiving:
        yield settings.system(context), settings.dashboard_folder
    if not receiving:
        yield spec.context, None


def _dashboard(spec: Resolved, folder: str | None) -> Iterator[_Name]:
    yield _Name(
        ("title", folder, spec.dashboard_title.casefold()),
        f"the dashboard title `{spec.service.title}`",
        "Grafana needs titles that differ, not only in case, in one folder",
        "give one of them another `title`",
        ("service", "title"),
    )
    yield _Name(
        ("uid", spec.place),
        f"the dashboard uid `{spec.place}`",
        "Grafana keeps one of them",
        "give one of the services another `name`",
        ("service", "name"),
    )
    if spec.kubernetes.objects is not None and "kubernetes" in spec.outputs:
        file = PurePosixPath(spec.outputs["dashboard"]).name
        yield _Name(
            ("file", file.casefold()),
            f"the dashboard file name `{file}`",
            "Grafana's sidecar keeps one file of a name",
            "give one of them another file name under `outputs`",
            ("outputs", "dashboard"),
        )


def _recordings(spec: Resolved) -> Iterator[_Name]:
    for signal in spec.signals.values():
        for rule in signal.recordings() if signal.recorded else ():
            yield _Name(
                ("record", rule.name, rule.labels, frozenset(signal.select)),
                f"the recorded series `{rule.name}` with the same `select`",
                "Prometheus mixes the values of both",
                "rename one of the signals, or give it another `record`",
                ("signals", signal.name, *(("record",) if signal.own_record else ())),
                on_key=not signal.own_record,
            )


def _alerts(spec: Resolved) -> Iterator[_Name]:
    effect = "for Alertmanager they are one alert"
    for alert in spec.alerts:
        yield _Name(
            (
                "alert",
                alert.name,
                frozenset(alert.labels),
                frozenset(alert.signal.labels),
                frozenset(alert.signal.select),
            ),
            f"the alert `{alert.name}` with the same labels and `select`",
            effect,
            "give one of them another `name` or another label",
            alert.path,
            on_key=True,
        )
    for meta in meta_alerts(spec):
        yield _Name(
            ("meta", meta.name, frozenset(meta.labels.items()), frozenset(meta.select)),
            f"the meta alert `{meta.name}` with the same labels and `select`",
            effect,
            "give one of the services another label under `service.labels`",
            ("service", "name"),
        )

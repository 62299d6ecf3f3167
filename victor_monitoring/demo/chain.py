"""The whole chain of a spec, from targets to whoever is told, all of it on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from victor_monitoring.demo.monitoring import AlertmanagerProcess, PrometheusProcess, alertmanager, prometheus
from victor_monitoring.demo.programs import Programs
from victor_monitoring.demo.receiver import Notification, WebhookReceiver, receiver
from victor_monitoring.demo.scenarios import Scenario
from victor_monitoring.demo.snapshot import AlertView, DemoSnapshot, SignalView, ViewState, watched, worst
from victor_monitoring.demo.targets import ScrapeTarget, target
from victor_monitoring.language.resolved.meta import meta_alerts
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.tree import text
from victor_monitoring.renderers.rules import rules_text
from victor_monitoring.signals.signal import Signal


@dataclass(frozen=True, slots=True)
class Chain:
    """The parts of a chain that runs."""

    spec: Resolved
    targets: tuple[ScrapeTarget, ...]
    prometheus: PrometheusProcess
    alertmanager: AlertmanagerProcess
    receiver: WebhookReceiver


@contextmanager
def chain(
    spec: Resolved, programs: Programs, targets: Sequence[ScrapeTarget], *, rules: Sequence[str] = ()
) -> Iterator[Chain]:
    """A chain that begins with these targets, until the block ends. UserError where a program does not start.

    `rules` are files that others have beside the spec's.
    """
    assert programs.prometheus is not None
    assert programs.alertmanager is not None
    with ExitStack() as stack:
        told, url = stack.enter_context(receiver())
        manager = stack.enter_context(alertmanager(programs.alertmanager, spec, url))
        files = [rules_text(spec), *rules]
        server = prometheus(programs.prometheus, spec, targets, files, manager.url)
        yield Chain(spec, tuple(targets), stack.enter_context(server), manager, told)


_TARGETS: Final = 2


class ChainBackend:
    """A chain, looked at."""

    reached: Final[ViewState] = "delivered"
    left: Final[ViewState] = "resolved"

    def __init__(self, running: Chain) -> None:
        self.spec: Final = running.spec
        self._chain = running

    @property
    def urls(self) -> Sequence[tuple[str, str]]:
        """Those of the targets, of Prometheus and of Alertmanager."""
        running = self._chain
        return [
            *(("target", f"http://{each.address}/metrics") for each in running.targets),
            ("Prometheus", f"{running.prometheus.url}/alerts"),
            ("Alertmanager", f"{running.alertmanager.url}/#/alerts"),
        ]

    def have(self, scenario: Scenario | None) -> None:
        """From now on this goes wrong, or nothing does."""
        for number, each in enumerate(self._chain.targets):
            has_it = scenario is not None and (scenario.everywhere or number == 0)
            each.have(scenario.faults if scenario is not None and has_it else ())

    def snapshot(self) -> DemoSnapshot:
        """How signals and alerts stand."""
        rules: dict[str, list[dict[str, Any]]] = {}
        for rule in self._chain.prometheus.alerts():
            rules.setdefault(rule["name"], []).append(rule)
        muted = {each.labels["alertname"] for each in self._chain.alertmanager.alerts() if each.muted_by}
        told = {each.labels["alertname"]: each for each in self._chain.receiver.deliveries()}

        def alert_view(name: str, condition: str) -> AlertView:
            state = _state(rules.get(name, []), told.get(name), is_muted=name in muted)
            return AlertView(name, condition, state, _about(rules.get(name, []), told.get(name), state))

        rows = [
            SignalView(
                signal.title,
                *worst(signal, alerts, self._values(signal)),
                tuple(alert_view(alert.name, alert.condition.text) for alert in alerts),
            )
            for signal, alerts in watched(self.spec).values()
        ]
        ups = self._ups()
        names = dict.fromkeys(alert.name for alert in meta_alerts(self.spec))
        own = tuple(alert_view(name, "") for name in names)
        return DemoSnapshot((*rows, SignalView("Targets", f"{sum(ups)} of {len(ups)} up", "", own)))

    def _values(self, signal: Signal) -> dict[tuple[str, ...], float]:
        found = self._chain.prometheus.query(text(signal.value()))
        return {tuple(labels.get(label, "") for label in signal.by): value for labels, value in found}

    def _ups(self) -> list[bool]:
        return [value == 1 for _, value in self._chain.prometheus.query("up")]


@contextmanager
def chain_backend(spec: Resolved, programs: Programs) -> Iterator[ChainBackend]:
    """Two targets in one place, watched by real programs until the block ends."""
    place: Mapping[str, str] = dict.fromkeys(spec.service.scope, "demo")
    with ExitStack() as stack:
        targets = [stack.enter_context(target(spec, labels=place, seed=seed)) for seed in range(_TARGETS)]
        yield ChainBackend(stack.enter_context(chain(spec, programs, targets)))


def _state(rules: list[dict[str, Any]], told: Notification | None, *, is_muted: bool) -> ViewState:
    """The state of an alert, of which `told` was told last."""
    states = {rule["state"] for rule in rules}
    is_told = told is not None and told.status == "firing"
    if "firing" in states:
        return "delivered" if is_told else "muted" if is_muted else "firing"
    if is_told:
        return "delivered"  # until it is told that it is over
    if "pending" in states:
        return "pending"
    return "inactive" if told is None else "resolved"


def _about(rules: list[dict[str, Any]], told: Notification | None, state: ViewState) -> str:
    """What was delivered of an alert, with its runbook; before that what Prometheus says of it."""
    if state == "delivered" and told is not None:
        return "; ".join(filter(None, (told.annotations.get("summary"), told.annotations.get("runbook_url"))))
    if state in ("inactive", "resolved"):
        return ""
    active = [each for rule in rules for each in rule["alerts"]]
    return str(active[0]["annotations"].get("summary", "")) if active else ""

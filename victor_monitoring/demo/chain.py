"""The whole alerting chain of a spec on this machine, from scrape targets to a webhook receiver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from victor_monitoring.demo.processes import AlertmanagerProcess, PrometheusProcess, alertmanager, prometheus
from victor_monitoring.demo.programs import Programs
from victor_monitoring.demo.receiver import Notification, WebhookReceiver, receiver
from victor_monitoring.demo.scenarios import Scenario
from victor_monitoring.demo.scrape_targets import ScrapeTarget, has_replicas, target
from victor_monitoring.demo.serving.summary import AlertView, DemoSnapshot, SignalRow, ViewState, signal_row
from victor_monitoring.language.resolved.meta import meta_alerts
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.printer import text
from victor_monitoring.renderers.rules import rules_text
from victor_monitoring.signals.signal import LabelPairs, Signal


@dataclass(frozen=True, slots=True)
class Chain:
    """The parts of a running chain."""

    spec: Resolved
    targets: tuple[ScrapeTarget, ...]
    prometheus: PrometheusProcess
    alertmanager: AlertmanagerProcess
    receiver: WebhookReceiver


@contextmanager
def chain(
    spec: Resolved, programs: Programs, targets: Sequence[ScrapeTarget], *, rules: Sequence[str] = ()
) -> Iterator[Chain]:
    """Yield a running chain that scrapes these targets; raise UserError if a program does not start.

    `rules` are the texts of rules files of other services.
    """
    assert programs.prometheus is not None
    assert programs.alertmanager is not None
    with ExitStack() as stack:
        webhook, url = stack.enter_context(receiver())
        manager = stack.enter_context(alertmanager(programs.alertmanager, spec, url))
        files = [rules_text(spec), *rules]
        server = prometheus(programs.prometheus, spec, targets, files, manager.url)
        yield Chain(spec, tuple(targets), stack.enter_context(server), manager, webhook)


class ChainBackend:
    """A chain as the backend of a demo."""

    reached: Final[ViewState] = "delivered"
    left: Final[ViewState] = "resolved"

    def __init__(self, running: Chain) -> None:
        self.spec: Final = running.spec
        self._chain = running

    @property
    def urls(self) -> Sequence[tuple[str, str]]:
        """The URLs of the targets, of Prometheus and of Alertmanager."""
        running = self._chain
        return [
            *(("target", f"http://{each.address}/metrics") for each in running.targets),
            ("Prometheus", f"{running.prometheus.url}/alerts"),
            ("Alertmanager", f"{running.alertmanager.url}/#/alerts"),
        ]

    def set_scenario(self, scenario: Scenario | None) -> None:
        """Replace the current faults by those of a scenario, or by none."""
        for number, each in enumerate(self._chain.targets):
            is_faulty = scenario is not None and (scenario.everywhere or number == 0)
            each.set_faults(scenario.faults if scenario is not None and is_faulty else ())

    def snapshot(self) -> DemoSnapshot:
        """Return the current values of signals and states of alerts."""
        rules = self._chain.prometheus.alerts()
        muted = [each.labels for each in self._chain.alertmanager.alerts() if each.muted_by]
        deliveries = self._chain.receiver.deliveries()

        def alert_view(id_: str, condition: str, severity: str, labels: Mapping[str, str]) -> AlertView:
            def is_of(found: Mapping[str, str]) -> bool:
                return labels.items() <= found.items()

            given = [rule for rule in rules if is_of({**rule["labels"], "alertname": rule["name"]})]
            last = next((each for each in reversed(deliveries) if is_of(each.labels)), None)
            state = _state(given, last, is_muted=any(map(is_of, muted)))
            return AlertView(id_, severity, condition, state, _about(given, last, state))

        rows = []
        for signal in self.spec.signals.values():
            alerts = [each for each in self.spec.alerts if each.signal.name == signal.name]
            views = [
                alert_view(
                    each.id,
                    each.condition.text,
                    each.severity or "",
                    {**dict(each.static_labels), "alertname": each.name},
                )
                for each in alerts
            ]
            if alerts:
                rows.append(signal_row(signal, self._values(signal), alerts, views))
        ups = self._ups()
        severities = {alert.name: alert.labels["severity"] for alert in meta_alerts(self.spec)}
        own = tuple(
            alert_view(name, "", severity, {"alertname": name}) for name, severity in severities.items()
        )
        return DemoSnapshot((*rows, SignalRow("Targets", f"{sum(ups)} of {len(ups)} up", "", own)))

    def _values(self, signal: Signal) -> dict[LabelPairs, float]:
        found = self._chain.prometheus.query(text(signal.value()))
        own = (
            (tuple(pair for pair in labels.items() if pair[0] in signal.by), each) for labels, each in found
        )
        return dict(own)

    def _ups(self) -> list[bool]:
        return [value == 1 for _, value in self._chain.prometheus.query("up")]


@contextmanager
def chain_backend(spec: Resolved, programs: Programs) -> Iterator[ChainBackend]:
    """Yield a backend of two targets with the same labels, monitored by Prometheus and Alertmanager.

    There is one target if every component selects its instance.
    """
    scope: Mapping[str, str] = dict.fromkeys(spec.service.scope, "demo")
    seeds = range(2 if has_replicas(spec) else 1)
    with ExitStack() as stack:
        targets = [stack.enter_context(target(spec, labels=scope, seed=seed)) for seed in seeds]
        yield ChainBackend(stack.enter_context(chain(spec, programs, targets)))


def _state(rules: list[dict[str, Any]], latest: Notification | None, *, is_muted: bool) -> ViewState:
    """Return the state of an alert from its rules and the latest notification about it."""
    states = {rule["state"] for rule in rules}
    is_delivered = latest is not None and latest.status == "firing"
    if "firing" in states:
        return "delivered" if is_delivered else "muted" if is_muted else "firing"
    if is_delivered:
        return "delivered"  # until the notification that it has resolved
    if "pending" in states:
        return "pending"
    return "inactive" if latest is None else "resolved"


def _about(rules: list[dict[str, Any]], latest: Notification | None, state: ViewState) -> str:
    """Return the delivered summary and runbook of an alert; before delivery its summary in Prometheus."""
    if state == "delivered" and latest is not None:
        delivered = (latest.annotations.get("summary"), latest.annotations.get("runbook_url"))
        return "; ".join(filter(None, delivered))
    if state in ("inactive", "resolved"):
        return ""
    active = [each for rule in rules for each in rule["alerts"]]
    return str(active[0]["annotations"].get("summary", "")) if active else ""

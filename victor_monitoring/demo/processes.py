"""Prometheus and Alertmanager as processes that run the rules and routes of a spec."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.demo.scrape_targets import ScrapeTarget
from victor_monitoring.demo.supervised import supervised
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.live.http.client import HttpClient
from victor_monitoring.live.prometheus.api import PrometheusApi
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.renderers.alertmanager import alertmanager_data, routes, timing
from victor_monitoring.signals.select import INSTANCE, Select

_PATIENCE: Final = 60  # seconds, on a busy machine


@dataclass(frozen=True, slots=True)
class PrometheusProcess:
    """A running Prometheus."""

    api: PrometheusApi

    @property
    def url(self) -> str:
        """Its address."""
        return self.api.http.base

    def query(self, promql: str) -> list[tuple[Mapping[str, str], float]]:
        """Return the labels and the current value of each series of an expression."""
        return [(each["metric"], float(each["value"][1])) for each in self.api.query(promql)]

    def alerts(self) -> list[dict[str, Any]]:
        """Return every alerting rule, in order, with its state and its active series."""
        groups = self.api.data("rules", type="alert")["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def alertmanagers(self) -> list[str]:
        """Return the URLs of the Alertmanagers that receive its alerts."""
        return [each["url"] for each in self.api.data("alertmanagers")["activeAlertmanagers"]]


@contextmanager
def prometheus(
    program: str, spec: Resolved, targets: Sequence[ScrapeTarget], rules: Sequence[str], alertmanager: str
) -> Iterator[PrometheusProcess]:
    """Yield a Prometheus that has loaded these rules files and has scraped every target.

    The rules are loaded last: Prometheus discovers its targets five seconds after its start, and with a time
    scale `ServiceAbsent` would fire before that. After the reload it discovers Alertmanager again: alerts
    that fire earlier are sent a minute later.
    """

    def command(folder: Path, port: int) -> list[str]:
        config = _config(spec, targets, folder, alertmanager.removeprefix("http://"))
        (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
        return [
            program,
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-lifecycle",  # to load the rules after the start
        ]

    with supervised("prometheus", command) as process, closing(HttpClient(process.url)) as client:
        found = PrometheusProcess(PrometheusApi(client))
        _wait(lambda: len(found.query("up == 1")) >= len(targets), "has not scraped its targets")
        for number, text in enumerate(rules):
            (process.folder / f"rules-{number}.yaml").write_text(text, encoding="utf-8")
        found.api.reload(_PATIENCE)
        _wait(found.alertmanagers, "has not found Alertmanager")
        yield found


def _wait(is_done: Callable[[], object], complaint: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_done():
        if time.monotonic() > deadline:
            raise UserError(f"Prometheus {complaint} within {_PATIENCE} seconds")
        time.sleep(0.1)


def _config(
    spec: Resolved, targets: Sequence[ScrapeTarget], folder: Path, alertmanager: str
) -> dict[str, object]:
    interval = duration_text(spec.scrape)
    selects = dict.fromkeys(component.select for component in spec.components.values())
    return {
        "global": {
            "scrape_interval": interval,
            "scrape_timeout": interval,
            "evaluation_interval": duration_text(spec.evaluate),
        },
        "rule_files": [f"{folder}/rules-*.yaml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [
            {
                "job_name": f"job-{number}",
                "honor_labels": spec.honors_labels(select),
                "static_configs": list(_static(select, targets)),
            }
            for number, select in enumerate(selects or (spec.service.select,))
        ],
    }


def _static(select: Select, targets: Sequence[ScrapeTarget]) -> Iterator[dict[str, object]]:
    """Yield a static configuration per target, with the labels that select it; `job` overrides `job_name`.

    Where `select` has one instance, only the first target is selected.
    """
    labels = select.targets(*(each.address for each in targets))
    for each, own in zip(targets, labels, strict=False):
        shown = own if INSTANCE in select.labels else select.example  # Prometheus sets it to the address
        yield {"targets": [each.address], "labels": {**each.labels, **shown}}


_RECEIVER = "demo"


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """The labels of an alert in Alertmanager, and of the alerts that inhibit it."""

    labels: Mapping[str, str]
    muted_by: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class AlertmanagerProcess:
    """A running Alertmanager."""

    http: HttpClient

    @property
    def url(self) -> str:
        """Its address."""
        return self.http.base

    def alerts(self) -> list[ActiveAlert]:
        """Return every alert that is active now."""
        found = self.http.get("/api/v2/alerts")
        names = {each["fingerprint"]: each["labels"] for each in found}
        return [
            ActiveAlert(
                each["labels"], tuple(names[by] for by in each["status"]["inhibitedBy"] if by in names)
            )
            for each in found
        ]


@contextmanager
def alertmanager(program: str, spec: Resolved, receiver: str) -> Iterator[AlertmanagerProcess]:
    """Yield an Alertmanager that is ready; it posts its notifications to the URL `receiver`."""

    def command(folder: Path, port: int) -> list[str]:
        (folder / "alertmanager.yml").write_text(
            json.dumps(_alertmanager_config(spec, receiver)), encoding="utf-8"
        )
        return [
            program,
            f"--config.file={folder}/alertmanager.yml",
            f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",  # it has no peers
        ]

    with supervised("alertmanager", command) as process, closing(HttpClient(process.url)) as client:
        yield AlertmanagerProcess(client)


def _alertmanager_config(spec: Resolved, receiver: str) -> dict[str, object]:
    """Return the spec's route inside a configuration whose only receiver is the demo's: base names none."""
    return {
        "route": {"receiver": _RECEIVER, "routes": routes(spec), **timing(spec)},
        "receivers": [{"name": _RECEIVER, "webhook_configs": [{"url": receiver}]}],
        "inhibit_rules": alertmanager_data(spec)["inhibit_rules"],
    }

"""A real Prometheus that scrapes the targets of a spec and evaluates its rules."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.demo.http import json_at, post
from victor_monitoring.demo.supervised import supervised
from victor_monitoring.demo.targets import ScrapeTarget
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.tree import Matcher
from victor_monitoring.renderers.alertmanager import alertmanager_data, route

_PATIENCE: Final = 60  # seconds, on a machine that is busy


@dataclass(frozen=True, slots=True)
class PrometheusProcess:
    """A running Prometheus."""

    url: str

    def query(self, promql: str) -> list[tuple[Mapping[str, str], float]]:
        """The labels and the value of each series that an expression yields now."""
        found = self._data("query", query=promql)["result"]
        return [(each["metric"], float(each["value"][1])) for each in found]

    def alerts(self) -> list[dict[str, Any]]:
        """Every alerting rule, in order, with its state and its active series."""
        groups = self._data("rules", type="alert")["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def alertmanagers(self) -> list[str]:
        """The addresses that alerts are sent to."""
        return [each["url"] for each in self._data("alertmanagers")["activeAlertmanagers"]]

    def _data(self, path: str, **parameters: str) -> Any:
        return json_at(f"{self.url}/api/v1/{path}", **parameters)["data"]


@contextmanager
def prometheus(
    program: str, spec: Resolved, targets: Sequence[ScrapeTarget], rules: Sequence[str], alertmanager: str
) -> Iterator[PrometheusProcess]:
    """Prometheus with these files of rules, which has scraped every target, until the block ends.

    It gets the rules last: it finds its targets five seconds after its start, and a service whose times are
    divided would be absent for long by then. It finds Alertmanager anew after that, and what fires before is
    told a minute later.
    """

    def command(folder: Path, port: int) -> list[str]:
        config = _config(spec, targets, folder, alertmanager.removeprefix("http://"))
        (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
        return [
            program,
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-lifecycle",  # so that it can be told to load the rules
        ]

    with supervised("prometheus", command) as program_kept:
        found = PrometheusProcess(program_kept.url)
        _wait(lambda: len(found.query("up == 1")) >= len(targets), "has not scraped its targets")
        for number, text in enumerate(rules):
            (program_kept.folder / f"rules-{number}.yaml").write_text(text, encoding="utf-8")
        post(f"{found.url}/-/reload")
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
            {"job_name": f"job-{number}", "static_configs": list(_static(select, targets))}
            for number, select in enumerate(selects or [spec.service.select])
        ],
    }


def _static(select: tuple[Matcher, ...], targets: Sequence[ScrapeTarget]) -> Iterator[dict[str, object]]:
    """Each target with the labels by which it is selected; a `job` among them replaces the job's name."""
    pinned = {matcher.label: matcher.value for matcher in select}
    for each in targets:
        yield {"targets": [each.address], "labels": {**each.labels, **pinned}}


_RECEIVER = "demo"


@dataclass(frozen=True, slots=True)
class Held:
    """The labels of an alert, and of those that mute it."""

    labels: Mapping[str, str]
    muted_by: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class AlertmanagerProcess:
    """A running Alertmanager."""

    url: str

    def alerts(self) -> list[Held]:
        """Every alert that it holds now."""
        found = json_at(f"{self.url}/api/v2/alerts")
        names = {each["fingerprint"]: each["labels"] for each in found}
        return [
            Held(each["labels"], tuple(names[by] for by in each["status"]["inhibitedBy"] if by in names))
            for each in found
        ]


@contextmanager
def alertmanager(program: str, spec: Resolved, receiver: str) -> Iterator[AlertmanagerProcess]:
    """Alertmanager, ready, until the block ends; it posts to the URL `receiver`."""

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

    with supervised("alertmanager", command) as program_kept:
        yield AlertmanagerProcess(program_kept.url)


def _alertmanager_config(spec: Resolved, receiver: str) -> dict[str, object]:
    """What a host has around the spec's own: base names no receivers, so everything reaches the host's."""
    ours = route(spec)
    times = {key: ours[key] for key in ("group_wait", "group_interval", "repeat_interval")}
    return {
        "route": {"receiver": _RECEIVER, "routes": [ours], **times},
        "receivers": [{"name": _RECEIVER, "webhook_configs": [{"url": receiver}]}],
        "inhibit_rules": alertmanager_data(spec)["inhibit_rules"],
    }

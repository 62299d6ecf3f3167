"""The rendered rules in a real Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.exposition import exposition
from tests.end_to_end.live import Prometheus, Target, running, target, until
from tests.rules.rendered import (
    Document,
    artifacts,
    compiled_text,
    places,
    resolved,
    rule_files,
    rules_in,
)
from victor_monitoring.app.pipeline import render
from victor_monitoring.language.resolved.spec import Resolved

pytestmark = pytest.mark.clock

# One alert that fires within seconds.
BOILER = """
victor_mon: 1
service: {name: boiler, title: Boiler, owner: stokers, metric_prefix: boiler_, select: {job: boiler}}
defaults: {window: 1s, evaluate_every: 200ms, scrape_every: 200ms}
components:
  tank: {external: true, metrics: {boiler_steam_bytes: {type: gauge, unit: bytes, help: Steam.}}}
signals:
  steam: {title: Steam, unit: bytes, by: [instance], value: {of: boiler_steam_bytes, agg: max}}
alerts:
  boiler:
    MuchSteam: {signal: steam, when: "> 1GiB", for: 1s, severity: critical, summary: "{instance}: {value}"}
meta: {group: boiler_meta, for: 400ms, severity: critical}
"""
GIB = 2**30


@dataclass
class Steam:
    """The exposition of the boiler, with its amount of steam."""

    level: int = GIB

    def __call__(self) -> str:
        return f"boiler_steam_bytes {self.level}\n"


@dataclass(frozen=True)
class Scene:
    """A Prometheus with the rules of some specs and targets for them; `rules` are the rules by file."""

    prometheus: Prometheus
    rules: dict[str, list[str]]

    @property
    def scores(self) -> Iterator[str]:
        """The recorded scores; they have a value as soon as a target is up."""
        return (name for names in self.rules.values() for name in names if name.endswith(":score"))


@dataclass(frozen=True)
class Boiler:
    """The boiler's target and exposition, and the Prometheus that scrapes it."""

    prometheus: Prometheus
    target: Target
    steam: Steam


def written(rules: Document, path: Path) -> list[str]:
    """Write rules to a file, with intervals of 1 s instead of 30 s, and return the names of the rules."""
    for group in rules["groups"]:
        group["interval"] = group["interval"].replace("30s", "1s")
    path.write_text(yaml.safe_dump(rules), encoding="utf-8")
    return sorted(rule.name for rule in rules_in(rules))


def scrape(job: str, ports: dict[int, dict[str, str]]) -> dict[str, Any]:
    """Return a scrape job with targets given by their ports and labels."""
    targets = [{"targets": [f"127.0.0.1:{port}"], "labels": labels} for port, labels in ports.items()]
    return {"job_name": job, "scrape_interval": "200ms", "scrape_timeout": "200ms", "static_configs": targets}


def targets(stack: ExitStack, spec: Resolved) -> Iterator[dict[str, Any]]:
    """Yield a scrape job for each select of a spec, with two targets in one scope and one in another."""
    for select in dict.fromkeys(component.select for component in spec.components.values()):
        each = [stack.enter_context(target(partial(exposition, spec, select))) for _ in range(3)]
        labels = [dict.fromkeys(spec.service.scope, value) | select.example for value in ("a", "a", "b")]
        yield scrape(
            select.example["job"], {one.port: names for one, names in zip(each, labels, strict=True)}
        )


@pytest.fixture(scope="module", params=dict.fromkeys(place.context for place in places()))
def scene(
    prometheus: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Scene]:
    """Yield a Prometheus with every spec in one place.

    Two places of a spec do not share a Prometheus: if their labels are equal, like those of base and `fast`,
    both write the same series, and the second sample is out of order.
    """
    folder = tmp_path_factory.mktemp("prometheus")
    here = {folder / f"{each}.yaml": each for each in places() if each.context == request.param}
    with ExitStack() as stack:
        names = {
            str(path): written(next(rule_files(artifacts(each)))[1], path) for path, each in here.items()
        }
        scrapes = [job for each in here.values() for job in targets(stack, resolved(each))]
        yield Scene(stack.enter_context(running(prometheus, folder, list(here), scrapes)), names)


@pytest.fixture(scope="module")
def boiler(prometheus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boiler]:
    folder, steam = tmp_path_factory.mktemp("boiler"), Steam()
    rules = folder / "rules.yaml"
    written(next(rule_files(tuple(render(compiled_text(BOILER)))))[1], rules)
    with ExitStack() as stack:
        tank = stack.enter_context(target(steam))
        started = running(prometheus, folder, [rules], [scrape("boiler", {tank.port: {}})])
        yield Boiler(stack.enter_context(started), tank, steam)


def test_every_rule_is_ok(scene: Scene) -> None:
    """Prometheus loads every rule of every spec, in base and each context, and evaluates it to `ok`."""
    prometheus = scene.prometheus
    for score in scene.scores:
        until(partial(prometheus.query, score))
    now = datetime.now(tz=UTC)
    rules = until(lambda: prometheus.rules_evaluated_since(now))
    loaded = {path: sorted(rule["name"] for rule in rules if rule["file"] == path) for path in scene.rules}
    assert loaded == scene.rules
    assert [rule for rule in rules if rule["health"] != "ok"] == []


def test_an_alert_waits_and_fires(boiler: Boiler) -> None:
    """At its threshold an alert is inactive, above it pending for the duration of `for`, then firing."""
    prometheus = boiler.prometheus
    until(lambda: prometheus.query("boiler_steam_bytes"))
    assert prometheus.alert("MuchSteam") == "inactive"
    boiler.steam.level = GIB + 1
    until(lambda: prometheus.alert("MuchSteam") == "firing")
    (alert,) = [a for a in prometheus.get("alerts")["alerts"] if a["labels"]["alertname"] == "MuchSteam"]
    assert alert["labels"].items() >= {"severity": "critical", "signal": "steam", "job": "boiler"}.items()
    assert alert["annotations"]["summary"] == f"127.0.0.1:{boiler.target.port}: 1GiB"
    pending, fired = (
        prometheus.query(f'ALERTS{{alertname="MuchSteam",alertstate="{state}"}}[1m]')[0]["values"][0][0]
        for state in ("pending", "firing")
    )
    assert fired - pending >= 1
    boiler.steam.level = GIB
    until(lambda: prometheus.alert("MuchSteam") == "inactive")


def test_a_lost_target(boiler: Boiler) -> None:
    """When a target stops answering, TargetDown and then ServiceAbsent fire, and end when it is back."""
    prometheus = boiler.prometheus
    until(lambda: prometheus.query('up{job="boiler"} == 1'))

    def firing() -> set[str]:
        alerts = prometheus.query('ALERTS{service="boiler",alertstate="firing"}')
        return {each["metric"]["alertname"] for each in alerts}

    boiler.target.stop()
    until(lambda: {"TargetDown", "ServiceAbsent"} <= firing())
    boiler.target.start()
    until(lambda: not firing())

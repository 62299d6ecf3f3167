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
from tests.rules.rendered import SPECS, Document, compiled_text, rule_files
from victor_monitoring.pipeline import render
from victor_monitoring.resolved.spec import Resolved

pytestmark = pytest.mark.xdist_group("prometheus")

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
    """How much of it the boiler says it holds."""

    level: int = GIB

    def __call__(self) -> str:
        return f"boiler_steam_bytes {self.level}\n"


@dataclass(frozen=True)
class Scene:
    """A Prometheus with the rules of all specs and targets for them; `expected` are the rules by file."""

    prometheus: Prometheus
    boiler: Target
    steam: Steam
    expected: dict[str, int]


def specs() -> Iterator[tuple[str, str]]:
    """The specs of this repository, and the boiler's."""
    for name, path in SPECS.items():
        yield name, path.read_text(encoding="utf-8")
    yield "boiler", BOILER


def written(rules: Document, path: Path) -> int:
    """How many rules there are, written to a file; each group is evaluated every second at least."""
    for group in rules["groups"]:
        group["interval"] = group["interval"].replace("30s", "1s")
    path.write_text(yaml.safe_dump(rules), encoding="utf-8")
    return sum(len(group["rules"]) for group in rules["groups"])


def scrape(job: str, ports: dict[int, dict[str, str]]) -> dict[str, Any]:
    """A scrape job: the labels of each target by its port."""
    targets = [{"targets": [f"127.0.0.1:{port}"], "labels": labels} for port, labels in ports.items()]
    return {"job_name": job, "scrape_interval": "200ms", "scrape_timeout": "200ms", "static_configs": targets}


def targets(stack: ExitStack, spec: Resolved) -> Iterator[dict[str, Any]]:
    """A scrape job for each select of a spec: two targets in one scope, and one in another."""
    for select in dict.fromkeys(component.select for component in spec.components.values()):
        each = [stack.enter_context(target(partial(exposition, spec, select))) for _ in range(3)]
        labels = [dict.fromkeys(spec.service.scope, value) for value in ("a", "a", "b")]
        yield scrape(select[0].value, {one.port: names for one, names in zip(each, labels, strict=True)})


@pytest.fixture(scope="module")
def scene(prometheus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder, steam = tmp_path_factory.mktemp("prometheus"), Steam()
    expected: dict[str, int] = {}
    scrapes: list[dict[str, Any]] = []
    with ExitStack() as stack:
        for name, text in specs():
            compiled = compiled_text(text)
            assert compiled.base is not None
            for context in (None, *compiled.contexts):
                found = [each for each in render(compiled) if each.context == context]
                _, rules = next(rule_files(tuple(found)))
                path = folder / f"{name}-{context or 'base'}.yaml"
                expected[str(path)] = written(rules, path)
            if name != "boiler":
                scrapes += targets(stack, compiled.base)
        boiler = stack.enter_context(target(steam))
        scrapes.append(scrape("boiler", {boiler.port: {}}))
        started = running(prometheus, folder, [Path(path) for path in expected], scrapes)
        yield Scene(stack.enter_context(started), boiler, steam, expected)


def test_every_rule_is_ok(scene: Scene) -> None:
    """Prometheus loads every rule of every spec, in base and each context, and evaluates it to `ok`."""
    prometheus = scene.prometheus
    until(lambda: prometheus.query("job_kubernetes_namespace:victor_health_score:score"))
    until(lambda: prometheus.query("job_cluster_namespace:checkout_checkout_health:score"))
    now = datetime.now(tz=UTC)
    rules = until(lambda: prometheus.rules_evaluated_since(now))
    assert {path: sum(rule["file"] == path for rule in rules) for path in scene.expected} == scene.expected
    assert [rule for rule in rules if rule["health"] != "ok"] == []


def test_an_alert_waits_and_fires(scene: Scene) -> None:
    """At its threshold an alert is silent, above it pending as long as `for` says, then firing, then over."""
    prometheus = scene.prometheus
    until(lambda: prometheus.query("boiler_steam_bytes"))
    assert prometheus.alert("MuchSteam") == "inactive"
    scene.steam.level = GIB + 1
    until(lambda: prometheus.alert("MuchSteam") == "firing")
    (alert,) = [a for a in prometheus.get("alerts")["alerts"] if a["labels"]["alertname"] == "MuchSteam"]
    assert alert["labels"].items() >= {"severity": "critical", "signal": "steam", "job": "boiler"}.items()
    assert alert["annotations"]["summary"] == f"127.0.0.1:{scene.boiler.port}: 1GiB"
    pending, fired = (
        prometheus.query(f'ALERTS{{alertname="MuchSteam",alertstate="{state}"}}[1m]')[0]["values"][0][0]
        for state in ("pending", "firing")
    )
    assert fired - pending >= 1
    scene.steam.level = GIB
    until(lambda: prometheus.alert("MuchSteam") == "inactive")


def test_a_lost_target_is_told(scene: Scene) -> None:
    """When a target stops answering, TargetDown and then ServiceAbsent fire, and end when it is back."""
    prometheus = scene.prometheus
    until(lambda: prometheus.query('up{job="boiler"} == 1'))

    def firing() -> set[str]:
        alerts = prometheus.query('ALERTS{service="boiler",alertstate="firing"}')
        return {each["metric"]["alertname"] for each in alerts}

    scene.boiler.stop()
    until(lambda: {"TargetDown", "ServiceAbsent"} <= firing())
    scene.boiler.start()
    until(lambda: not firing())

"""`victor-mon serve --simulate`, scraped by a real Prometheus with the rendered rules.

Both specs run with their times divided by 60, with two targets each, in the scopes `a` and `b`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.live import Prometheus, running, until
from tests.end_to_end.served import ROOT, Served
from tests.rules.rendered import SPECS, compiled_text, rules_in
from victor_monitoring.app.deliveries import delivery
from victor_monitoring.language.resolved.spec import Resolved

pytestmark = pytest.mark.clock

SCOPES = ("a", "b")
FAST = "\n  fast: {time_scale: 60}\n"
PATIENCE = 120  # seconds: windows last half a minute at most, and the machine may be busy


@dataclass(frozen=True)
class Scene:
    """A spec with times divided by 60, its rules and panels, and its targets by scope."""

    path: Path
    spec: Resolved
    rules: dict[str, Any]
    dashboard: dict[str, Any]
    targets: dict[str, Served]
    prometheus: Prometheus

    @property
    def panels(self) -> dict[str, list[str]]:
        """The queries of each panel."""
        panels = [each for each in self.dashboard["panels"] if each.get("targets")]
        return {panel["title"]: [each["expr"] for each in panel["targets"]] for panel in panels}

    def answers(self, query: str, scope: str) -> list[dict[str, Any]]:
        """Return the result of a panel's query for one scope and all values of the other variables."""
        for label in self.spec.service.scope:
            query = query.replace(f"${label}", scope)
        return self.prometheus.query(re.sub(r"\$\w+", ".*", query))

    def has(self, query: str, label: str, values: set[str]) -> bool:
        """Return whether the label has exactly these values in the result of a query."""
        return {each["metric"].get(label) for each in self.prometheus.query(query)} == values

    def empty_panels(self, scope: str) -> set[str]:
        """Return the titles of the panels without data."""
        return {
            title
            for title, queries in self.panels.items()
            if not any(self.answers(query, scope) for query in queries)
        }


def fast_spec(text: str) -> str:
    return text if "time_scale" in text else text.replace("\ncontexts:\n", f"\ncontexts:{FAST}")


def scrapes(spec: Resolved, targets: dict[str, Served]) -> Iterator[dict[str, Any]]:
    """Yield a scrape job for each select, with the same targets, each with its scope's labels."""
    for select in dict.fromkeys(component.select for component in spec.components.values()):
        job, *others = select.example.values()
        assert not others
        static = [
            {"targets": [each.instance], "labels": dict.fromkeys(spec.service.scope, scope)}
            for scope, each in targets.items()
        ]
        interval = f"{spec.scrape}ms"
        yield {
            "job_name": job,
            "scrape_interval": interval,
            "scrape_timeout": interval,
            "static_configs": static,
        }


@pytest.fixture(scope="module", params=SPECS)
def scene(
    prometheus: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("serve")
    path = folder / f"{request.param}.yaml"
    path.write_text(fast_spec(SPECS[request.param].read_text(encoding="utf-8")), encoding="utf-8")
    compiled = compiled_text(path.read_text(encoding="utf-8"))
    spec = compiled.contexts["fast"]
    rendered = delivery(compiled, "fast")
    rules, dashboard = yaml.safe_load(rendered.rules or ""), json.loads(rendered.dashboard or "")
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    with ExitStack() as stack:
        targets: dict[str, Served] = {}
        for seed, scope in enumerate(SCOPES):
            options = ("--simulate", "--context", "fast", "--seed", str(seed))
            targets[scope] = Served(path, *options)
            stack.callback(targets[scope].stop)
            targets[scope].start()
        started = running(prometheus, folder, [folder / "rules.yaml"], list(scrapes(spec, targets)))
        yield Scene(path, spec, rules, dashboard, targets, stack.enter_context(started))


def test_every_metric_has_samples(scene: Scene) -> None:
    """Each metric of the spec has samples of every target."""
    instances = {each.instance for each in scene.targets.values()}
    for declared in scene.spec.declared:
        query = declared.metric.present
        until(partial(scene.has, query, "instance", instances), PATIENCE)


def test_every_recorded_series_exists(scene: Scene) -> None:
    """Each recording rule has series with its labels in each scope."""
    scope = scene.spec.service.scope[0]
    for rule in rules_in(scene.rules):
        if "record" in rule.data:
            labels = ",".join(f'{name}="{value}"' for name, value in rule.data.get("labels", {}).items())
            until(partial(scene.has, f"{rule.name}{{{labels}}}", scope, set(SCOPES)), PATIENCE)


def test_every_panel_has_data(scene: Scene) -> None:
    """Each query of each panel has data in each scope."""
    assert len(scene.panels) == len(list(scene.spec.panels))
    for queries in scene.panels.values():
        for query in queries:
            for scope in SCOPES:
                until(partial(scene.answers, query, scope), PATIENCE)


def test_no_alert_fires(scene: Scene) -> None:
    """No alert fires while both targets are healthy."""
    active = [
        each["labels"]["alertname"]
        for each in scene.prometheus.get("alerts")["alerts"]
        if each["state"] == "firing"
    ]
    assert active == []


def test_promtool_accepts_the_metrics(scene: Scene, promtool: Path) -> None:
    """`promtool` accepts the text format; OpenMetrics is served on request."""
    served = scene.targets["a"]
    content_type, text = served.get("/metrics")
    assert content_type.startswith("text/plain")
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    content_type, text = served.get("/metrics", {"Accept": "application/openmetrics-text; version=1.0.0"})
    assert content_type.startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


def test_verify_finds_nothing(scene: Scene) -> None:
    """A target exposes exactly the metrics of the spec."""
    command = [sys.executable, "-m", "victor_monitoring", "verify", "--spec", str(scene.path), "--strict"]
    url = scene.targets["a"].urls[0]
    done = subprocess.run(
        [*command, "--metrics-url", url], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_metric_that_vanishes(scene: Scene) -> None:
    """Its panels are empty in that scope, and MetricMissing names the instance.

    The metric is the anchor of its component, and panels draw it.
    """
    drawn = {
        reading.selector.metric.name: panel.title
        for panel in scene.spec.panels
        for signal in panel.signals
        for reading in signal.kind.readings()
    }
    anchor, component = next(
        (component.anchor.metric.name, component.name)
        for component in scene.spec.components.values()
        if component.anchor and component.anchor.metric.name in drawn
    )
    on_it = {
        panel.title
        for panel in scene.spec.panels
        if all(
            anchor in {reading.selector.metric.name for reading in signal.kind.readings()}
            for signal in panel.signals
        )
    }
    lost = scene.targets["b"]
    assert lost.stop() == 0
    lost.start("--fault", f"metric-missing:{anchor}")
    until(lambda: scene.empty_panels("b") == on_it, PATIENCE)
    assert scene.empty_panels("a") == set()

    def firing() -> list[dict[str, str]]:
        found = scene.prometheus.query('ALERTS{alertname="MetricMissing",alertstate="firing"}')
        return [each["metric"] for each in found]

    until(firing, PATIENCE)
    assert [(each["instance"], each["component"], each["metric"]) for each in firing()] == [
        (lost.instance, component, anchor)
    ]
    lost.stop()
    lost.start()
    until(lambda: not firing() and not scene.empty_panels("b"), PATIENCE)


def test_a_target_that_simulates_an_outage(scene: Scene) -> None:
    """Its scrapes fail, and TargetDown names it."""
    down = scene.targets["b"]
    down.stop()
    down.start("--fault", "target-down")

    def firing() -> set[str]:
        found = scene.prometheus.query('ALERTS{alertname="TargetDown",alertstate="firing"}')
        return {each["metric"]["instance"] for each in found}

    until(lambda: firing() == {down.instance}, PATIENCE)
    assert down.stop() == 0

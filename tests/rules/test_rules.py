"""Properties of the rules of every spec here, in base and in each context."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.rules.rendered import (
    Place,
    Rule,
    Selected,
    alerts,
    artifacts,
    documents,
    expressions,
    places,
    recordings,
    resolved,
    rule_files,
    rules,
    selectors,
)
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import Signal

everywhere = pytest.mark.parametrize("place", places(), ids=str)
FIXED_LABELS = {"severity", "component", "owner", "service", "signal"}
META = {"TargetDown": "target", "ServiceAbsent": "service", "MetricMissing": "metric"}


def declares(spec: Resolved, selected: Selected) -> bool:
    """Return whether the spec declares the metric of a selector."""
    return selected.series in spec.selects or selected.metric in spec.selects


def recorded_signals(spec: Resolved) -> dict[str, Signal]:
    """Return the signals by the names of the series that are recorded for them."""
    return {each.name: signal for signal in spec.signals.values() for each in signal.recordings()}


def selects_of(spec: Resolved, selected: Selected) -> list[Select]:
    """Return the selects of which a selector must have one: its metric's, or any for `up` and `ALERTS`."""
    if signal := recorded_signals(spec).get(selected.series):
        return [signal.select]
    if selected.series in ("up", "ALERTS"):
        return [spec.service.select, *(component.select for component in spec.components.values())]
    name = selected.series if selected.series in spec.selects else selected.metric
    return [spec.selects[name]]


# Objects without PromQL of their own: the files in a ConfigMap are separate documents.
WITHOUT_SELECTORS = ("ConfigMap", "Kustomization", "ServiceMonitor", "AlertmanagerConfig")


def every_selector(place: Place) -> Iterator[Selected]:
    for path, document in documents(artifacts(place)):
        found = [each for expr in expressions(document) for each in selectors(expr)]
        assert found or document.get("kind") in WITHOUT_SELECTORS, f"{path} has no selector"
        yield from found


@everywhere
def test_promtool_accepts(place: Place, promtool: Path, tmp_path: Path) -> None:
    """Every file or object with rules passes `promtool check rules --lint-fatal`."""
    files = []
    for number, (path, document) in enumerate(rule_files(artifacts(place))):
        files.append(tmp_path / f"{number}-{path.name}")
        files[-1].write_text(yaml.safe_dump(document), encoding="utf-8")
    run = subprocess.run(
        [promtool, "check", "rules", "--lint-fatal", *files], capture_output=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count(b"SUCCESS") == len(files) > 0


@everywhere
def test_every_selector_carries_its_select(place: Place) -> None:
    """Each selector in rules, objects and dashboards has every matcher of its metric's select."""
    spec = resolved(place)
    for selected in every_selector(place):
        assert any(selected.carries(select) for select in selects_of(spec, selected)), selected


@everywhere
def test_every_metric_is_declared(place: Place) -> None:
    """Every queried series is declared in the spec or recorded by a rule, or is `up` or `ALERTS`."""
    spec = resolved(place)
    recorded = {rule.name for rule in recordings(place)}
    for selected in every_selector(place):
        known = selected.series in recorded | {"up", "ALERTS"} or declares(spec, selected)
        assert known, f"{selected.series} exists nowhere"


@everywhere
def test_recorded_ahead_of_use(place: Place) -> None:
    """A recorded series is queried after the rule that records it, or in a later group."""
    recorded: set[str] = set()
    names = {rule.name for rule in recordings(place)}
    for rule in rules(place):
        used = {each.series for each in selectors(rule.data["expr"])} & names
        assert used <= recorded, f"{rule.name} reads a series that is recorded after it"
        if "record" in rule.data:
            recorded.add(rule.name)


def read_by(rule: Rule, by_name: dict[str, list[Rule]]) -> set[str]:
    """Return the recorded series that a rule reads, directly or through others."""
    direct = {each.series for each in selectors(rule.data["expr"])} & by_name.keys()
    return direct.union(*(read_by(each, by_name) for name in direct for each in by_name[name]))


@everywhere
def test_recorded_in_the_group_of_the_first_use(place: Place) -> None:
    """A recording is in the group of the first alert that reads it, else in the service's own group."""
    by_name: dict[str, list[Rule]] = {}
    for rule in recordings(place):
        by_name.setdefault(rule.name, []).append(rule)
    spare = resolved(place).service.name.replace("-", "_") + "_recording"
    first = dict.fromkeys(by_name, spare)
    for alert in reversed(alerts(place)):
        first.update(dict.fromkeys(read_by(alert, by_name), alert.group))
    assert {rule.name: rule.group for rule in recordings(place)} == first


@everywhere
def test_record_names(place: Place) -> None:
    """A series is recorded as `<labels>:<prefix><signal>:<operation>`, and has these labels."""
    spec = resolved(place)
    signals = recorded_signals(spec)
    assert {rule.name for rule in recordings(place)} == signals.keys()
    for name, signal in signals.items():
        labels, middle, operation = name.split(":")
        assert labels == "_".join(signal.labels)
        assert middle == f"{spec.service.prefix}{signal.name}"
        window = f"{signal.window // 1000}s" if signal.window % 60_000 else f"{signal.window // 60_000}m"
        ends = {f"rate_{window}", f"ratio_rate_{window}", "ratio", "loss", "score"}
        assert operation in ends | {f"p{q}_{window}" for q in (50, 95, 99)}


@everywhere
def test_alert_labels(place: Place) -> None:
    """Every alert has its severity, component, owner, service and signal as labels, and the spec's labels."""
    spec = resolved(place)
    shared = {**dict(spec.service.labels), "owner": spec.service.owner, "service": spec.service.name}
    components = {*spec.components, spec.service.name}
    for rule in alerts(place):
        labels = rule.data["labels"]
        assert labels.keys() >= FIXED_LABELS, rule.name
        assert shared.items() <= labels.items(), rule.name
        assert labels["severity"] in spec.severities
        assert labels["component"] in components
        assert labels["signal"] in spec.signals or labels["signal"] == META[rule.name]


@everywhere
def test_context_labels(place: Place) -> None:
    """Each alert of a context has the context's labels, and no alert elsewhere has them."""
    environments = {rule.data["labels"].get("environment") for rule in alerts(place)}
    assert environments == {None if place.context in (None, "fast") else place.context}


@everywhere
def test_meta_alerts(place: Place) -> None:
    """Each select has a TargetDown and a ServiceAbsent, each component with an anchor a MetricMissing."""
    spec = resolved(place)
    selects = {component.select for component in spec.components.values()}
    anchored = {c.name: c.anchor.metric.name for c in spec.components.values() if c.anchor}
    found: dict[str, list[Rule]] = {name: [] for name in META}
    for rule in alerts(place):
        if rule.name in META:
            found[rule.name].append(rule)
    assert [len(each) for each in found.values()] == [len(selects), len(selects), len(anchored)]
    assert {
        r.data["labels"]["component"]: r.data["labels"]["metric"] for r in found["MetricMissing"]
    } == anchored
    for rule, select in zip(
        found["ServiceAbsent"], dict.fromkeys(c.select for c in spec.components.values()), strict=True
    ):
        assert select.fixed.items() <= rule.data["labels"].items()
    assert spec.meta is not None
    assert {rule.data["labels"]["severity"] for rules in found.values() for rule in rules} == {
        spec.meta.severity
    }
    assert {rule.group for rules in found.values() for rule in rules} == {spec.meta.group}

"""Alerts whose labels have other names: rules, routes, inhibitions, and what depends on them."""

from __future__ import annotations

import datetime
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alertmanager.host import FIXTURE, hosted
from tests.rules.rendered import compiled_text
from victor_monitoring.app.explanation import describe
from victor_monitoring.app.pipeline import Compiled, compile_spec
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.changes.compare import changes
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import AlertLabels, Resolved
from victor_monitoring.live.alertmanager.host_config import Ownership, config_of, merged, part_of
from victor_monitoring.live.prometheus.rules import is_of
from victor_monitoring.renderers.alertmanager import alertmanager_data
from victor_monitoring.renderers.dashboard.queries import annotation_queries
from victor_monitoring.renderers.kubernetes.routing import alertmanager_configs
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.rule_tests.promtool import Promtool, run_cases

TEXT = FIXTURE.read_text(encoding="utf-8")
RENAMED = "{service: app, owner: crew, component: null, signal: topic}"
NAMES = {"service": "app", "signal": "topic"}


def with_labels(alert_labels: str) -> str:
    return TEXT.replace("  scope:", f"  alert_labels: {alert_labels}\n  scope:", 1)


def compiled(alert_labels: str = "{}") -> Compiled:
    return compiled_text(with_labels(alert_labels))


def summer(alert_labels: str = "{}") -> Resolved:
    return compiled(alert_labels).contexts["summer"]


def renamed(value: Any) -> Any:
    """Return a fragment with the names of labels replaced, without matchers of the component."""
    if isinstance(value, dict):
        return {key: renamed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [renamed(each) for each in value if not str(each).startswith("component=")]
    for old, new in NAMES.items() if isinstance(value, str) else ():
        if value == old or value.startswith((f"{old}=", f"{old}!")):
            return new + value.removeprefix(old)
    return value


def test_every_alert_has_the_renamed_labels() -> None:
    """All alerts, meta ones too, have the labels under their new names; one that is null is not set."""
    labels = [dict(rule.labels) for rule in rule_file(summer(RENAMED)).rules if rule.kind == "alert"]
    assert len(labels) > 6
    for each in labels:
        assert {"severity", "crew", "app", "topic"} <= each.keys()
        assert not {"service", "owner", "component", "signal"} & each.keys()
        assert (each["app"], each["crew"]) == ("mill", "millers")


def test_routes_and_inhibitions_use_the_renamed_labels() -> None:
    """The fragment is that of the default names, with the names replaced."""
    default = alertmanager_data(summer())
    assert alertmanager_data(summer(RENAMED)) == renamed(default)
    assert alertmanager_data(summer(RENAMED)) != default


@pytest.mark.monitoring
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"app": "mill", "season": "summer", "severity": "critical"}, "mill/summer/pager,mill/summer/chat"),
        ({"app": "mill", "season": "summer", "severity": "warning"}, "mill/summer/chat"),
        ({"service": "mill", "season": "summer", "severity": "critical"}, "host"),
    ],
)
def test_amtool_routes_by_the_renamed_labels(
    amtool: Path, tmp_path: Path, labels: dict[str, str], receivers: str
) -> None:
    """Alerts with the new label reach the receivers, those with the old one do not."""
    path = tmp_path / "alertmanager.yml"
    config = hosted([yaml.safe_dump(alertmanager_data(summer(RENAMED)))])
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    subprocess.run([amtool, "check-config", path], check=True, capture_output=True)
    pairs = [f"{label}={value}" for label, value in labels.items()]
    command = [str(amtool), "config", "routes", "test", f"--config.file={path}", *pairs]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == receivers


@pytest.mark.monitoring
def test_every_case_passes_with_renamed_labels(promtool: Path) -> None:
    """The derived cases expect the labels under their new names."""
    spec = summer(RENAMED)
    results = run_cases(Promtool.at(promtool), derive(spec).cases, rule_file(spec), lambda count: None)
    assert [(each.case.name, each.failure) for each in results if not each.passed] == []


@pytest.mark.parametrize(
    ("alert_labels", "routes", "inhibitions", "words"),
    [
        (
            "{service: null}",
            0,
            False,
            "routed     by no rendered route or inhibition: no label has the service",
        ),
        ("{signal: null}", 1, False, "inhibited  by no rendered inhibition: no label has the signal"),
        ("{owner: null, component: null}", 1, True, ""),
    ],
)
def test_routing_needs_its_labels(alert_labels: str, routes: int, inhibitions: bool, words: str) -> None:
    """Without a label of the service there are no routes, and without one of the signal no inhibitions."""
    spec = compiled_text(with_labels(alert_labels).split("    receivers:", maxsplit=1)[0])
    assert spec.base is not None
    data = alertmanager_data(spec.base)
    assert (len(data["routes"]), bool(data["inhibit_rules"])) == (routes, inhibitions)  # type: ignore[arg-type]  # a list
    assert ("inhibitions" in alertmanager_configs(spec.base)) == inhibitions
    explained = describe(spec, "Busy")
    assert words in explained
    assert bool(words) == ("by no rendered" in explained)


def test_the_dashboard_selects_by_the_renamed_labels() -> None:
    """The annotations of the dashboard select and show labels by their new names."""
    found = [each for each in annotation_queries(summer(RENAMED), ()) if "target" in each]
    assert all('app="mill"' in each["target"]["expr"] for each in found)
    assert {each["tagKeys"] for each in found} == {"severity"}
    nameless = compiled_text(with_labels("{service: null}").split("    receivers:", maxsplit=1)[0]).base
    assert nameless is not None
    assert "service=" not in json.dumps(list(annotation_queries(nameless, ())))


def test_the_part_in_a_host_is_found_and_replaced() -> None:
    """A route that was applied under another name is replaced, and the new part is recognised."""

    def own(labels: str) -> Ownership:
        spec = summer(labels)
        return Ownership("mill", "summer", alertmanager_data(spec), (), spec.service.alert_labels)  # type: ignore[arg-type]  # lists

    host = yaml.safe_dump(hosted([]), sort_keys=False)
    before = merged(host, own("{}"), "host.yml")
    after = config_of(merged(before, own(RENAMED), "host.yml"), "host.yml")
    assert part_of(after, own(RENAMED)) == own(RENAMED).fragment
    assert len(after["route"]["routes"]) == 2  # the neighbour's, and one of the mill
    assert own(RENAMED).labels == AlertLabels("app", "crew", None, "topic")


def test_groups_belong_to_the_service_by_the_renamed_label() -> None:
    """A ruler's group is recognised by the label that has the service's name."""
    group = {"rules": [{"alert": "A", "labels": {"app": "mill"}}]}
    assert is_of(group, "app", "mill")
    assert not is_of(group, "service", "mill")


def test_a_renamed_label_is_a_breaking_change() -> None:
    """Routes and silences of others match by the labels."""
    before, after = compiled().base, compiled("{owner: crew}").base
    assert before is not None
    assert after is not None
    (change,) = changes(before, after)
    assert change.breaking
    assert "owner crew" in change.words()


CLASHING = """\
victor_mon: 1
service:
  name: shop
  title: Shop
  owner: sales
  metric_prefix: shop_
  select: {job: shop}
  scope: [zone]
  labels: {team: sales, owner: people}
  alert_labels: {service: zone, owner: team, component: null, signal: part}
components:
  api:
    metrics:
      shop_requests_total: {type: counter, help: Requests., labels: {component: [web, jobs], part: [a, b]}}
signals:
  components: {title: A, unit: per_second, by: [component], rate: {of: shop_requests_total}}
  parts: {title: B, unit: per_second, by: [part], rate: {of: shop_requests_total}}
alerts:
  shop:
    Components: {signal: components, when: "> 8/s", severity: warning, summary: A, labels: {signal: rate}}
    Parts: {signal: parts, when: "> 8/s", severity: warning, summary: A}
"""


def diagnosed(text: str) -> list[str]:
    found = compile_spec(Source("spec", text), today=datetime.date(2026, 1, 1))
    return [f"{each.span.line} {each.code} {each.message}; {each.hint}" for each in found.diagnostics]


def test_a_renamed_label_by_which_values_differ_is_an_error() -> None:
    """The checks of reserved and overwritten labels follow the names; a default that is not set is free."""
    refused = "by which its values differ: with two of them at once, Prometheus refuses to evaluate it"
    hint = "or give another name in `service.alert_labels`"
    rename = "give it another name"
    assert diagnosed(CLASHING) == [
        f"8 VM408 `Components` sets the label `zone`, {refused}; leave `zone` out of `scope`, {hint}",
        f"9 VM406 `team` is a label that alerts already have; {rename}",
        f"17 VM408 `Parts` sets the label `part`, {refused}; leave `part` out of `by`, {hint}",
    ]


@pytest.mark.parametrize(
    ("alert_labels", "taken"),
    [
        ("{service: team, owner: team}", "team"),
        ("{signal: severity}", "severity"),
        ("{owner: instance}", "instance"),
    ],
)
def test_each_label_has_its_own_name(alert_labels: str, taken: str) -> None:
    """Two labels of one name, and names that other labels of alerts have, are wrong values."""
    (found,) = diagnosed(with_labels(alert_labels))
    assert found == f"8 VM042 alerts already have a label `{taken}`; choose another name"

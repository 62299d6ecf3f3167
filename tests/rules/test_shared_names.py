"""Alerts of one name, which differ by their keys in the spec and by their labels in Prometheus."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.language.small_spec import compiled
from victor_monitoring.app.explanation import describe
from victor_monitoring.changes.compare import changes
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.rules import RuleFile
from victor_monitoring.renderers import docs, registry, tests
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.rule_tests.promtool import CaseResult, Promtool, run_cases

BODY = """\
components:
  till:
    metrics:
      shop_open: {type: gauge, merge: livesum, help: Open.}
      shop_late: {type: gauge, merge: max, help: Late.}
signals:
  open: {title: Open, unit: count, value: {of: shop_open, agg: max}}
  late: {title: Late, unit: count, value: {of: shop_late, agg: max}}
alerts:
  till:
    crowded: {name: Crowded Tills, signal: open, when: "> 10", severity: warning, summary: "{value} open"}
    packed: {name: Crowded Tills, signal: open, when: "> 20", severity: critical, summary: "{value} open!"}
    delayed: {name: Crowded Tills, signal: late, when: "> 5", severity: warning, summary: "{value} late"}
contexts:
  prod: {override: {alerts: {packed: {when: "> 30"}}}}
"""


def base(body: str = BODY) -> Resolved:
    found = compiled(body)
    assert [each for each in found.diagnostics if each.code != "VM403"] == []
    assert found.base is not None
    return found.base


def failed(promtool: Path, spec: Resolved, rules: RuleFile) -> list[CaseResult]:
    cases = derive(spec).cases
    assert {"crowded", "packed", "delayed"} <= {case.alert for case in cases}
    found = run_cases(Promtool.at(promtool), cases, rules, lambda count: None)
    return [verdict for verdict in found if not verdict.passed]


def test_every_rule_has_the_name() -> None:
    """Three rules have the name of their alerts, and each the labels of its own."""
    rules = [rule for rule in rule_file(base()).rules if rule.name == "Crowded Tills"]
    assert [(rule.id, dict(rule.labels)["severity"]) for rule in rules] == [
        ("crowded", "warning"),
        ("packed", "critical"),
        ("delayed", "warning"),
    ]


@pytest.mark.monitoring
def test_each_alert_is_tested_on_its_own_rule(promtool: Path) -> None:
    """Every case passes; with the expression of another alert in a rule, cases of its own fail."""
    spec = base()
    rules = rule_file(spec)
    assert failed(promtool, spec, rules) == []
    crowded, packed = (rule for rule in rules.rules if rule.id in ("crowded", "packed"))
    broken = rules.replacing(packed, replace(packed, expr=crowded.expr))
    assert {each.case.alert for each in failed(promtool, spec, broken)} <= {"crowded", "packed"}


@pytest.mark.monitoring
def test_the_written_tests_pass_with_all_rules(promtool: Path, tmp_path: Path) -> None:
    """In a test file with all rules, the expectations select the instances of an alert by its labels."""
    spec = base()
    (tmp_path / "rules.json").write_text(json.dumps(rule_file(spec).data()), encoding="utf-8")
    ((name, text),) = tests.test_texts(spec, "tests.yaml", "rules.json")
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert Promtool.at(promtool).test(tmp_path, ["tests.yaml"]) == [""]


def test_an_override_is_by_key() -> None:
    """A context overrides one of the alerts; the others of its name stay."""
    prod = compiled(BODY).contexts["prod"]
    assert [(alert.id, alert.name, alert.condition.text) for alert in prod.alerts] == [
        ("crowded", "Crowded Tills", "> 10"),
        ("packed", "Crowded Tills", "> 30"),
        ("delayed", "Crowded Tills", "> 5"),
    ]


def test_explain_accepts_both() -> None:
    """The key explains one alert, the name all alerts that have it."""
    found = compiled(BODY)
    assert describe(found, "packed").startswith(
        "packed: an alert of the group till\n  named      Crowded Tills\n"
    )
    sections = describe(found, "Crowded Tills").split("\n\n")
    assert [section.split(":")[0] for section in sections] == ["crowded", "packed", "delayed"]


def test_a_change_of_the_name_is_reported_by_key() -> None:
    """An alert that gets another name is the same alert."""
    after = base(BODY.replace("packed: {name: Crowded Tills", "packed: {name: Packed Tills"))
    assert [each.words() for each in changes(base(), after)] == [
        "alert packed: the name `Crowded Tills` becomes `Packed Tills`"
    ]


def test_pages_and_the_registry_use_the_key() -> None:
    """Each alert has its own page and its own entry in the registry module, with the shared name."""
    pages = {each.path.name: each.text for each in docs.render(base())}
    assert "Its name in Prometheus is `Crowded Tills`." in pages["packed.md"]
    assert "[crowded](crowded.md), on the same signal" in pages["packed.md"]
    (module,) = registry.render(base())
    space: dict[str, dict[str, dict[str, object]]] = {}
    exec(module.text, space)  # noqa: S102 - rendered here
    assert {key: alert["name"] for key, alert in space["ALERTS"].items()} == dict.fromkeys(
        ("crowded", "packed", "delayed"), "Crowded Tills"
    )

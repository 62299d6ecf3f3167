"""Severities of alerts: a word of the list, another word, or none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.language.small_spec import compiled
from victor_monitoring.app.explanation import describe
from victor_monitoring.changes.compare import changes
from victor_monitoring.demo.scenarios import scenarios
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.renderers import dashboard, docs
from victor_monitoring.renderers.alertmanager import alertmanager_data
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.rule_tests.promtool import Promtool, run_cases

BODY = """\
components:
  till:
    metrics:
      shop_open: {type: gauge, merge: livesum, help: Open.}
      shop_due: {type: gauge, merge: max, help: Due.}
signals:
  open: {title: Open, unit: count, value: {of: shop_open, agg: max}}
  due: {title: Due, unit: count, value: {of: shop_due, agg: max}}
alerts:
  till:
    Crowded: {signal: open, when: "> 20", severity: critical, summary: A}
    Filed: {signal: open, when: "> 10", severity: P4-ticket, summary: A}
    Seen: {signal: open, when: "> 5", severity: null, labels: {severity: "none"}, summary: A}
    Due: {signal: due, when: "> 5", severity: null, summary: A}
dashboard:
  rows:
    - title: Tills
      panels: [{title: Open, type: stat, signal: open}, {title: Due, type: stat, signal: due}]
contexts:
  prod:
    receivers: {tracker: {severities: [P4-ticket], webhook_configs: [{url: "http://127.0.0.1:9/x"}]}}
"""


def base(body: str = BODY) -> Resolved:
    found = compiled(body)
    assert [each for each in found.diagnostics if each.code != "VM610"] == []
    assert found.base is not None
    return found.base


def test_labels_of_the_rules() -> None:
    """A word is the label; without a severity there is none but the alert's own."""
    labels = {rule.id: dict(rule.labels) for rule in rule_file(base()).rules}
    found = {name: labels[name].get("severity") for name in ("Crowded", "Filed", "Seen", "Due")}
    assert found == {"Crowded": "critical", "Filed": "P4-ticket", "Seen": "none", "Due": None}


def test_only_severities_of_the_list_have_colours() -> None:
    """The threshold of `critical` is drawn; a panel whose alerts have no word of the list has no colours."""
    (drawn,) = dashboard.render(base())
    panels = {each["title"]: each for each in json.loads(drawn.text)["panels"]}
    steps = {
        title: panels[title]["fieldConfig"]["defaults"]["thresholds"]["steps"] for title in ("Open", "Due")
    }
    assert [(each["color"], each["value"]) for each in steps["Open"]] == [("green", None), ("red", 20)]
    assert len(steps["Due"]) == 1
    assert "- Filed (P4-ticket): > 10" in panels["Open"]["description"]
    assert "- Seen: > 5" in panels["Open"]["description"]


def test_other_words_are_not_inhibited_but_routed() -> None:
    """No inhibition names the word; a receiver may."""
    prod = compiled(BODY).contexts["prod"]
    data = alertmanager_data(prod)
    assert "P4-ticket" not in json.dumps(data["inhibit_rules"])
    assert 'severity=~\\"P4-ticket\\"' in json.dumps(data["routes"])


@pytest.mark.monitoring
def test_every_case_passes(promtool: Path) -> None:
    """Cases of alerts with other words and without a label pass on the rendered rules."""
    spec = base()
    cases = derive(spec).cases
    assert {"Filed", "Seen", "Due"} <= {case.alert for case in cases}
    results = run_cases(Promtool.at(promtool), cases, rule_file(spec), lambda count: None)
    assert [(each.case.name, each.failure) for each in results if not each.passed] == []


def test_texts_without_a_severity() -> None:
    """Pages, `explain` and scenarios say that there is none."""
    pages = {each.path.name: each.text for each in docs.render(base())}
    assert "**[Due](Due.md)** (no severity, till)" in pages["README.md"]
    assert "  no severity  " in describe(compiled(BODY), "Due")
    assert all("None" not in each.text for each in scenarios(base()).values())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("critical", "null", "the severity `critical` removed: loosened"),
        ("critical", "page", "the severity `critical` becomes `page`: loosened"),
        ("P4-ticket", "warning", "the severity `P4-ticket` becomes `warning`: tightened"),
        ("P4-ticket", "P3", "the severity `P4-ticket` becomes `P3`"),
    ],
)
def test_changes(old: str, new: str, words: str) -> None:
    """A word of the list ranks above all others, and above none."""
    name = "Crowded" if old == "critical" else "Filed"
    without_receiver = BODY.split("contexts:", maxsplit=1)[0]
    after = without_receiver.replace(f"severity: {old}", f"severity: {new}")
    found = [each.words() for each in changes(base(without_receiver), base(after))]
    assert found == [f"alert {name}: {words}"]

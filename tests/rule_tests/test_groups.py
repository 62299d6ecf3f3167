"""Groups with their own interval and limit: rules, derived cases, detection, and alerts in process."""

from __future__ import annotations

import json
import types
from pathlib import Path

import pytest

from tests.language.small_spec import compiled
from victor_monitoring.changes.compare import changes
from victor_monitoring.language.resolved.detection import detection
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.renderers import registry, tests
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.rule_tests.promtool import Promtool, run_cases
from victor_monitoring.runtime.alert_states import AlertStates
from victor_monitoring.signals.binding import bind

GROUPS = "groups: {slow: {evaluate_every: 2m, limit: 1}, shop_meta: {evaluate_every: 1m}}\n"
BODY = """\
components:
  till:
    metrics:
      shop_calls_total: {type: counter, help: Calls., labels: {code: [ok, bad]}}
      shop_open: {type: gauge, merge: livesum, help: Open., labels: {till: {open: true, limit: 9}}}
signals:
  bad: {title: Bad, unit: ratio, ratio: {of: 'shop_calls_total{code="bad"}', over: shop_calls_total}}
  open: {title: Open, unit: count, by: [till], value: {of: shop_open, agg: max}}
alerts:
  fast:
    Bad: {signal: bad, when: "> 5%", for: 4m, severity: warning, summary: "{value}"}
  slow:
    Worse: {signal: bad, when: "> 50%", for: 3m, severity: critical, summary: "{value}"}
    Open: {signal: open, when: "> 5", for: 3m, severity: warning, summary: "{till}"}
"""


def base(body: str = GROUPS + BODY) -> Resolved:
    found = compiled(body)
    assert not found.has_errors, found.diagnostics
    assert found.base is not None
    return found.base


def test_rendered_groups_have_their_settings() -> None:
    """Interval and limit are those of `groups`; other groups have the default interval and no limit."""
    groups = [group.data() for group in rule_file(base()).groups]
    assert [(each["name"], each["interval"], each.get("limit")) for each in groups] == [
        ("fast", "30s", None),
        ("slow", "2m", 1),
        ("shop_meta", "1m", None),
    ]


def test_an_interval_of_null_is_the_servers() -> None:
    """Groups are rendered without an interval, except those with their own and in a time scale."""
    found = compiled(
        f"defaults: {{evaluate_every: null}}\ncontexts: {{fast: {{time_scale: 60}}}}\n{GROUPS}{BODY}"
    )
    assert not found.has_errors, found.diagnostics
    intervals = [
        [group.data().get("interval") for group in rule_file(spec).groups]
        for spec in (found.base, found.contexts["fast"])
        if spec is not None
    ]
    assert intervals == [[None, "2m", "1m"], ["1s", "2s", "1s"]]
    assert found.base is not None
    words = [detection(found.base, alert).words() for alert in found.base.alerts if alert.id == "Bad"]
    assert words == ["scrape 15s, window 5m, evaluation 1m, for 4m, group wait 30s"]


def test_every_case_passes_at_the_interval_of_its_group(promtool: Path) -> None:
    """All cases pass, each at the interval of its alert's group."""
    spec, rules = base(), rule_file(base())
    derived = derive(spec)
    assert {(case.alert, case.evaluate) for case in derived.cases} >= {
        ("Bad", 30_000),
        ("Worse", 120_000),
        ("Open", 120_000),
        ("TargetDown", 60_000),
    }
    results = run_cases(Promtool.at(promtool), derived.cases, rules, lambda count: None)
    assert [(each.case.name, each.failure) for each in results if not each.passed] == []


def test_cases_beyond_the_limit_are_skipped() -> None:
    """A case in which two tills are open fails by the limit of 1; without the limit it is derived."""
    skipped = [(each.alert, each.reason) for each in derive(base()).skipped]
    assert skipped
    assert set(skipped) == {("Open", "a rule would have more alerts or series than the limit of its group")}
    assert derive(base(GROUPS.replace(", limit: 1", "") + BODY)).skipped == ()


def test_cases_beyond_the_limit_of_meta_alerts_are_skipped(promtool: Path) -> None:
    """With a limit of 1, no case has two instances of a meta alert; all others pass."""
    spec = base("groups: {shop_meta: {limit: 1}}\n" + BODY)
    derived = derive(spec)
    assert {(each.alert, each.kind) for each in derived.skipped} >= {("TargetDown", "replicas")}
    results = run_cases(Promtool.at(promtool), derived.cases, rule_file(spec), lambda count: None)
    assert [(each.case.name, each.failure) for each in results if not each.passed] == []


def test_each_interval_has_its_own_test_file(promtool: Path, tmp_path: Path) -> None:
    """The file of the default interval has the given name; those of others have the interval in theirs."""
    spec = base()
    (tmp_path / "rules.json").write_text(json.dumps(rule_file(spec).data()), encoding="utf-8")
    found = dict(tests.test_texts(spec, "shop.test.yaml", "rules.json"))
    assert list(found) == ["shop.test.yaml", "shop-2m.test.yaml", "shop-1m.test.yaml"]
    for name, text in found.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert Promtool.at(promtool).test(tmp_path, list(found)) == ["", "", ""]


def test_detection_takes_the_intervals_of_the_groups() -> None:
    """An evaluation of the alert's group, `for` in its evaluations, and the recording group's interval."""
    spec = base()
    words = {alert.id: detection(spec, alert).words() for alert in spec.alerts}
    assert words == {
        "Bad": "scrape 15s, window 5m, evaluation 30s, for 4m, group wait 30s",
        "Worse": "scrape 15s, window 5m, recording 30s, evaluation 2m, for 4m, group wait 30s",
        "Open": "scrape 15s, evaluation 2m, for 4m, group wait 30s",
    }


def test_a_process_evaluates_each_group_at_its_interval() -> None:
    """The registry module has the interval of alerts that differ, also where a context scales it."""
    body = GROUPS + BODY + "contexts: {fast: {time_scale: 60}}\n"
    (module,) = registry.render(base(body))
    found = types.ModuleType("shop_registry")
    exec(module.text, vars(found))  # noqa: S102 - rendered here
    alerts = bind(found).alerts
    assert {key: alert.evaluate for key, alert in alerts.items()} == {
        "Bad": 30_000,
        "Worse": 120_000,
        "Open": 120_000,
    }
    assert "evaluate" not in found.ALERTS["Bad"]
    assert found.CONTEXTS["fast"]["alerts"]["Worse"]["evaluate"] == 2_000
    assert AlertStates(alerts.values()).intervals == [30_000, 120_000]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("2m", "3m", "`evaluate_every` of the group slow: `2m` becomes `3m`: loosened"),
        ("2m", "1m", "`evaluate_every` of the group slow: `2m` becomes `1m`: tightened"),
        ("limit: 1", "limit: 2", "`limit` of the group slow: `1` becomes `2`: tightened"),
        (
            "groups:",
            "defaults: {evaluate_every: null}\ngroups:",
            "`evaluate_every` `30s` becomes `the server's`: loosened",
        ),
        (", limit: 1", "", "`limit` of the group slow: `1` removed: tightened"),
    ],
)
def test_changes_of_a_group(before: str, after: str, words: str) -> None:
    """A longer interval and a lower limit make alerting less strict."""
    found = changes(base(), base(GROUPS.replace(before, after) + BODY))
    assert [each.words() for each in found] == [f"service shop: {words}"]

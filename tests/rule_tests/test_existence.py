"""Alerts on a signal that is present or absent: their rules, cases and mutants."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import ROOT, victor_mon, with_promtool
from tests.rules.rendered import compiled_text
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.printer import text
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.signals.quantity import parse_comparison

SPEC = """\
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
severities: [warning, critical]
components:
  api:
    metrics:
      shop_backup_age_seconds: {type: gauge, unit: seconds, merge: max, help: Age of the newest backup.}
      shop_requests_total: {type: counter, help: Requests., labels: {code: [ok, bad]}}
signals:
  backup: {unit: seconds, value: {of: shop_backup_age_seconds, agg: max}}
  each_backup: {unit: seconds, by: [instance], value: {of: shop_backup_age_seconds, agg: max}}
  bad: {unit: per_second, rate: {of: 'shop_requests_total{code="bad"}'}}
  requests: {unit: per_second, rate: {of: shop_requests_total}}
alerts:
  shop:
    Gone: {signal: backup, when: absent, for: 5m, severity: critical, summary: "No backup of {job}"}
    GoneNow: {signal: bad, when: absent, severity: warning, summary: No rate}
    GoneBusy:
      signal: backup
      when: absent
      only_if: {signal: requests, when: "> 1/s"}
      severity: warning
      summary: No backup under load
    There:
      signal: each_backup
      when: present
      for: 5m
      keep_firing_for: 3m
      severity: warning
      summary: "{instance} has {value}"
    ThereBusy:
      signal: backup
      when: present
      only_if: {signal: requests, when: "> 1/s"}
      severity: critical
      summary: "{value} under load"
"""


def base() -> Resolved:
    spec = compiled_text(SPEC).base
    assert spec is not None
    return spec


def test_an_absence_has_the_labels_of_select_once() -> None:
    """`absent()` of a plain selector has them itself; of an aggregation the rule adds them."""
    alerts = {alert.id: alert for alert in base().alerts}
    assert text(alerts["GoneNow"].expr) == 'absent(job:shop_bad:rate_5m{job="shop"})'
    assert "job" not in dict(alerts["GoneNow"].labels)
    assert dict(alerts["Gone"].labels)["job"] == "shop"


def test_the_guard_of_an_absence_matches_without_labels() -> None:
    """The absence of an aggregation has no labels, so that none could match on those of the guard."""
    (alert,) = (alert for alert in base().alerts if alert.id == "GoneBusy")
    assert text(alert.expr).endswith(' and on () job:shop_requests:rate_5m{job="shop"} > 1')


def test_every_alert_has_cases_with_and_without_its_series() -> None:
    """All cases can be made; an absence fires before its series are there, and once they are gone."""
    found = derive(base())
    assert (found.skipped, found.unproven) == ((), {})
    for alert in base().alerts:
        cases = [case for case in found.cases if case.alert == alert.id]
        assert {case.kind for case in cases} == {"existence", *(["guard"] if alert.guards else [])}
        first = next(case for case in cases if case.kind == "existence")
        states = [bool(each.firing) for each in first.expectations]
        assert states[-1] == (alert.condition.text == "absent")
        assert set(states) == {True, False}


@pytest.mark.parametrize("condition", ["present", "absent"])
def test_the_members_of_a_count_are_compared(condition: str) -> None:
    """`where` compares values: a series that is counted is always there."""
    with pytest.raises(ValueError, match=f"`{condition}` is not a comparison"):
        parse_comparison(condition)


def test_every_mutant_is_noticed(promtool: Path, tmp_path: Path) -> None:
    """Promtool agrees with the cases, and they notice every change of the rules that matters."""
    spec = tmp_path / "shop.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    run = victor_mon(ROOT, "test", "--mutate", "--spec", str(spec), env=with_promtool(promtool))
    assert run.status == 0, run.out + run.err
    assert " 0 survived" in run.err

"""Alerts on a signal being present or absent."""

from __future__ import annotations

from tests.language.small_spec import compiled
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.promql.printer import text
from victor_monitoring.rule_tests.derive import derive

BODY = """
severities: [warning]
meta: null
components: {till: {metrics: {shop_open: {type: gauge, merge: max, help: Open., labels: {till: [a, b]}}}}}
signals:
  by_till: {unit: count, by: [till], value: {of: shop_open, agg: max}}
  open: {unit: count, value: {of: shop_open, agg: max}}
  raw: {unit: count, record: "shop:open:max", expr: max(shop_open)}
alerts:
  shop:
    There: {signal: by_till, when: present, severity: warning, summary: "{till}"}
    Gone: {signal: open, when: absent, for: 5m, severity: warning, summary: "{job}"}
    RawGone: {signal: raw, when: absent, severity: warning, summary: Gone}
    Guarded: {signal: by_till, when: "> 5", only_if: {signal: open, when: present}, severity: warning}
"""


def test_presence_is_compared_with_nothing():
    """The rule of a present signal is its value; that of an absent one has the labels of select."""
    spec = compiled(BODY).base
    assert spec is not None
    rules = {rule.id: rule for rule in rule_file(spec).rules}
    latest = 'last_over_time(shop_open{job="shop"}[1m])'
    assert text(rules["There"].expr) == f"max by (job, till) ({latest})"
    assert text(rules["Gone"].expr) == f"absent(max by (job) ({latest}))"
    assert text(rules["RawGone"].expr) == "absent(shop:open:max)"
    guarded = f"max by (job, till) ({latest}) > 5 and on (job) max by (job) ({latest})"
    assert text(rules["Guarded"].expr) == guarded
    assert [dict(rules[name].labels).get("job") for name in ("There", "Gone", "RawGone")] == [
        None,
        "shop",
        "shop",
    ]


def test_no_cases_are_known_for_guards_by_presence():
    """`test` names such alerts, and those on raw expressions, rather than pass them over."""
    spec = compiled(BODY).base
    assert spec is not None
    assert [alert.id for alert in derive(spec).unproven] == ["RawGone", "Guarded"]

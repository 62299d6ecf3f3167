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
  shut: {title: Shut, unit: count, value: {of: 'shop_open{till="a"}', agg: min}}
alerts:
  shop:
    There: {signal: by_till, when: present, severity: warning, summary: "{till}"}
    Gone: {signal: open, when: absent, for: 5m, severity: warning, summary: "{job}"}
    RawGone: {signal: raw, when: absent, severity: warning, summary: Gone}
    Guarded: {signal: by_till, when: "> 5", only_if: {signal: open, when: present}, severity: warning}
    Listed:
      signal: by_till
      when: "> 6"
      unless: [{signal: open, when: ">= 9"}, {signal: shut, when: absent}]
      only_if: [{signal: open, when: present}, {signal: shut, when: "== 0"}]
      severity: warning
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


def test_guards_are_a_chain_that_needs_no_parentheses():
    """`and` and `unless` have one precedence and bind from left to right, so that `only_if` comes first."""
    spec = compiled(BODY).base
    assert spec is not None
    (alert,) = (each for each in spec.alerts if each.id == "Listed")
    shop = 'last_over_time(shop_open{job="shop"}[1m])'
    shut = 'last_over_time(shop_open{job="shop",till="a"}[1m])'
    assert text(alert.expr) == (
        f"max by (job, till) ({shop}) > 6"
        f" and on (job) max by (job) ({shop})"
        f" and on (job) min by (job) ({shut}) == 0"
        f" unless on (job) max by (job) ({shop}) >= 9"
        f" unless on () absent(min by (job) ({shut}))"
    )
    assert alert.when == "> 6 while Open present and Shut == 0 unless Open >= 9 or Shut absent"
    assert [path[3:] for path, _ in alert.placed_guards] == [
        ("only_if", 0), ("only_if", 1), ("unless", 0), ("unless", 1),
    ]  # fmt: skip


def test_cases_are_known_for_guards_by_presence_but_not_for_raw_expressions():
    """`test` names alerts on raw expressions rather than pass them over."""
    spec = compiled(BODY).base
    assert spec is not None
    assert [alert.id for alert in derive(spec).unproven] == ["RawGone"]

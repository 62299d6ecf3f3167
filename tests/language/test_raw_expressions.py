"""Signals of raw PromQL: what is added to their selectors, what follows from them, and who reads them."""

from __future__ import annotations

import pytest

from tests.language.small_spec import compiled, diagnosed
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.rules import Rule
from victor_monitoring.signals.signal import Signal

METRICS = """
components:
  api:
    metrics:
      shop_orders_total: {type: counter, help: Orders., labels: {outcome: [done, failed]}}
      shop_wanted: {type: gauge, merge: max, help: Wanted., labels: {pool: {open: true, limit: 9}}}
      shop_ready: {type: gauge, merge: max, help: Ready., labels: {pool: {open: true, limit: 9}}}
  others:
    external: true
    select: {job: others, zone: a}
    anchor: lag_seconds
    metrics:
      lag_seconds: {type: gauge, unit: seconds, help: Lag., labels: {shard: {open: true, limit: 9}}}
      "zone:lag:max": {type: gauge, unit: seconds, recorded: true, help: Lag., labels: {zone: [a, b]}}
"""


def signal(expr: str, unit: str = "count", context: str | None = None) -> Signal:
    """Return the signal of an expression in a spec without findings."""
    body = f"{METRICS}signals:\n  it: {{title: It, unit: {unit}, expr: '{expr}'}}\n"
    spec = compiled(body + "contexts: {fast: {time_scale: 10}}\n")
    assert [each.message for each in spec.diagnostics] == []
    found = spec.base if context is None else spec.contexts[context]
    assert found is not None
    return found.signals["it"]


@pytest.mark.parametrize(
    ("expr", "unit", "rendered"),
    [
        ("shop_wanted - shop_ready", "count", 'shop_wanted{job="shop"} - shop_ready{job="shop"}'),
        ('shop_wanted{pool=~"a|b"}', "{suffix: pods}", 'shop_wanted{job="shop",pool=~"a|b"}'),
        (
            'sum(rate(shop_orders_total{job="shop"}[5m]))',
            "per_second",
            'sum(rate(shop_orders_total{job="shop"}[5m]))',
        ),
        (
            "(shop_wanted unless on () absent(shop_ready)) and on () lag_seconds",
            "count",
            (
                '(shop_wanted{job="shop"} unless on () absent(shop_ready))'
                ' and on () lag_seconds{job="others",zone="a"}'
            ),
        ),
        (
            "shop_ready and on () absent_over_time(shop_ready[5m]) == 1",
            "count",
            'shop_ready{job="shop"} and on () absent_over_time(shop_ready[5m]) == 1',
        ),
        ("zone:lag:max * 2", "seconds", 'zone:lag:max{zone="a"} * 2'),
    ],
    ids=["select", "own", "equal", "absent", "absent-over-time", "recorded"],
)
def test_each_selector_gets_the_select_of_its_metric(expr, unit, rendered):
    """Only what asks for absence stays as written, and a recorded metric is selected by its own labels."""
    assert text(signal(expr, unit).definition()) == rendered


@pytest.mark.parametrize(
    ("expr", "labels", "is_open"),
    [
        ("shop_wanted - shop_ready", ("job",), True),
        ("shop_wanted - on (pool) shop_ready", ("pool",), False),
        ("sum by (job, pool) (shop_wanted)", ("job", "pool"), False),
        ("sum without (instance) (shop_wanted)", ("job",), True),
        ("sum(shop_wanted)", (), False),
        ('label_replace(sum(shop_wanted), "kind", "x", "", "")', ("kind",), False),
    ],
)
def test_labels_follow_from_the_expression(expr, labels, is_open):
    """An aggregated expression says by which labels its values differ; an open one has others, too."""
    found = signal(expr)
    assert (found.labels, found.is_open) == (labels, is_open)


def test_durations_are_divided_by_the_time_scale():
    """Windows, steps and offsets of an expression shrink with all other durations."""
    expr = "max_over_time(rate(shop_orders_total[5m] offset -1m)[10m:1m] offset 2m)"
    scaled = 'max_over_time(rate(shop_orders_total{job="shop"}[30s] offset -6s)[1m:6s] offset 12s)'
    assert text(signal(expr, "per_second", "fast").definition()) == scaled


def test_its_window_is_its_longest_one_and_its_history_all_that_it_reads():
    """The time to detect depends on the windows, the samples to keep on offsets and look-backs, too."""
    expr = "rate(shop_orders_total[10m] offset 1h) > ignoring (outcome) group_left shop_wanted"
    found = signal(expr, "per_second")
    assert (found.window, found.history) == (600_000, 4_200_000)
    plain = signal("shop_wanted")
    assert (plain.kind.is_windowed(), plain.history) == (False, 300_000)


def rules(body: str) -> list[Rule]:
    """Return the rules of a spec without errors or warnings."""
    spec = compiled(METRICS + body + "meta: null\n")
    assert [each.message for each in spec.diagnostics if each.severity.word != "note"] == []
    assert spec.base is not None
    return list(rule_file(spec.base).rules)


ALERT = 'severity: warning, summary: "{value}"'


def test_a_label_of_select_that_gets_lost_is_set_on_the_alert():
    """Routes and inhibitions rely on select's labels, whatever the expression keeps."""
    body = f"""signals:
  kept: {{title: A, unit: count, expr: sum by (job) (shop_wanted)}}
  lost: {{title: B, unit: count, expr: sum(shop_wanted)}}
alerts:
  shop:
    Kept: {{signal: kept, when: "> 9", {ALERT}}}
    Lost: {{signal: lost, when: "> 9", {ALERT}}}
"""
    kept, lost = rules(body)
    assert "job" not in dict(kept.labels)
    assert dict(lost.labels)["job"] == "shop"


def test_another_expression_reads_what_a_signal_records():
    """A signal with `record` is recorded ahead of its readers, under its own name."""
    body = f"""signals:
  failed: {{title: A, unit: per_second, record: "shop:failed:rate5m", rate: {{of: shop_orders_total}}}}
  share: {{title: B, unit: per_second, expr: "shop:failed:rate5m > 5 unless on (job) shop:failed:rate5m > 6"}}
alerts:
  shop: {{Share: {{signal: share, when: "> 7/s", {ALERT}}}}}
"""
    recording, alert = rules(body)
    assert (recording.kind, recording.name) == ("record", "shop:failed:rate5m")
    assert text(alert.expr) == "(shop:failed:rate5m > 5 unless on (job) shop:failed:rate5m > 6) > 7"


def test_a_named_recording_is_rendered_although_no_alert_reads_it():
    """`record` keeps a recording for readers outside of the spec."""
    body = """signals:
  wanted: {title: A, unit: count, record: "pool:wanted:sum", by: [pool], value: {of: shop_wanted, agg: sum}}
"""
    (recording,) = rules(body)
    assert recording.name == "pool:wanted:sum"


def test_a_recorded_series_has_the_labels_of_its_signal_alone():
    """What an expression does with a recorded series is checked by the labels that the signal gives it."""
    found = diagnosed(
        METRICS
        + """signals:
  failed: {title: A, unit: per_second, record: "shop:failed:rate5m", rate: {of: shop_orders_total}}
  twice: {title: B, unit: per_second, by: [outcome], expr: "2 * shop:failed:rate5m"}
"""
    )
    assert found == ["19:44 VM102 the expression's values have no label `outcome`; known: `job`"]

"""The resolved spec: references followed, quantities in base units, defaults filled in."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.language.small_spec import compiled
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.printer import text

HEAD = """\
victor_mon: 1
service:
  name: web-shop
  title: Shop
  owner: sales
  metric_prefix: shop_
  select: {job: shop, zone: eu}
  scope: [namespace, zone]
  labels: {team: sales, tier: web}
"""
BODY = """\
components:
  api:
    labels: {tier: api}
    metrics:
      shop_calls_total: {type: counter, help: A., labels: {code: [ok, bad]}}
      shop_depth: {type: gauge, merge: livemax, help: B.}
      shop_wait_seconds: {type: histogram, unit: seconds, help: C., buckets: [1s, 250ms, 0.5s]}
  front_end:
    metrics:
      shop_pages_total: {type: counter, help: D., labels: {code: [ok, bad]}}
signals:
  calls: {title: A, unit: per_second, rate: {of: shop_calls_total}}
  bad: {title: B, unit: ratio, ratio: {of: 'shop_calls_total{code="bad"}', over: shop_calls_total}}
  waits: {title: C, unit: per_second, by: [instance, instance], rate: {of: shop_wait_seconds_count}}
  depth: {title: D, unit: count, value: {of: shop_depth, agg: max}}
  pages: {title: E, unit: per_second, window: 10m, rate: {of: shop_pages_total}}
  both: {title: F, unit: ratio, ratio: {of: shop_pages_total, over: shop_calls_total, at_most_one: true}}
  health:
    title: G
    unit: score
    score:
      - {signal: pages, weight: 50, worst: 0/s, best: 9/s}
      - {signal: depth, weight: 50, worst: "9", best: "0"}
alerts:
  shop:
    Bad: {signal: bad, when: "> 5%", only_if: {signal: calls, when: "> 1/s"}, for: 5m, severity: warning,
          summary: A, labels: {route: night}}
    Waits: {signal: waits, when: "> 5/s", for: 10m, keep_firing_for: 1m, severity: critical, summary: A}
    Both: {signal: both, when: "> 5%", severity: warning, summary: A}
    Health: {signal: health, when: "< 50", severity: warning, component: api, summary: A}
contexts:
  prod:
    select: {zone: us, namespace: prod}
    labels: {tier: prod, environment: prod}
  fast: {time_scale: 60}
"""


@pytest.fixture(scope="module")
def base() -> Resolved:
    found = compiled(BODY, HEAD)
    assert found.diagnostics == []
    assert found.base is not None
    return found.base


@pytest.fixture(scope="module")
def prod() -> Resolved:
    return compiled(BODY, HEAD).contexts["prod"]


@pytest.fixture(scope="module")
def fast() -> Resolved:
    return compiled(BODY, HEAD).contexts["fast"]


def alone(body: str) -> Resolved:
    """Return the base of a spec with this body, as far as it can be resolved."""
    found = compiled(body, HEAD).base
    assert found is not None
    return found


def test_a_signal_keeps_the_labels_of_select_scope_and_by_each_once(base):
    """The order is select, scope, then `by`; a label that is in two of them is not repeated."""
    assert base.signals["calls"].labels == ("job", "zone", "namespace")
    assert base.signals["waits"].labels == ("job", "zone", "namespace", "instance")


def test_a_context_adds_to_select_and_labels_and_replaces_equal_keys(prod):
    """The context's value of a label replaces the service's, at the same position."""
    assert [str(matcher) for matcher in prod.service.select] == [
        'job="shop"',
        'zone="us"',
        'namespace="prod"',
    ]
    assert dict(prod.service.labels) == {"team": "sales", "tier": "prod", "environment": "prod"}
    assert text(prod.signals["calls"].definition()) == (
        'sum by (job, zone, namespace) (rate(shop_calls_total{job="shop",zone="us",namespace="prod"}[5m]))'
    )


def test_an_alert_carries_the_labels_of_service_component_and_its_own(base):
    """Later ones replace earlier ones, but never the labels that every alert has."""
    assert dict(base.alerts[0].labels) == {
        "team": "sales",
        "tier": "api",
        "route": "night",
        "severity": "warning",
        "component": "api",
        "owner": "sales",
        "service": "web-shop",
        "signal": "bad",
    }


def test_an_alert_belongs_to_the_component_that_its_signal_reads(base):
    """A histogram's counter belongs to the histogram; several components make it the service's."""
    components = {alert.name: alert.component for alert in base.alerts}
    assert components == {"Bad": "api", "Waits": "api", "Both": "web-shop", "Health": "api"}


def test_a_component_is_found_for_every_name_that_a_histogram_can_have():
    """A histogram whose own name ends like one of its series is found as well."""
    spec = alone("""
        components: {api: {metrics: {shop_a_sum: {type: histogram, help: A., buckets: ["1"]}}}}
        signals: {a: {title: A, unit: per_second, rate: {of: shop_a_sum_count}}}
        alerts: {shop: {A: {signal: a, when: "> 1/s", severity: warning, summary: A}}}
    """)
    assert [alert.component for alert in spec.alerts] == ["api"]


def test_an_alerts_expression_is_its_signal_while_its_guard_is_true(base):
    """The guard is matched on its own labels."""
    assert text(base.alerts[0].expr) == (
        'job_zone_namespace:shop_bad:ratio_rate_5m{job="shop",zone="eu"} > 0.05'
        ' and on (job, zone, namespace) job_zone_namespace:shop_calls:rate_5m{job="shop",zone="eu"} > 1'
    )
    assert [(path[-2:], signal.name) for path, signal, _ in base.alerts[0].conditions] == [
        (("Bad", "when"), "bad"),
        (("only_if", "when"), "calls"),
    ]


def test_signals_of_alerts_guards_and_scores_are_recorded(base):
    """Gauges and signals used only by panels are not recorded, scores always are."""
    recorded = {name: [each.name for each in signal.recordings()] for name, signal in base.signals.items()}
    loss = "job_zone_namespace:shop_health:loss"
    assert recorded == {
        "calls": ["job_zone_namespace:shop_calls:rate_5m"],
        "bad": ["job_zone_namespace:shop_bad:ratio_rate_5m"],
        "waits": ["job_zone_namespace_instance:shop_waits:rate_5m"],
        "depth": [],
        "pages": ["job_zone_namespace:shop_pages:rate_10m"],
        "both": ["job_zone_namespace:shop_both:ratio_rate_5m"],
        "health": [loss, loss, "job_zone_namespace:shop_health:score"],
    }
    panels_only = alone(BODY.partition("alerts:")[0])
    assert [name for name, signal in panels_only.signals.items() if signal.recorded] == ["pages", "health"]


def test_a_time_scale_divides_the_durations_of_alerts_and_nothing_else(base, fast):
    """Windows, waits and intervals shrink; thresholds, buckets and refresh do not."""

    def durations(spec: Resolved) -> list[int]:
        waits = [wait for alert in spec.alerts for wait in (alert.pending, alert.keep_firing or 0)]
        windows = [signal.window for signal in spec.signals.values()]
        assert spec.meta is not None
        return [*waits, *windows, spec.window, spec.evaluate, spec.scrape, spec.meta.pending]

    assert durations(fast) == [duration // 60 for duration in durations(base)]
    assert [alert.condition for alert in fast.alerts] == [alert.condition for alert in base.alerts]
    assert fast.components == base.components


def test_buckets_are_in_base_units_and_in_order(base):
    """Their units and their order in the spec do not matter."""
    (wait,) = (each.metric for each in base.declared if each.metric.name == "shop_wait_seconds")
    assert wait.buckets == (Fraction(1, 4), Fraction(1, 2), Fraction(1))


@pytest.mark.parametrize(
    ("metrics", "anchor"),
    [
        (
            "{shop_a_total: {type: counter, help: A., labels: {b: [c]}}, shop_d: {type: gauge, help: D.}}",
            "shop_d",
        ),
        ("{shop_a_total: {type: counter, help: A., labels: {b: [c]}}}", "shop_a_total"),
        ("{shop_a_total: {type: counter, help: A., labels: {b: {open: true, limit: 5}}}}", None),
        ("{shop_a: {type: histogram, help: A., buckets: ['1']}}", "shop_a_count"),
        ("{shop_a: {type: gauge, help: A.}, shop_b: {type: gauge, help: B.}}, anchor: shop_b", "shop_b"),
        ("{shop_a: {type: gauge, help: A.}}, anchor: null", None),
        ("{shop_a: {type: gauge, help: A.}}, anchor: shop_b", None),
    ],
)
def test_the_anchor_is_a_metric_that_every_target_has(metrics, anchor):
    """The given one, else the first without labels, else the first with closed labels only."""
    found = alone(f"components: {{api: {{metrics: {metrics}}}}}").components["api"].anchor
    assert (found.metric.name if found else None) == anchor


def test_defaults_are_filled_in(base):
    """Names are derived from the service's and the component's; meta alerts have the highest severity."""
    front_end = base.components["front_end"]
    assert (front_end.class_name, front_end.endpoint) == ("FrontEndMetrics", "front-end")
    assert (base.window, base.evaluate, base.scrape) == (300_000, 30_000, 15_000)
    assert base.meta is not None
    assert (base.meta.group, base.meta.pending, base.meta.severity) == ("web_shop_meta", 300_000, "critical")
    assert alone("meta: null").meta is None
    assert dict(base.outputs) == {
        "rules": "generated/web-shop-alerts.yaml",
        "dashboard": "generated/web-shop-dashboard.json",
        "registry": "generated/web_shop_registry.py",
        "alertmanager": "generated/web-shop-alertmanager.yaml",
        "kubernetes": "deployment/kubernetes/web-shop",
        "overlays": "deployment/kubernetes/overlays/{context}/web-shop",
        "docs": "generated/docs/web-shop",
    }


def test_an_output_is_moved_or_switched_off():
    """A path replaces the default, null removes the output."""
    outputs = alone("outputs: {rules: a.yaml, docs: null}").outputs
    assert outputs["rules"] == "a.yaml"
    assert "docs" not in outputs


def test_escalations_are_alerts_on_one_signal_from_mild_to_severe():
    """Alerts pair with the next severer one of their signal, guard and direction."""
    spec = alone("""
        severities: [info, warning, critical]
        components: {api: {metrics: {shop_depth: {type: gauge, merge: livemax, help: A.}}}}
        signals: {depth: {title: A, unit: count, value: {of: shop_depth, agg: max}}}
        alerts:
          shop:
            Worst: {signal: depth, when: "> 9", severity: critical}
            Mild: {signal: depth, when: "> 5", severity: info}
            Bad: {signal: depth, when: "> 7", severity: warning}
            Low: {signal: depth, when: "< 1", severity: warning}
            Guarded: {signal: depth, when: "> 6", severity: warning, only_if: {signal: depth, when: "> 1"}}
    """)
    pairs = [(milder.name, severer.name) for milder, severer in spec.escalations]
    assert pairs == [("Mild", "Bad"), ("Bad", "Worst")]


def test_a_context_narrows_the_select_of_a_component_too():
    """Its select is added to the component's own, and does not replace labels that the component selects."""
    spec = compiled(
        """
        components:
          ingress: {external: true, select: {job: ingress}, metrics: {}}
          proxy: {external: true, select: {job: proxy, zone: us}, metrics: {}}
          api: {metrics: {}}
        contexts: {prod: {select: {zone: eu}}}
        """,
        HEAD,
    ).contexts["prod"]
    selects = {name: [str(each) for each in component.select] for name, component in spec.components.items()}
    assert selects == {
        "ingress": ['job="ingress"', 'zone="eu"'],
        "proxy": ['job="proxy"', 'zone="us"'],
        "api": ['job="shop"', 'zone="eu"'],
    }


def test_a_pattern_of_a_select_and_its_value_replace_each_other():
    """A context replaces the value of a label that the service selects, whichever of both is a pattern."""
    spec = compiled(
        """
        components: {api: {metrics: {}}}
        contexts: {all: {select: {job: "=~shop.*"}}, one: {select: {job: shop}}}
        """,
        HEAD.replace("{job: shop, zone: eu}", '{job: "=~shop|till", zone: eu}'),
    )
    assert spec.base is not None
    places = {"base": spec.base, **spec.contexts}
    assert {name: list(map(str, each.service.select)) for name, each in places.items()} == {
        "base": ['job=~"shop|till"', 'zone="eu"'],
        "all": ['job=~"shop.*"', 'zone="eu"'],
        "one": ['job="shop"', 'zone="eu"'],
    }


def test_undefined_references_are_left_out():
    """Alerts, guards and panels with undefined signals are not resolved; the rest is."""
    spec = alone("""
        components: {api: {endpoint: calls, metrics: {shop_a_total: {type: counter, help: A.}}}}
        signals:
          a: {title: A, unit: per_second, rate: {of: shop_a_total}}
          b: {title: B, unit: ratio, ratio: {of: shop_b_total, over: shop_a_total}}
        alerts:
          none:
          shop:
            A: {signal: a, when: "> 1/s", severity: warning}
            B: {signal: b, when: "> 1%", severity: warning}
            C: {signal: a, when: "> 1/s", severity: warning, only_if: {signal: c, when: any}}
        dashboard:
          rows:
            - title: Row
              panels:
                - {title: A, type: timeseries, signal: a}
                - {title: C, type: timeseries, signals: [a, c]}
        meta: {group: watch, for: 1m, severity: warning}
    """)
    assert list(spec.signals) == ["a"]
    assert [alert.name for alert in spec.alerts] == ["A"]
    assert [panel.title for panel in spec.panels] == ["A"]
    assert [(use.thing, use.name) for use in spec.as_written.unknown] == [
        ("metric", "shop_b_total"),
        *[("signal", "c")] * 2,
    ]
    assert spec.meta is not None
    assert (spec.meta.group, spec.meta.pending, spec.meta.severity) == ("watch", 60_000, "warning")
    assert spec.components["api"].endpoint == "calls"


USES = """
dashboard: {rows: [{title: R, panels: [{title: P, type: stat, signal: gone_signal}]}]}
meta: {severity: gone_severity}
alerts: {g: {A: {signal: gone_signal, when: any, severity: gone_severity, component: gone_component}}}
"""
READS = "signals: {a: {title: A, unit: count, value: {of: gone_metric, agg: max}}}"


@pytest.mark.parametrize(
    ("broken", "excused"),
    [
        ("", set()),
        ("signals: {gone_signal: {title: 5, unit: count, value: {of: x, agg: max}}}", {"signal"}),
        ("signals: {other: 5}", set()),
        ("signals: 5", {"signal"}),
        ("severities: 5", {"severity"}),
        ("components: {gone_component: {metrics: 5}}", {"component", "metric"}),
        ("components: {other: {metrics: 5}}", {"metric"}),
        ("components: {other: {metrics: {gone_metric: {type: 5, help: A.}}}}", {"metric"}),
        ("components: {other: {metrics: {other: {type: 5, help: A.}}}}", set()),
        ("components: 5", {"component", "metric"}),
    ],
)
def test_names_that_could_not_be_read_are_not_unknown(broken, excused):
    """A name is not unknown if its definition may be in a part that could not be read."""
    reads = "" if broken.startswith("signals") else READS
    things = {use.thing for use in alone(f"{USES}\n{reads}\n{broken}").as_written.unknown}
    assert things == {"signal", "severity", "component", *(["metric"] if reads else [])} - excused


def test_a_signal_is_called_by_its_name_unless_it_has_a_title():
    """People read the words of the name: `shop_open` is "Shop open"."""
    body = """
    components: {till: {metrics: {shop_open: {type: gauge, merge: max, help: Open tills.}}}}
    signals:
      open_tills: {unit: count, value: {of: shop_open, agg: max}}
      titled: {title: Tills, unit: count, value: {of: shop_open, agg: min}}
    """
    base = compiled(body).base
    assert base is not None
    assert [signal.title for signal in base.signals.values()] == ["Open tills", "Tills"]

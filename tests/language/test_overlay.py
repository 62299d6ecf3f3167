"""A context's overrides: the changes they make, the positions of mistakes, and overrides without effect."""

from __future__ import annotations

import textwrap

import pytest

from tests.language.small_spec import HEAD, compiled, diagnosed
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.language.model.overlay import overlay
from victor_monitoring.language.syntax.load import load
from victor_monitoring.language.syntax.tree import MapNode, plain, span_at
from victor_monitoring.promql.duration import duration_text

OVERRIDABLE = "`alerts`, `budget`, `defaults`, `meta`, `signals`"
INDENTED = "write `key: value` lines below it, indented"
UNDASHED = "write `key: value` lines without dashes"
COMPARED = "write a comparison and a threshold with its unit, such as `> 1GiB`, or `any`, `present`, `absent`"
SHORT = "the window of 30s holds fewer than 4 scrapes, one every 15s; make it at least 1m"
SPEC = """\
defaults: {window: 5m, scrape_every: 15s}
components: {api: {metrics: {shop_a_total: {type: counter, help: A.}}}}
signals:
  rate: {title: Rate, unit: per_second, rate: {of: shop_a_total}}
  pods: {title: Pods, unit: per_second, by: [instance], rate: {of: shop_a_total}}
alerts:
  shop:
    High:
      signal: rate
      when: "> 8/s"
      for: 5m
      severity: warning
      summary: "{value}"
      actions: [Look, Scale out]
      labels: {team: shop, tier: web}
  pods:
    Busy: {signal: pods, when: "> 8/s", severity: warning, summary: "{value}"}
contexts:
  prod:
    override:
%s
"""


def spec(override: str) -> str:
    """Return the spec with overrides in prod, which begin on line 23."""
    return SPEC % textwrap.indent(textwrap.dedent(override).strip(), " " * 6)


def overlaid(override: str) -> MapNode:
    """Return the tree of the spec with its overrides applied."""
    tree = load(Source("spec", HEAD + spec(override))).tree
    assert tree is not None
    return overlay(tree, "prod")[0]


def test_an_override_changes_its_leaves_and_nothing_else():
    """Overridden values are new in the context; all others, and the base, are unchanged."""
    both = compiled(spec('alerts: {High: {when: "> 9/s"}, Busy: {for: 1m}}'))
    assert both.diagnostics == []
    assert both.base is not None
    seen = [
        [(alert.name, alert.condition.text, alert.pending, alert.severity) for alert in each.alerts]
        for each in (both.base, both.contexts["prod"])
    ]
    assert seen == [
        [("High", "> 8/s", 300_000, "warning"), ("Busy", "> 8/s", 0, "warning")],
        [("High", "> 9/s", 300_000, "warning"), ("Busy", "> 8/s", 60_000, "warning")],
    ]


def test_a_list_is_replaced_whole_and_a_mapping_is_merged():
    """Overrides have no list indices; the other keys of a mapping are kept."""
    merged = plain(overlaid("alerts: {High: {actions: [Wait], labels: {tier: prod, zone: eu}}}"))
    assert isinstance(merged, dict)
    high = merged["alerts"]["shop"]["High"]  # type: ignore[call-overload, index]  # plain data of a known shape
    assert high["actions"] == ["Wait"]  # type: ignore[call-overload, index]
    assert high["labels"] == {"team": "shop", "tier": "prod", "zone": "eu"}  # type: ignore[call-overload, index]


def test_the_position_of_a_leaf_is_where_it_is_written():
    """An overridden leaf has its position in the override, its neighbours and its parents theirs in the base."""
    merged = overlaid('alerts: {High: {when: "> 9/s"}}')
    at = ("alerts", "shop", "High")
    assert span_at(merged, (*at, "when")).line == 23
    assert span_at(merged, (*at, "for")).line == 13
    assert span_at(merged, at, key=True).line == 10


@pytest.mark.parametrize(
    ("override", "lines"),
    [
        (
            "alerts: {Hgh: {for: 6m}}",
            ["23:16 VM043 the override has no effect: there is no alert `Hgh`; did you mean `High`?"],
        ),
        (
            "alerts: {shop: {High: {for: 6m}}}",
            ["23:16 VM043 the override has no effect: there is no alert `shop`; known: `Busy`, `High`"],
        ),
        (
            "signals: {rates: {window: 6m}}",
            ["23:17 VM043 the override has no effect: there is no signal `rates`; did you mean `rate`?"],
        ),
        (
            "severities: [info]",
            [
                "23:7 VM043 `severities` cannot be overridden; known: `alerts`, `budget`, `defaults`, `meta`, `signals`"
            ],
        ),
        ("alert: {}", ["23:7 VM043 `alert` cannot be overridden; did you mean `alerts`?"]),
        (
            "alerts: [High]",
            [
                "23:15 VM042 `alerts` must be a mapping of names to changes; write `key: value` lines without dashes"
            ],
        ),
        (
            "signals:",
            ["23:15 VM042 `signals` must be a mapping of names to changes; " + INDENTED],
        ),
        (
            'alerts: {High: {when: "5", fr: 6m}}',
            [
                "23:29 VM042 `5` is not a condition: there is no comparison (one of `<`, `<=`, `>`, `>=`, `==`, `!=`); "
                + COMPARED,
                "23:34 VM040 unknown key `fr`; did you mean `for`?",
            ],
        ),
        ("signals: {rate: {window: 30s}}", ["23:32 VM205 " + SHORT]),
    ],
)
def test_a_mistake_of_an_override_is_reported_in_the_override(override, lines):
    """An override without effect gets the nearest name; an invalid or harmful one is shown at its own line."""
    assert diagnosed(spec(override)) == lines


def test_overrides_of_missing_entities_have_no_effect():
    """Without signals and alerts there is nothing to override, and that is reported too."""
    assert diagnosed(
        "contexts: {prod: {override: {alerts: {High: {}}, signals: {rate: {}}, budget: {series: 9}}}}"
    ) == [
        "3:39 VM043 the override has no effect: there is no alert `High`; remove it",
        "3:60 VM043 the override has no effect: there is no signal `rate`; remove it",
    ]


def test_a_mistake_of_the_base_is_reported_once_for_all_contexts():
    """Contexts read the base again, and do not repeat its diagnostics."""
    body = spec("alerts: {High: {for: 6m}}").replace("unit: per_second, by", "unit: count, by")
    assert diagnosed(body + "  test: {}\n") == [
        "7:29 VM210 the rate is `per_second`, not `count`; write `unit: per_second`",
        "19:32 VM210 `8/s` has the unit `per_second`, but `count` is expected; write it like `100`",
    ]


def test_defaults_of_a_context_reach_its_signals():
    """A window that no signal sets is the context's."""
    prod = compiled(spec("defaults: {window: 10m}")).contexts["prod"]
    assert {duration_text(signal.window) for signal in prod.signals.values()} == {"10m"}


@pytest.mark.parametrize(("base", "override"), [("{for: 1m}", "null"), ("null", "{for: 1m}")])
def test_a_null_and_a_mapping_replace_each_other(base, override):
    """A context may switch off a section of the base, or add one that the base does not have."""
    both = compiled(f"meta: {base}\ncontexts: {{prod: {{override: {{meta: {override}}}}}}}\n")
    assert both.base is not None
    pending = [each.meta and each.meta.pending for each in (both.base, both.contexts["prod"])]
    assert pending == [60_000 if written == "{for: 1m}" else None for written in (base, override)]


@pytest.mark.parametrize("contexts", ["5", "[prod]", "{prod: 5}", "{prod: {override: [alerts]}}"])
def test_contexts_of_another_form_are_reported_once(contexts):
    """A context that is not a mapping is one mistake, and overrides nothing."""
    assert [each.code for each in compiled(f"contexts: {contexts}").diagnostics] == ["VM042"]

"""The derived cases pass on the rendered rules, and a wrong rule fails with a readable message."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.rules.rendered import EXAMPLES, SPECS, Place, compiled, derived, places, resolved
from tests.signals.judge import judged
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.rules import Rule
from victor_monitoring.renderers import tests
from victor_monitoring.rule_tests.failures import diagnostics
from victor_monitoring.rule_tests.promtool import CaseResult, Promtool, run_cases

BASE = Place("performance", None)


def verdicts(promtool: Path, place: Place, wanted: str, changed: Callable[[Rule], Rule]) -> list[CaseResult]:
    """Return the verdicts on the cases whose name contains `wanted`, with each rule passed to `changed`."""
    spec = resolved(place)
    found = rule_file(spec)
    for rule in found.rules:
        found = found.replacing(rule, changed(rule))
    cases = [case for case in derived(place).cases if wanted in case.name]
    return run_cases(Promtool.at(promtool), cases, found, lambda count: None)


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(each, marks=[pytest.mark.prove] * bool(each.context))
        for each in places([*SPECS, *EXAMPLES])
    ],
    ids=str,
)
def test_every_case_passes(promtool: Path, place: Place) -> None:
    """All cases pass in base and in every context of the specs, of the spec's alerts and of meta alerts."""
    found = verdicts(promtool, place, "", lambda rule: rule)
    proven = len(resolved(place).alerts) - len(derived(place).unproven)
    assert len(found) > (200 if place.spec in SPECS else 15 * proven)
    assert [(verdict.case.name, verdict.failure) for verdict in found if not verdict.passed] == []


@pytest.mark.prove
@pytest.mark.parametrize("spec", SPECS)
def test_the_written_cases_pass_together(promtool: Path, tmp_path: Path, spec: str) -> None:
    """Promtool runs the test file of a spec with all of its rules at once."""
    base = resolved(Place(spec, None))
    (tmp_path / "rules.json").write_text(json.dumps(rule_file(base).data()), encoding="utf-8")
    ((name, text),) = tests.test_texts(base, "tests.yaml", "rules.json")
    (tmp_path / name).write_text(text, encoding="utf-8")
    half_an_hour = 1800  # all rules are evaluated in each of several hundred cases: minutes on a busy machine
    assert Promtool.at(promtool).test(tmp_path, ["tests.yaml"], patience=half_an_hour) == [""]


def with_expr(name: str, old: str, new: str) -> Callable[[Rule], Rule]:
    """Return a function that changes the expression of one alert or recording."""

    def changed(rule: Rule) -> Rule:
        if rule.name != name:
            return rule
        assert old in text(rule.expr)
        return replace(rule, expr=judged(text(rule.expr).replace(old, new)))

    return changed


def with_label(name: str, label: str, value: str) -> Callable[[Rule], Rule]:
    """Return a function that sets a label of one alert."""

    def changed(rule: Rule) -> Rule:
        labels = tuple({**dict(rule.labels), label: value}.items())
        return replace(rule, labels=labels) if rule.name == name else rule

    return changed


def messages(promtool: Path, wanted: str, changed: Callable[[Rule], Rule]) -> list[str]:
    """Return the message about each failed case, after the line of the spec that it points to."""
    tree = compiled("performance").trees[None]
    failed = [each for each in verdicts(promtool, BASE, wanted, changed) if not each.passed]
    found = [each for verdict in failed for each in diagnostics(verdict, tree)]
    lines = (compiled("performance").source.line(each.span.line).strip() for each in found)
    return [f"{line} | {each.message}" for line, each in zip(lines, found, strict=True)]


def test_an_alert_that_never_fires_is_reported_at_its_condition(promtool: Path) -> None:
    """The diagnostic is at the line of the threshold, with the times of firing and the expected summary."""
    changed = with_expr("HighThreadCount", "> 100", "> 1000")
    (message,) = messages(promtool, "HighThreadCount, fires", changed)
    silent = "`HighThreadCount` is silent and should fire: a runs 101 threads, above 100"
    assert message == (
        'when: "> 100" | `HighThreadCount` fails in the case `fires` (1% beyond the threshold): '
        f"at 10m {silent}; at 12m {silent}"
    )


def test_an_alert_that_fires_too_early_is_reported(promtool: Path) -> None:
    """Without its `for` an alert fires at a time at which it should be silent."""
    (message,) = messages(promtool, "HighThreadCount, fires", lambda rule: replace(rule, pending=0))
    assert message.endswith("at 9m30s `HighThreadCount` fires and should be silent")


def test_a_wrong_text_is_reported(promtool: Path) -> None:
    """Labels and annotations are compared exactly."""
    changed = with_label("HighThreadCount", "severity", "page")
    (message,) = messages(promtool, "HighThreadCount, fires", changed)
    expected = "fires with other labels or annotations than it should: a runs 101 threads, above 100"
    assert expected in message


def test_a_rule_that_cannot_be_evaluated_is_reported_with_the_error_of_prometheus(promtool: Path) -> None:
    """Two values with the same label set after the alert's labels are applied are an evaluation error."""
    changed = with_label("HighMemoryUsage", "instance", "any")
    found = messages(promtool, "HighMemoryUsage, two-values: two values of instance", changed)
    error = "vector contains metrics with the same labelset after applying alert labels"
    assert [each.partition("): ")[2] for each in found] == [
        f"at 0s Prometheus cannot evaluate `HighMemoryUsage`: {error}"
    ]


def test_a_series_recorded_with_another_value_is_reported(promtool: Path) -> None:
    """The recorded value is compared in addition to the alerts that depend on it."""
    record = "job_kubernetes_namespace:victor_cache_hit_ratio:ratio_rate_5m"
    case = "HighCacheMissRate, replicas: together 1% short"
    found = messages(promtool, case, with_expr(record, ") / ", ") / 2 / "))
    alert = "at 11m `HighCacheMissRate` fires and should be silent"
    assert [each.partition("): ")[2] for each in found] == [
        f"{alert}; at 11m `{record}` is not recorded, or not with the expected value"
    ]


def test_a_series_recorded_for_other_targets_is_reported(promtool: Path) -> None:
    """A recording without a matcher of its select also records series of other targets."""
    record = "job_kubernetes_namespace:victor_cache_evictions:rate_5m"
    found = messages(promtool, "HighCacheEvictionRate, elsewhere", with_expr(record, 'job="victor",', ""))
    assert [each.partition("): ")[2] for each in found] == [
        f"at 11m `{record}` is recorded for targets with another job"
    ]

"""The derived cases pass on the rendered rules, and a wrong rule fails with a readable message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.rules.rendered import Place, compiled, places, resolved, rules
from victor_monitoring.promql.reader import read_expr
from victor_monitoring.promql.tree import text
from victor_monitoring.renderers.rules import rule_data
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.rule_tests.failures import diagnostics
from victor_monitoring.rule_tests.promtool import CaseResult, Promtool, run_cases
from victor_monitoring.rule_tests.rules import Rule, RuleFile

BASE = Place("performance", None)


def verdicts(promtool: Path, place: Place, wanted: str, changed: Callable[[Rule], Rule]) -> list[CaseResult]:
    """Return the verdicts on the cases whose name contains `wanted`, with each rule passed to `changed`."""
    spec = resolved(place)
    found = RuleFile.of(rule_data(spec))
    for rule in found.rules:
        found = found.replacing(rule, changed(rule))
    cases = [case for case in derive(spec).cases if wanted in case.name]
    return run_cases(Promtool.at(promtool), cases, found, spec.evaluate, lambda count: None)


@pytest.mark.parametrize(
    "place",
    [pytest.param(each, marks=[pytest.mark.prove] * bool(each.context)) for each in places()],
    ids=str,
)
def test_every_case_passes(promtool: Path, place: Place) -> None:
    """All cases pass in base and in every context of both specs, of the spec's alerts and of meta alerts."""
    found = verdicts(promtool, place, "", lambda rule: rule)
    assert len(found) > 200
    assert [(verdict.case.name, verdict.failure) for verdict in found if not verdict.passed] == []


def with_expr(name: str, old: str, new: str) -> Callable[[Rule], Rule]:
    """Return a function that changes the expression of one alert or recording."""

    def changed(rule: Rule) -> Rule:
        if name not in (rule.get("alert"), rule.get("record")):
            return rule
        assert old in str(rule["expr"])
        return {**rule, "expr": str(rule["expr"]).replace(old, new)}

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

    def changed(rule: Rule) -> Rule:
        return {key: value for key, value in rule.items() if key != "for"}

    (message,) = messages(promtool, "HighThreadCount, fires", changed)
    assert message.endswith("at 9m30s `HighThreadCount` fires and should be silent")


def test_a_wrong_text_is_reported(promtool: Path) -> None:
    """Labels and annotations are compared exactly."""

    def changed(rule: Rule) -> Rule:
        labels: Any = rule.get("labels")
        is_meant = rule.get("alert") == "HighThreadCount"
        return {**rule, "labels": {**labels, "severity": "page"}} if is_meant else rule

    (message,) = messages(promtool, "HighThreadCount, fires", changed)
    expected = "fires with other labels or annotations than it should: a runs 101 threads, above 100"
    assert expected in message


def test_a_rule_that_cannot_be_evaluated_is_reported_with_the_error_of_prometheus(promtool: Path) -> None:
    """Two values with the same label set after the alert's labels are applied are an evaluation error."""

    def changed(rule: Rule) -> Rule:
        labels: Any = rule.get("labels")
        is_meant = rule.get("alert") == "HighMemoryUsage"
        return {**rule, "labels": {**labels, "instance": "any"}} if is_meant else rule

    found = messages(promtool, "HighMemoryUsage, two-values: two values of instance", changed)
    error = "vector contains metrics with the same labelset after applying alert labels"
    assert [each.partition("): ")[2] for each in found] == [
        f"at 0s Prometheus cannot evaluate `HighMemoryUsage`: {error}"
    ]


def test_a_series_recorded_for_other_targets_is_reported(promtool: Path) -> None:
    """A recording without a matcher of its select also records series of other targets."""
    record = "job_kubernetes_namespace:victor_cache_evictions:rate_5m"
    found = messages(promtool, "HighCacheEvictionRate, elsewhere", with_expr(record, 'job="victor",', ""))
    assert [each.partition("): ")[2] for each in found] == [
        f"at 11m `{record}` is recorded for targets with another job"
    ]


@pytest.mark.parametrize("place", places(), ids=str)
def test_expressions_are_read_back_as_they_were_printed(place: Place) -> None:
    """An expression of the rules file that is read and printed has the same text."""
    for rule in rules(place):
        assert text(read_expr(rule.data["expr"])) == rule.data["expr"]


@pytest.mark.parametrize(
    "wrong", ["", "sum by (job)", "x{a=1}", "a +", "a b", "x[5m", "{}", "sum(x) offset 5m"]
)
def test_an_expression_that_the_printer_never_writes_is_not_read(wrong: str) -> None:
    """Anything else is an error instead of a tree with another meaning."""
    with pytest.raises((ValueError, TypeError)):
        read_expr(wrong)

"""The derived cases pass on the rules as rendered, and fail in words where a rule is wrong."""

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
from victor_monitoring.rule_tests.promtool import Promtool, Verdict, run_cases
from victor_monitoring.rule_tests.rules import Rule, RuleFile

BASE = Place("performance", None)


def verdicts(promtool: Path, place: Place, wanted: str, changed: Callable[[Rule], Rule]) -> list[Verdict]:
    """What promtool says of the cases whose name holds a text, on rules of which some are changed."""
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
    """In base and in every context, of both specs: all alerts and the alerts on monitoring itself."""
    found = verdicts(promtool, place, "", lambda rule: rule)
    assert len(found) > 200
    assert [(verdict.case.name, verdict.said) for verdict in found if not verdict.passed] == []


def with_expr(name: str, old: str, new: str) -> Callable[[Rule], Rule]:
    """Changes the expression of one alert or recording."""

    def changed(rule: Rule) -> Rule:
        if name not in (rule.get("alert"), rule.get("record")):
            return rule
        assert old in str(rule["expr"])
        return {**rule, "expr": str(rule["expr"]).replace(old, new)}

    return changed


def said(promtool: Path, wanted: str, changed: Callable[[Rule], Rule]) -> list[str]:
    """What a user is told of the cases that fail."""
    tree = compiled("performance").trees[None]
    found = verdicts(promtool, BASE, wanted, changed)
    told = [each for verdict in found if not verdict.passed for each in diagnostics(verdict, tree)]
    lines = (compiled("performance").source.line(each.span.line).strip() for each in told)
    return [f"{line} | {each.message}" for line, each in zip(lines, told, strict=True)]


def test_an_alert_that_never_fires_is_told_at_its_condition(promtool: Path) -> None:
    """The finding stands at the line of the threshold, and says when it should have fired and how."""
    changed = with_expr("HighThreadCount", "> 100", "> 1000")
    (told,) = said(promtool, "HighThreadCount, fires", changed)
    silent = "`HighThreadCount` is silent and should fire: a runs 101 threads, above 100"
    assert told == (
        'when: "> 100" | `HighThreadCount` fails in the case `fires` (1% beyond the threshold): '
        f"at 10m {silent}; at 12m {silent}"
    )


def test_an_alert_that_fires_too_early_is_told(promtool: Path) -> None:
    """A lost `for` is a moment at which it fires and should be silent."""

    def changed(rule: Rule) -> Rule:
        return {key: value for key, value in rule.items() if key != "for"}

    (told,) = said(promtool, "HighThreadCount, fires", changed)
    assert told.endswith("at 9m30s `HighThreadCount` fires and should be silent")


def test_a_wrong_text_is_told(promtool: Path) -> None:
    """Labels and annotations are compared exactly."""

    def changed(rule: Rule) -> Rule:
        labels: Any = rule.get("labels")
        is_meant = rule.get("alert") == "HighThreadCount"
        return {**rule, "labels": {**labels, "severity": "page"}} if is_meant else rule

    (told,) = said(promtool, "HighThreadCount, fires", changed)
    assert "fires, and says something else than it should: a runs 101 threads, above 100" in told


def test_a_rule_that_cannot_be_evaluated_is_told_in_the_words_of_prometheus(promtool: Path) -> None:
    """A label that two values share makes one label set of both: Prometheus evaluates no such rule."""

    def changed(rule: Rule) -> Rule:
        labels: Any = rule.get("labels")
        is_meant = rule.get("alert") == "HighMemoryUsage"
        return {**rule, "labels": {**labels, "instance": "any"}} if is_meant else rule

    told = said(promtool, "HighMemoryUsage, two-values: two values of instance", changed)
    error = "vector contains metrics with the same labelset after applying alert labels"
    assert [each.partition("): ")[2] for each in told] == [
        f"at 0s Prometheus cannot evaluate `HighMemoryUsage`: {error}"
    ]


def test_a_series_of_others_that_is_recorded_is_told(promtool: Path) -> None:
    """A select matcher that a recording lacks shows by what it records of other targets."""
    record = "job_kubernetes_namespace:victor_cache_evictions:rate_5m"
    told = said(promtool, "HighCacheEvictionRate, elsewhere", with_expr(record, 'job="victor",', ""))
    assert [each.partition("): ")[2] for each in told] == [
        f"at 11m `{record}` is recorded of targets whose job is another"
    ]


@pytest.mark.parametrize("place", places(), ids=str)
def test_expressions_are_read_back_as_they_were_printed(place: Place) -> None:
    """Reading what stands in the rules file and printing it gives the same text."""
    for rule in rules(place):
        assert text(read_expr(rule.data["expr"])) == rule.data["expr"]


@pytest.mark.parametrize(
    "wrong", ["", "sum by (job)", "x{a=1}", "a +", "a b", "x[5m", "{}", "sum(x) offset 5m"]
)
def test_what_our_printer_never_writes_is_not_read(wrong: str) -> None:
    """Anything else is a ValueError, and no tree that means something else."""
    with pytest.raises((ValueError, TypeError)):
        read_expr(wrong)

"""Mutants: their changes, the equivalent ones among them, and the results of running them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.rules.rendered import Place, compiled, places, resolved
from tests.signals.judge import judged
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.rules import Rule
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.rule_tests.equivalence import is_equivalent
from victor_monitoring.rule_tests.mutation_run import (
    MutationResults,
    difference,
    run_mutants,
    strength_table,
    survivor,
)
from victor_monitoring.rule_tests.mutations import Mutant, mutants
from victor_monitoring.rule_tests.promtool import Promtool

SELECT = frozenset({"job"})
RULE = Rule(
    "alert",
    "Hot",
    judged('max by (job, zone) (last_over_time(heat{job="o",at=~"a|b"}[1m])) > 40 and on (job) open < 2'),
    labels=(("severity", "warning"),),
    annotations=(("summary", "hot"),),
    pending=300_000,
)


def test_a_rule_has_mutants_of_every_mutation() -> None:
    """Each mutant has one change, made to all equal parts of the expression."""
    assert [f"{each.mutation}: {each.about}" for each in mutants(RULE, SELECT)] == [
        "operator flipped: > 40 -> < 40",
        "operator flipped: < 2 -> > 2",
        "operator loosened: > 40 -> >= 40",
        "operator loosened: < 2 -> <= 2",
        "threshold: > 40 -> > 42",
        "threshold: > 40 -> > 38",
        "threshold: > 40 -> > 80",
        "threshold: < 2 -> < 2.1",
        "threshold: < 2 -> < 1.9",
        "threshold: < 2 -> < 4",
        "duration: for 5m -> 2m30s",
        "duration: for 5m -> 10m",
        "duration: for lost",
        "window: [1m] -> [30s]",
        "window: [1m] -> [2m]",
        'matcher lost: heat{job="o",at=~"a|b"}[1m] -> heat{job="o"}[1m]',
        "select lost: the matcher of job lost",
        'aggregation: max heat{job="o",at=~"a|b"}[1m] -> min heat{job="o",at=~"a|b"}[1m]',
        "grouping: no longer by job",
        "grouping: no longer by zone",
        'set operator: heat{job="o",at=~"a|b"}[1m] and open -> heat{job="o",at=~"a|b"}[1m] unless open',
        'set operator: heat{job="o",at=~"a|b"}[1m] and open -> > 40',
        "label: severity lost",
        "label: severity changed",
        "annotation: summary lost",
        "annotation: summary changed",
    ]


@pytest.mark.parametrize("place", places(), ids=str)
def test_every_mutant_is_another_rule(place: Place) -> None:
    """No mutant equals its rule or another mutant of it; recordings have mutants, too."""
    for rule in rule_file(resolved(place)).rules:
        made = [repr(each.new.data()) for each in mutants(rule, SELECT)]
        assert len(made) > 3
        assert repr(rule.data()) not in made
        assert [each for each, count in Counter(made).items() if count > 1] == []


def recording(before: str, after: str) -> Mutant:
    old, new = (Rule("record", "r", judged(each)) for each in (before, after))
    return Mutant("by hand", f"{before} to {after}", old, new)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sum by (job) (max by (job) (x))", "max by (job) (max by (job) (x))"),
        ("max by (job) (max by (job, zone) (x))", "max by (job) (max by (job) (x))"),
        ("0 * sum by (job) (x) / sum by (job) (x)", "0 * max by (job) (x) / sum by (job) (x)"),
        ("a and on (job) b", "a unless on (job) (a unless on (job) b)"),
        ('job:x:rate_5m{job="a"} > 5', 'job:x:rate_5m{job="a"} >= 5'),
    ],
)
def test_expressions_with_the_same_meaning_are_equivalent(before: str, after: str) -> None:
    """Expressions with the same meaning do not differ over many random inputs."""
    assert is_equivalent(recording(before, after), 2000)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sum by (job) (x)", "max by (job) (x)"),
        ("max by (job) (x)", "min by (job) (x)"),
        ('x{job="a"} > 5', 'x{job="a"} >= 5'),
        ('x{job="a"}', "x"),
        ("rate(x[5m])", "rate(x[10m])"),
        ("last_over_time(x[1m])", "last_over_time(x[2m])"),
        ("clamp(x, 0, 1)", "clamp(x, 0, 2)"),
        ("histogram_quantile(0.9, rate(x_bucket[5m]))", "histogram_quantile(0.95, rate(x_bucket[5m]))"),
        ("a / b", "b / a"),
        ("a and on (job) b", "a unless on (job) b"),
        ("absent(x == 1)", "absent(x == 0)"),
    ],
)
def test_expressions_with_another_meaning_are_not_equivalent(before: str, after: str) -> None:
    """Random inputs come near enough to the thresholds to show a difference."""
    assert not is_equivalent(recording(before, after), 10_000)


def test_another_duration_or_text_is_never_equivalent() -> None:
    """Only expressions can be equivalent."""
    assert not is_equivalent(Mutant("by hand", "", RULE, replace(RULE, pending=360_000)), 10)


def test_too_few_cases_let_mutants_survive(promtool: Path) -> None:
    """With the cases of one kind alone many mutants survive; each is reported with its difference."""
    spec = resolved(Place("performance", None))
    rules = rule_file(spec)
    cases = [case for case in derive(spec).cases if case.alert == "HighThreadCount" and case.kind == "fires"]
    results = run_mutants(Promtool.at(promtool), cases, rules, SELECT, lambda count: None, "HighThreadCount")
    found = MutationResults(tuple(results), ())
    missed = [result.mutant.about for result in found.survivors]
    assert "> 100 -> >= 100" in missed
    assert "the matcher of job lost" in missed
    assert "> 100 -> < 100" not in missed
    assert Fraction(1, 2) < found.share < 1
    (loosened,) = [result for result in found.survivors if result.mutant.mutation == "operator loosened"]
    path = ("alerts", "victor_performance_system", "HighThreadCount")
    finding = survivor(loosened, path, compiled("performance").trees[None])
    expr = text(loosened.mutant.old.expr)
    assert finding.hint == f"`expr` was `{expr}` and became `{expr.replace('>', '>=')}`"
    assert f"HighThreadCount       {len(results)}" in "\n".join(strength_table(found))


def test_a_removed_key_is_reported() -> None:
    """The difference names the changed keys only."""
    (lost,) = [each for each in mutants(RULE, SELECT) if each.about == "for lost"]
    assert difference(lost) == "`for` was `5m` and is lost"

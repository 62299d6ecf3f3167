"""The reviews of expressions: what each finds, and that what they call impossible is."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.promql.differential import random_series, words
from tests.promql.expressions import any_types, fresh
from tests.promql.inferences import true_facts
from tests.promql.test_differential import TIMES, own_values
from tests.promql.test_inference import bounded, with_constants
from victor_monitoring.promql.inference.facts import SeriesFacts
from victor_monitoring.promql.inference.labels import GIVEN, one_of
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.prometheus_version import NEWEST
from victor_monitoring.promql.reader import read
from victor_monitoring.promql.review import REVIEWS
from victor_monitoring.promql.review.reviewed import Remark, Reviewed
from victor_monitoring.promql.samples import SampleSet
from victor_monitoring.promql.signatures import VECTOR
from victor_monitoring.promql.tree import Binary, Expr
from victor_monitoring.promql.types import type_of

SCRAPE = 30_000
FACTS: Final[Mapping[str, SeriesFacts]] = {
    "errors": SeriesFacts({"code": one_of(("200", "500"))}, grows=True),
    "h_bucket": SeriesFacts({"le": GIVEN}, grows=True),
    "h_count": SeriesFacts(grows=True),
    "load": SeriesFacts(),
    "level": SeriesFacts(),
    "latency": SeriesFacts({"quantile": GIVEN}),
    "up": SeriesFacts(low=Fraction(0), high=Fraction(1)),
    "closed": SeriesFacts({"node": one_of(("x", "y"))}, has_others=False),
}
LINES = (Path(__file__).parent / "reviews.txt").read_text(encoding="utf-8").splitlines()


def found(text: str, scope: tuple[str, ...] = ()) -> list[str]:
    """Return the names of the reviews that find something, each with the text that the remark is about."""
    reviewed = Reviewed(text, read(text), FACTS, SCRAPE, scope)
    return sorted(
        f"{name}@{text[slice(*remark.span)]}"
        for name, review in REVIEWS.items()
        for remark in review(reviewed)
    )


@pytest.mark.parametrize("line", LINES)
def test_a_review_finds_exactly_the_expected_mistakes(line: str) -> None:
    """All reviews together find the mistakes behind the expression, and point at the texts behind `@`."""
    expr, *expected = line.split(" ;")
    assert found(expr) == [each.strip() for each in expected if each.strip()]


def test_every_review_finds_something() -> None:
    """Each review but that of the scope, which needs one, has a line that it finds something in."""
    names = {each.split("@")[0].strip() for line in LINES for each in line.split(" ;")[1:]} - {""}
    assert names == REVIEWS.keys() - {"lost-scope"}


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("load > 1 and level == 0 or up == 0", "(load > 1 and level == 0) or up == 0"),
        ("load or level unless up", "load or (level unless up)"),
        ("load unless level and up", "(load unless level) and up"),
        ("load or level > 5", "load or (level > 5)"),
        ("load > 1 or level > 5", "load > 1 or level > 5"),
        ("load or level > bool 5", "load or level > bool 5"),
        ("-load ^ level", "-(load ^ level)"),
        ("((load and level)) and (up or load)", "load and level and (up or load)"),
    ],
)
def test_a_printed_expression_has_the_parentheses_that_a_reader_needs(written: str, printed: str) -> None:
    """They are kept where operators bind otherwise than they look, and left out elsewhere."""
    assert text(read(written)) == printed


@pytest.mark.hypothesis
@settings(max_examples=500, database=None, suppress_health_check=list(HealthCheck))
@given(fresh(any_types(words(NEWEST), (VECTOR,), 3)))
def test_a_printed_expression_is_never_misleading(expr: Expr) -> None:
    """No review of the precedence of operators finds anything in it."""
    printed = text(expr)
    assert (
        list(REVIEWS["misleading-precedence"](Reviewed(printed, read(printed, NEWEST), FACTS, SCRAPE))) == []
    )


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("sum(load)", ["sum"]),
        ("sum by (zone) (load)", []),
        ("sum without (zone) (load)", ["sum"]),
        ("sum without (instance) (load)", []),
        ("sum by (instance) (sum by (zone, instance) (load))", ["sum"]),
        ("max(sum(load))", ["sum"]),
        ('sum(load{zone="a"})', []),
        ('sum(load{zone=~"a|b"})', ["sum"]),
        ("sum(closed)", []),
        ("topk(5, load)", ["topk"]),
        ("topk by (zone) (5, load)", []),
        ("absent(load)", ["absent"]),
        ('absent(load{zone="a"})', []),
        ("load > scalar(level)", ["scalar"]),
        ("load and on (instance) level", ["and"]),
        ("load and on (zone, instance) level", []),
        ("load / ignoring (zone) level", ["/"]),
        ("load / level", []),
        ("load and on () vector(1)", []),
    ],
)
def test_a_scope_gets_lost_where_series_of_different_scopes_are_mixed(expr: str, expected: list[str]) -> None:
    """Aggregations and matchings without a label of the scope are found, unless one value is selected."""
    assert found(expr, ("zone",)) == sorted(f"lost-scope@{each}" for each in expected)


CERTAIN: Final = ("unmatched-vectors", "impossible-comparison", "always-empty")
EXPRESSIONS = 1_500


def at_fault(reviewed: Reviewed, remark: Remark) -> Expr:
    """Return the innermost part of an expression that a remark is about."""
    start, end = remark.span
    spans = ((expr, expr.span or (0, 0)) for expr, _ in reviewed.places())
    return [expr for expr, span in spans if span[0] <= start and end <= span[1]][-1]


def is_impossible(part: Expr, samples: SampleSet, at: int) -> bool:
    """Return whether a part has no value at a time, or is never true, or excludes nothing."""
    values = own_values(part, samples, at) if type_of(part) == VECTOR else None
    if not isinstance(values, dict):
        return True
    if isinstance(part, Binary) and part.op == "unless":
        whole = own_values(part.left, samples, at)
        return isinstance(whole, dict) and values.keys() == whole.keys()
    return set(values.values()) <= {0} if isinstance(part, Binary) and part.as_bool else not values


@pytest.mark.hypothesis
def test_nothing_that_is_called_impossible_happens() -> None:
    """In random expressions the parts that are said to have no value, or never to hold, have none."""
    series = bounded(random_series(random.Random(31)))
    facts, samples = true_facts(series), SampleSet(series, NEWEST)
    expressions, tally = any_types(words(NEWEST), (VECTOR,), 3), Counter[str]()

    @settings(max_examples=EXPRESSIONS, database=None, suppress_health_check=list(HealthCheck))
    @given(fresh(st.tuples(expressions, TIMES, st.integers(0, 99))))
    def check(drawn: tuple[Expr, int, int]) -> None:
        without, at, seed = drawn
        whole = text(with_constants(without, random.Random(seed)))
        reviewed = Reviewed(whole, read(whole, NEWEST), facts, SCRAPE)
        for name in CERTAIN:
            for remark in REVIEWS[name](reviewed):
                part = at_fault(reviewed, remark)
                tally[name] += 1
                assert is_impossible(part, samples, at), f"{text(part)} @ {at}: {remark.message}"

    check()
    assert all(tally[name] > 20 for name in CERTAIN), tally

"""The PromQL printer: promql-parser reads the printed text as the same tree."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signals.judge import judged, rounded
from tests.signals.shipped import PATHS, resolved
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.printer import number_text, text
from victor_monitoring.promql.reader import read
from victor_monitoring.promql.review.precedence import misleading_precedence
from victor_monitoring.promql.review.reviewed import Reviewed
from victor_monitoring.promql.tree import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Matcher,
    Number,
    Vector,
    map_vectors,
    vectors,
)
from victor_monitoring.signals.select import Select

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True).filter(
    lambda name: (
        name
        not in {"and", "or", "unless", "bool", "on", "by", "atan2", "offset", "inf", "nan", "start", "end"}
    )
)
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
MATCHERS = st.lists(
    st.builds(Matcher, NAMES, st.sampled_from(["=", "!="]), VALUES)
    | st.builds(
        Matcher, NAMES, st.sampled_from(["=~", "!~"]), st.sampled_from(["a|b", "5..", r"\d+", r"x\.y"])
    ),
    max_size=3,
).map(tuple)
WINDOWS = st.integers(1, 3 * 365 * 86_400_000)
NUMBERS = st.builds(Number, st.decimals(-(10**6), 10**6, places=7).map(Fraction) | st.fractions(-9, 9))
LABELS = st.lists(NAMES, max_size=3, unique=True).map(tuple)
PLAIN = st.builds(Vector, NAMES, MATCHERS)
RANGES = st.builds(Vector, NAMES, MATCHERS, WINDOWS)
ARITHMETIC, COMPARISONS, SETS = (
    ["+", "-", "*", "/"],
    ["==", "!=", "<", "<=", ">", ">="],
    ["and", "or", "unless"],
)

OPERATORS = ARITHMETIC + COMPARISONS + SETS


def compounds(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """Return a strategy for every node with vector operands drawn from `inner`."""
    on = st.none() | LABELS
    return st.one_of(
        st.builds(Call, st.just("clamp"), st.tuples(inner, NUMBERS, NUMBERS)),
        st.builds(Call, st.just("histogram_quantile"), st.tuples(NUMBERS, inner)),
        st.builds(Call, st.just("absent"), st.tuples(inner)),
        st.builds(Aggregate, st.sampled_from(["sum", "min", "max", "avg", "group"]), inner, LABELS),
        st.builds(Aggregate, st.sampled_from(["topk", "bottomk"]), inner, st.none() | LABELS, NUMBERS),
        st.builds(Binary, st.sampled_from(OPERATORS), inner, inner, on),
        st.builds(Binary, st.sampled_from(COMPARISONS), inner, inner, on, st.booleans()),
        st.builds(Binary, st.sampled_from(ARITHMETIC), inner, NUMBERS),
        st.builds(Binary, st.sampled_from(ARITHMETIC), NUMBERS, inner),
        st.builds(Binary, st.sampled_from(COMPARISONS), inner, NUMBERS, as_bool=st.booleans()),
    )


RATES = st.builds(Call, st.sampled_from(["rate", "last_over_time"]), st.tuples(RANGES))
TREES = st.recursive(PLAIN | RATES, compounds, max_leaves=8)


@settings(max_examples=200)
@given(TREES)
def test_a_printed_tree_parses_back_to_itself(tree):
    """Precedence, associativity, signs, `bool`, `on`, escapes and windows survive the printer."""
    assert judged(text(tree)) == rounded(tree)


def expressions(spec: Resolved) -> Iterator[Expr]:
    for signal in spec.signals.values():
        yield signal.definition()
        yield signal.value()
    yield from (rule.expr for rule in rule_file(spec).rules)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_expression_of_a_shipped_spec_parses_back_to_itself(path):
    """The expressions of signals and of all rules parse back, in base and in every context."""
    for spec in resolved(path):
        found = list(expressions(spec))
        assert len(found) > len(spec.signals) + len(spec.alerts)
        for expr in found:
            assert judged(text(expr)) == rounded(expr)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_selector_of_a_shipped_spec_carries_every_select_matcher(path):
    """No expression reads targets that its signal does not select."""
    for spec in resolved(path):
        for signal in spec.signals.values():
            for expr in (signal.definition(), signal.value(), *(each.expr for each in signal.recordings())):
                assert list(vectors(expr))
                for vector in vectors(expr):
                    assert Select(vector.matchers).only(signal.select.labels) == signal.select


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (Fraction(0), "0"),
        (Fraction(-5), "-5"),
        (Fraction(1, 8), "0.125"),
        (Fraction(-1, 20), "-0.05"),
        (Fraction(1, 1000), "0.001"),
        (Fraction(41, 10), "4.1"),
        (Fraction(10**12), "1000000000000"),
        (Fraction(1, 3), "0.3333333333333333"),
    ],
)
def test_a_number_is_printed_exactly_where_a_decimal_can(value, printed):
    """A number is printed as the shortest exact decimal, else as that of the nearest double."""
    assert number_text(value) == printed


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=12))
@settings(max_examples=200)
def test_a_decimal_is_printed_without_loss(value):
    """Reading the printed number gives the number."""
    assert Fraction(number_text(Fraction(value))) == Fraction(value)


@pytest.mark.parametrize("outer", OPERATORS)
@pytest.mark.parametrize("inner", OPERATORS)
def test_parentheses_are_printed_only_where_needed(outer, inner):
    """For every operator within every other, removing them changes the tree, or makes a misleading text."""
    a, b, c = (Vector(name) for name in "abc")
    for tree in (Binary(outer, Binary(inner, a, b), c), Binary(outer, a, Binary(inner, b, c))):
        printed = text(tree)
        bare = printed.replace("(", "").replace(")", "")
        assert judged(printed) == tree
        misleads = misleading_precedence(Reviewed(bare, read(bare), {}, 1000))
        assert printed == bare or judged(bare) != tree or list(misleads)


@given(TREES)
@settings(max_examples=50)
def test_mapped_selectors_are_the_only_change(tree):
    """`map_vectors` changes every selector, in order, and nothing else."""
    renamed = map_vectors(tree, lambda vector: Vector("x", (), vector.window))
    assert [each.window for each in vectors(renamed)] == [each.window for each in vectors(tree)]
    assert {each.metric for each in vectors(renamed)} == {"x"}
    assert map_vectors(tree, lambda vector: vector) == tree

"""The inference: labels, dimensions, ranges and emptiness of expressions, and never anything wrong."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.promql.differential import BEGIN, END, random_series, words
from tests.promql.expressions import any_types, fresh
from tests.promql.inferences import Tally, contradictions, true_facts
from tests.promql.test_differential import TIMES, own_values
from victor_monitoring.promql.inference.dimensions import ONE, Dimension
from victor_monitoring.promql.inference.facts import Buckets, SeriesFacts
from victor_monitoring.promql.inference.infer import Inferred, inferred
from victor_monitoring.promql.inference.labels import ANY, GIVEN, one_of
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.prometheus_version import DISTINCT_VERSIONS, PrometheusVersion
from victor_monitoring.promql.reader import read
from victor_monitoring.promql.samples import SampleSet, Series
from victor_monitoring.promql.signatures import VECTOR
from victor_monitoring.promql.tree import Call, Expr, Vector, mapped, number

PAIRS = 1_000
_SECONDS, _BYTES = Dimension((("seconds", 1),)), Dimension((("bytes", 1),))
FACTS = {
    "errors": SeriesFacts({"code": one_of(("200", "500")), "tool": GIVEN}, dimension=ONE, grows=True),
    "requests": SeriesFacts({"code": one_of(("200", "500")), "tool": GIVEN}, dimension=ONE, grows=True),
    "busy": SeriesFacts({"code": one_of(("200", "500"))}, dimension=_SECONDS, grows=True),
    "load": SeriesFacts({}, low=Fraction(0), high=Fraction(1), dimension=ONE),
    "started": SeriesFacts({}, dimension=Dimension((("seconds", 1),), is_moment=True)),
    "peer": SeriesFacts({"peer": one_of(("a", "b", "c"))}, False, low=Fraction(0), high=Fraction(1)),
    "memory": SeriesFacts({"kind": one_of(("heap", ""))}, low=Fraction(0), dimension=_BYTES),
    "info": SeriesFacts({"version": GIVEN, "pod": GIVEN}, low=Fraction(1), high=Fraction(1), dimension=ONE),
    "h_bucket": SeriesFacts(
        {"le": GIVEN, "tool": ANY},
        grows=True,
        dimension=ONE,
        buckets=Buckets((Fraction(1), Fraction(5)), _SECONDS),
    ),
    "h_sum": SeriesFacts({"tool": GIVEN}, grows=True, dimension=_SECONDS),
    "h_count": SeriesFacts({"tool": GIVEN}, grows=True, dimension=ONE),
}  # fmt: skip


def shown_labels(found: Inferred) -> str:
    """Return the labels: `job?` can be missing, `job=x` has this value, `!job` is none, `..` are others."""
    shown = []
    for label, values in sorted(found.labels.named.items()):
        name = label.replace("__name__", "NAME")
        if values.known is not None and not values.known:
            shown.append(f"!{name}")
            continue
        listed = "" if values.known is None else "=" + "|".join(sorted(values.known))
        shown.append(name + ("?" if values.missing else "") + listed)
    return " ".join([*shown, *([".."] if found.labels.open else [])])


def shown_values(found: Inferred) -> str:
    """Return the bounds of the values, and whether they can be NaN or infinite."""
    low, high = ("" if each is None else str(each) for each in (found.range.low, found.range.high))
    return f"{low}..{high}{' NaN' if found.range.nan else ''}{' Inf' if found.range.infinite else ''}"


def shown_dimension(found: Inferred) -> str:
    if found.dimension is None:
        return "?"
    powers = " ".join(f"{name}^{power}" if power != 1 else name for name, power in found.dimension.powers)
    scale = "" if found.dimension.scale == 1 else f" by {found.dimension.scale or '?'}"
    return ("moment" if found.dimension.is_moment else powers or "1") + scale


CASES = [
    line.split(" ; ")
    for line in (Path(__file__).parent / "inferences.txt").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize(("expr", "labels", "values", "dimension", "empty"), CASES)
def test_what_is_known_of_an_expression(
    expr: str, labels: str, values: str, dimension: str, empty: str
) -> None:
    """Labels, range, dimension and emptiness follow from the tree and the facts of its series."""
    found = inferred(read(expr), FACTS)
    assert (shown_labels(found), shown_values(found)) == (labels, values)
    assert (shown_dimension(found), found.empty) == (dimension, empty)


@pytest.mark.parametrize(
    ("expr", "is_aggregated"),
    [
        ("sum by (zone) (load)", True),
        ("sum by (zone) (load) and load", True),
        ("load * on (zone) load", True),
        ("load * on (zone) group_left load", False),
        ("sum without (zone) (load)", False),
        ("sum(load) or load", False),
        ("absent(load)", True),
    ],
)
def test_unknown_labels_do_not_pass_an_aggregation(expr: str, is_aggregated: bool) -> None:
    """An expression is aggregated if each label of its series has a name that is known."""
    assert inferred(read(expr), FACTS).is_aggregated is is_aggregated


_MATCHERS = (
    "",
    '{job="x"}',
    '{job=~"x|y"}',
    '{job!="x"}',
    '{zone="u"}',
    '{zone=~"u|v"}',
    '{zone!=""}',
    '{job="x",zone=""}',
    '{job="x",zone!="v"}',
)


def bounded(series: dict[str, list[Series]]) -> dict[str, list[Series]]:
    """Return the series with those of the gauge `b` from -50 to 50."""
    gauge = [
        replace(each, values=[value if abs(value) <= 50 else 7.0 for value in each.values])
        for each in series["b"]
    ]
    return {**series, "b": gauge}


def with_constants(expr: Expr, dice: random.Random) -> Expr:
    """Return the expression with some selectors replaced by constants, which are never empty."""

    def change(node: Expr) -> Expr:
        if isinstance(node, Vector) and node.window is None and dice.random() < 0.2:
            return Call("vector", (number(dice.choice((-1, 0, 1))),))
        return node

    return mapped(expr, change)


@pytest.mark.hypothesis
@pytest.mark.parametrize("prometheus", [min(DISTINCT_VERSIONS), max(DISTINCT_VERSIONS)], ids=str)
def test_no_value_contradicts_an_inference(prometheus: PrometheusVersion) -> None:
    """Random expressions with constants have the labels, ranges and emptiness that are inferred."""
    series = bounded(random_series(random.Random(21)))
    facts, samples, tally = true_facts(series), SampleSet(series, prometheus), Tally()
    expressions = any_types(words(prometheus), (VECTOR,), 3)

    @settings(max_examples=PAIRS, database=None, suppress_health_check=list(HealthCheck))
    @given(fresh(st.tuples(expressions, TIMES, st.integers(0, 99))))
    def check(drawn: tuple[Expr, int, int]) -> None:
        without, at, seed = drawn
        expr = with_constants(without, random.Random(seed))
        found, values = inferred(expr, facts), own_values(expr, samples, at)
        tally.add(found)
        denied = list(contradictions(found, values)) if isinstance(values, dict) else []
        assert not denied, f"{text(expr)} @ {at}: {denied}"

    check()
    assert tally.says(PAIRS)


def test_a_claimed_share_is_at_most_one() -> None:
    """If a quotient is inferred to be at most 1, since the whole has all series of the part, it is."""
    dice, claimed = random.Random(22), 0
    for _ in range(400):
        series = random_series(dice)
        facts, samples = true_facts(series), SampleSet(series)
        read_all = dice.choice(("rate(c_total%s[5m])", "last_over_time(c_total%s[5m])", "c_total%s"))
        fold = dice.choice(("sum", "count", "max")) + dice.choice(("", " by (job)", " without (zone)"))
        part, whole = (f"{fold}({read_all % dice.choice(_MATCHERS)})" for _ in range(2))
        quotient = dice.choice(
            (f"{part} / {whole}", f"({part} or 0 * {whole}) / {whole}", f"{part} / on () {whole}")
        )
        found, at = inferred(read(quotient), facts), dice.randrange(BEGIN + 600_000, END)
        claimed += found.range.high == 1
        values = own_values(read(quotient), samples, at)
        assert not isinstance(values, dict) or not list(contradictions(found, values)), quotient
    assert claimed > 80

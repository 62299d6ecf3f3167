"""The evaluator: names, labels and errors of expressions over a few series."""

from __future__ import annotations

import math

import pytest

from tests.signals.judge import judged
from victor_monitoring.promql.evaluation.evaluator import EvaluationError, UnsupportedError, compiled
from victor_monitoring.promql.prometheus_version import NEWEST, OLDEST
from victor_monitoring.promql.reader import read
from victor_monitoring.promql.samples import SampleSet, Series
from victor_monitoring.promql.tree import Binary, Call, Subquery, Text, Unary, Vector

AT = 600_000
_TIMES = list(range(0, AT + 1, 60_000))


def _series(first: float, **labels: str) -> Series:
    return Series(labels, _TIMES, [first + index for index in range(len(_TIMES))])


SAMPLES = SampleSet(
    {"a": [_series(0, job="x", at="1"), _series(10, job="x", at="2")], "b": [_series(1, job="x", v="w")]}
)


def shown(expr: object, samples: SampleSet = SAMPLES) -> dict[str, float] | float | str:
    """Return the values by their labels, as text in the order of the names."""
    found = compiled(judged(expr) if isinstance(expr, str) else expr)(samples, AT)  # type: ignore[arg-type]  # a tree
    if isinstance(found, float | str):
        return found
    return {",".join(f"{k}={v}" for k, v in sorted(labels)): value for labels, value in found.items()}


@pytest.mark.parametrize(
    ("expr", "values"),
    [
        ("b", {"__name__=b,job=x,v=w": 11}),
        ("b > 1", {"__name__=b,job=x,v=w": 11}),
        ("b > bool 1", {"job=x,v=w": 1}),
        ("rate(b[2m])", {"job=x,v=w": 1 / 60}),
        ("last_over_time(b[2m])", {"__name__=b,job=x,v=w": 11}),
        ("sum by (job) (a)", {"job=x": 30}),
        ("max(a) + 1", {"": 21}),
        ("a and on (job) b", {"__name__=a,at=1,job=x": 10, "__name__=a,at=2,job=x": 20}),
        ('absent(nothing{job="x",at=~"1"})', {"job=x": 1}),
        ("year()", {"": 1970}),
        ("1 / 0", math.inf),
    ],
)
def test_values_and_names(expr: str, values: object) -> None:
    """Names of series are kept and dropped as in Prometheus."""
    assert shown(expr) == values


def test_forms_that_name_their_modifiers() -> None:
    """Groups, subqueries, signs and label functions have the labels of Prometheus."""
    a, b = Vector("a"), Vector("b")
    grouped = Binary("*", a, b, ("job",), many="left", include=("v",))
    assert shown(grouped) == {"at=1,job=x,v=w": 110, "at=2,job=x,v=w": 220}
    assert shown(Call("sum_over_time", (Subquery(b, 120_000, 60_000),))) == {"job=x,v=w": 21}
    assert shown(Unary("-", b)) == {"job=x,v=w": -11}
    texts = (Text("v"), Text("${1}y$2$$"), Text("job"), Text("(.)"))
    assert shown(Call("label_replace", (b, *texts))) == {"__name__=b,job=x,v=xy$": 11}


@pytest.mark.parametrize("expr", ["a + on (job) b", "b + on (job) a"])
def test_ambiguous_matches_are_errors(expr: str) -> None:
    """Several matches for one series are an EvaluationError."""
    with pytest.raises(EvaluationError):
        shown(expr)


@pytest.mark.parametrize(
    ("expr", "old", "new"),
    [
        ('count_values("é", b)', None, {"é=11": 1}),
        ('count_values("", b)', None, None),
        ('label_join(b, "é", "", "job")', None, {"__name__=b,job=x,v=w,é=x": 11}),
        ('label_join(b, "c", "", "é")', None, {"__name__=b,job=x,v=w": 11}),
        ('label_replace(b, "", "x", "job", "x")', None, None),
        ("topk(-Inf, b)", None, {}),
        ("topk(-2, b)", {}, {}),
        ("topk(Inf, b)", None, None),
    ],
)
def test_names_of_labels_and_counts_by_version(expr: str, old: object, new: object) -> None:
    """An invalid name of a label, or a count that is no whole number, is an EvaluationError (None here)."""
    for prometheus, expected in ((OLDEST, old), (NEWEST, new)):
        samples = SampleSet(SAMPLES.by_metric, prometheus)
        if expected is None:
            with pytest.raises(EvaluationError):
                shown(read(expr), samples)
        else:
            assert shown(read(expr), samples) == expected


def test_an_infinity_makes_a_regression_nan_before_3() -> None:
    """Later versions compute on with infinite sums."""
    samples = {"a": [Series({}, [560_000, 620_000], [1.0, -math.inf])]}
    expr = read("predict_linear(a[2m] offset -20s, 1)")
    old, new = (shown(expr, SampleSet(samples, each)) for each in (OLDEST, NEWEST))
    assert repr(old) == "{'': nan}"
    assert new == {"": -math.inf}


def test_a_function_that_is_left_out_is_named() -> None:
    """Compiling an expression with a function that is left out is an UnsupportedError."""
    with pytest.raises(UnsupportedError, match="`info`"):
        compiled(Call("info", (Vector("a"),)))

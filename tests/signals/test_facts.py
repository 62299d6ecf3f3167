"""The facts of the series of metrics, and the ranges of signals that follow from them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.signals.test_kinds import PEERS
from victor_monitoring.promql.inference.dimensions import MOMENT, ONE, SECONDS, Dimension
from victor_monitoring.promql.inference.facts import Buckets, SeriesFacts
from victor_monitoring.promql.inference.intervals import Interval
from victor_monitoring.promql.inference.labels import ANY, GIVEN, one_of
from victor_monitoring.promql.tree import Matcher
from victor_monitoring.signals.kinds.count import Count
from victor_monitoring.signals.kinds.value import Value
from victor_monitoring.signals.metric import Label, Metric, Selector
from victor_monitoring.signals.metric_types.counter import Counter
from victor_monitoring.signals.metric_types.gauge import Gauge
from victor_monitoring.signals.metric_types.histogram import Histogram
from victor_monitoring.signals.metric_types.summary import Summary
from victor_monitoring.signals.quantity import parse_condition
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import Signal
from victor_monitoring.signals.units import BYTES, CELSIUS, COUNT, TIMESTAMP, UNITS, custom_unit
from victor_monitoring.signals.units import SECONDS as SECONDS_UNIT

_LABELS = (Label("code", ("a", "b")), Label("tool", None))
_OWN = {"code": one_of(("a", "b")), "tool": ANY}


@pytest.mark.parametrize(
    ("metric", "facts"),
    [
        (
            Metric("a_total", Counter(), labels=_LABELS),
            {"a_total": SeriesFacts(_OWN, dimension=ONE, grows=True)},
        ),
        (
            Metric("g", Gauge(), BYTES, high=Fraction(9)),
            {"g": SeriesFacts(dimension=Dimension((("bytes", 1),)), low=Fraction(0), high=Fraction(9))},
        ),
        (
            Metric("h", Histogram(), SECONDS_UNIT, labels=_LABELS, buckets=(Fraction(1),)),
            {
                "h_bucket": SeriesFacts(
                    {**_OWN, "le": GIVEN},
                    dimension=ONE,
                    grows=True,
                    buckets=Buckets((Fraction(1),), SECONDS),
                ),
                "h_count": SeriesFacts(_OWN, dimension=ONE, grows=True),
                "h_sum": SeriesFacts(_OWN, dimension=SECONDS, grows=True),
            },
        ),
        (
            Metric("s", Summary(), SECONDS_UNIT, labels=_LABELS).series()["s"],
            {
                "s": SeriesFacts({**_OWN, "quantile": GIVEN}, dimension=SECONDS),
                "s_count": SeriesFacts(_OWN, dimension=ONE, grows=True),
                "s_sum": SeriesFacts(_OWN, dimension=SECONDS, grows=True),
            },
        ),
    ],
    ids=["counter", "gauge", "histogram", "summary"],
)
def test_each_type_knows_its_series(metric, facts):
    """Labels, dimension and bounds of every series follow from the metric and its type."""
    assert metric.facts() == facts


def test_the_units_have_dimensions():
    """Scales of one dimension have the same powers; a unit without relations has its own dimension."""
    assert UNITS["milliseconds"].dimension == Dimension((("seconds", 1),), Fraction(1, 1000))
    assert UNITS["bits_per_second"].dimension == Dimension((("bytes", 1), ("seconds", -1)), Fraction(1, 8))
    assert TIMESTAMP.dimension == MOMENT
    assert CELSIUS.dimension == Dimension((("celsius", 1),))
    assert custom_unit("rpm").dimension == Dimension((("rpm", 1),))


LEVEL = Selector(Metric("level", Gauge(), low=Fraction(-1), high=Fraction(1)))
DOWN = parse_condition("== 0")


@pytest.mark.parametrize(
    ("kind", "by", "bounds"),
    [
        (Value(LEVEL, "sum"), (), (None, None)),
        (Value(LEVEL, "avg", "max"), (), (-1, 1)),
        (Count(Selector(PEERS), DOWN), ("peer",), (0, 1)),
        (Count(Selector(PEERS, (Matcher("peer", "=~", "a|b"),)), DOWN), ("job",), (0, 2)),
    ],
)
def test_a_range_follows_from_the_expression(kind, by, bounds):
    """A sum has no bound that its addends have, and a group has as many members as its labels allow."""
    signal = Signal("a", "A", COUNT, kind, Select.of({"job": "shop"}), (), by, 300_000, 15_000, "")
    assert signal.range == Interval(*(None if each is None else Fraction(each) for each in bounds))

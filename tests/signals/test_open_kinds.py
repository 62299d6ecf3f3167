"""Kinds that keep their series apart, and those of targets that nothing selects."""

from __future__ import annotations

from fractions import Fraction

import pytest

from victor_monitoring.promql.printer import text
from victor_monitoring.signals.kinds.age import Age
from victor_monitoring.signals.kinds.increase import Increase
from victor_monitoring.signals.kinds.rate import Rate
from victor_monitoring.signals.kinds.until import Until
from victor_monitoring.signals.kinds.value import Value
from victor_monitoring.signals.metric import Metric, Selector, series_key
from victor_monitoring.signals.metric_types import METRIC_TYPES
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import Signal, SignalKind
from victor_monitoring.signals.synthesis import synthesis
from victor_monitoring.signals.units import PER_SECOND, TIMESTAMP

TOTAL = Selector(Metric("x_total", METRIC_TYPES["counter"]))
GAUGE = Selector(Metric("x", METRIC_TYPES["gauge"]))
MOMENT = Selector(Metric("x_seconds", METRIC_TYPES["gauge"], TIMESTAMP))
SELECT = Select.of({"job": "shop"})
ALL = Select()


def signal(kind: SignalKind, select: Select = ALL, by: tuple[str, ...] = ()) -> Signal:
    return Signal("s", "S", PER_SECOND, kind, select, (), by, 300_000, 15_000, "")


@pytest.mark.parametrize(
    ("kind", "select", "promql"),
    [
        (Rate(TOTAL, agg=None), SELECT, 'rate(x_total{job="shop"}[5m])'),
        (Rate(TOTAL), SELECT, 'sum by (job) (rate(x_total{job="shop"}[5m]))'),
        (Rate(TOTAL), ALL, "sum(rate(x_total[5m]))"),
        (Increase(TOTAL, agg=None), ALL, "increase(x_total[5m])"),
        (Value(GAUGE), ALL, "x"),
        (Age(MOMENT), ALL, "time() - x_seconds"),
        (Until(MOMENT, zero="drop"), ALL, "(x_seconds != 0) - time()"),
        (Value(GAUGE), SELECT, 'last_over_time(x{job="shop"}[1m])'),
        (Value(GAUGE, "max"), ALL, "max(x)"),
    ],
)
def test_the_expression_of_a_kind(kind: SignalKind, select: Select, promql: str) -> None:
    """Without `agg` no label is lost; without a select there is neither a look-back nor an empty `by`."""
    assert text(signal(kind, select).definition()) == promql


@pytest.mark.parametrize("kind", [Rate(TOTAL, agg=None), Increase(TOTAL, agg=None)])
def test_each_open_series_has_the_level(kind: SignalKind) -> None:
    """Series of several targets, and those of a simulation, are not divided among each other."""
    made = synthesis(signal(kind, SELECT))
    targets = [{"job": "shop", "instance": name} for name in "ab"]
    assert len({each.step for each in made.spread(Fraction(6), targets)}) == 1
    population = {series_key("x_total", {"instance": name}): 1.0 for name in "ab"}
    assert len(set(made.set_level(6.0, population).values())) == 1
    assert sum(made.set_level(6.0, population).values()) in (12.0, pytest.approx(2 * 6 / 300))

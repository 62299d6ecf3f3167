"""The bounds, units and PromQL of each kind."""

from __future__ import annotations

from fractions import Fraction

import pytest

from victor_monitoring.promql.inference.intervals import Interval
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.tree import Matcher
from victor_monitoring.signals.kinds import KINDS
from victor_monitoring.signals.kinds.age import Age
from victor_monitoring.signals.kinds.count import Count
from victor_monitoring.signals.kinds.increase import Increase
from victor_monitoring.signals.kinds.mean import Mean
from victor_monitoring.signals.kinds.quantile import Quantile
from victor_monitoring.signals.kinds.rate import Rate
from victor_monitoring.signals.kinds.ratio import Ratio
from victor_monitoring.signals.kinds.score import Score
from victor_monitoring.signals.kinds.until import Until
from victor_monitoring.signals.kinds.value import Value
from victor_monitoring.signals.metric import Label, Metric, Selector
from victor_monitoring.signals.metric_types.counter import Counter
from victor_monitoring.signals.metric_types.gauge import Gauge
from victor_monitoring.signals.metric_types.histogram import Histogram
from victor_monitoring.signals.quantity import parse_condition
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import Signal, SignalKind
from victor_monitoring.signals.synthesis import synthesis
from victor_monitoring.signals.units import BYTES, COUNT, RATIO, SECONDS, TIMESTAMP, UNITS

JOBS = Metric("jobs_total", Counter(), labels=(Label("result", ("ok", "failed")),))
CPU = Metric("cpu_seconds_total", Counter(), SECONDS)
SENT = Metric("sent_bytes_total", Counter(), BYTES)
CORES = Metric("cores", Gauge())
MEMORY = Metric("memory_bytes", Gauge(), BYTES)
DEPTH = Metric("depth", Gauge())
DONE_MS = Metric("done_ms", Gauge(), UNITS["timestamp_milliseconds"])
DONE = Metric("done_timestamp_seconds", Gauge(), TIMESTAMP)
LOAD = Metric("load_ratio", Gauge(), RATIO, low=Fraction(0), high=Fraction(1))
PEERS = Metric("peer_up", Gauge(), labels=(Label("peer", ("a", "b", "c")),), merge="livemin")
TOOLS = Metric("tool_up", Gauge(), labels=(Label("tool", None, 9),), merge="livemin")
TIMES = Metric("duration_seconds", Histogram(), SECONDS, buckets=(Fraction(1), Fraction(5)))

FAILED = Selector(JOBS, (Matcher("result", "=", "failed"),))
DOWN = parse_condition("== 0")


def _signal(kind: SignalKind) -> Signal:
    return Signal("a", "A", COUNT, kind, Select.of({"job": "shop"}), (), (), 300_000, 15_000, "")


@pytest.mark.parametrize(
    ("kind", "low", "high", "units"),
    [
        (Rate(Selector(JOBS)), 0, None, ("per_second",)),
        (Rate(Selector(SENT)), 0, None, ("bytes_per_second",)),
        (Rate(Selector(CPU)), 0, None, ("ratio",)),
        (Rate(Selector(CPU), Selector(CORES)), 0, None, ("ratio",)),
        (Increase(Selector(JOBS)), 0, None, ("count",)),
        (Increase(Selector(SENT)), 0, None, ("bytes",)),
        (Age(Selector(DONE), "max"), None, None, ("seconds",)),
        (Ratio(FAILED, Selector(JOBS)), 0, 1, ("ratio",)),
        (Ratio(Selector(JOBS), FAILED), 0, None, ("ratio",)),
        (Ratio(Selector(JOBS), FAILED, at_most_one=True), 0, 1, ("ratio",)),
        (Value(Selector(MEMORY), "max"), 0, None, ("bytes",)),
        (Value(Selector(DEPTH), "max"), None, None, ("count",)),
        (Value(Selector(LOAD), "max"), 0, 1, ("ratio",)),
        (Value(Selector(LOAD), "sum"), 0, None, ("ratio",)),
        (Count(Selector(PEERS), DOWN), 0, 3, ("count",)),
        (Count(Selector(PEERS, (Matcher("peer", "!=", "a"),)), DOWN), 0, 2, ("count",)),
        (Count(Selector(TOOLS), DOWN), 0, None, ("count",)),
        (Quantile(Fraction(19, 20), Selector(TIMES)), 0, 5, ("seconds",)),
        (Mean(Selector(TIMES)), 0, None, ("seconds",)),
        (Score(()), 0, 100, ("score",)),
    ],
)
def test_a_kind_knows_its_range_and_its_units(kind, low, high, units):
    """Bounds and units follow from the kind, its selectors and its metrics."""
    bounds = (None if end is None else Fraction(end) for end in (low, high))
    assert _signal(kind).range == Interval(*bounds)
    assert tuple(map(str, kind.units())) == units


def test_the_kinds_are_the_languages():
    """Each module of the package defines one kind, by its key in the spec."""
    assert sorted(KINDS) == [
        "age",
        "count",
        "expr",
        "increase",
        "mean",
        "quantile",
        "rate",
        "ratio",
        "score",
        "until",
        "value",
    ]
    assert all(name == kind.NAME for name, kind in KINDS.items())


@pytest.mark.parametrize(
    ("kind", "promql"),
    [
        (Rate(FAILED), 'sum by (job) (rate(jobs_total{job="shop",result="failed"}[5m]))'),
        (
            Rate(Selector(CPU), Selector(CORES)),
            (
                'sum by (job) (rate(cpu_seconds_total{job="shop"}[5m]))'
                ' / sum by (job) (last_over_time(cores{job="shop"}[1m]))'
            ),
        ),
        (
            Ratio(Selector(LOAD), Selector(CORES)),
            (
                '(sum by (job) (last_over_time(load_ratio{job="shop"}[1m]))'
                ' or 0 * sum by (job) (last_over_time(cores{job="shop"}[1m])))'
                ' / sum by (job) (last_over_time(cores{job="shop"}[1m]))'
            ),
        ),
        (
            Mean(Selector(TIMES)),
            (
                'sum by (job) (rate(duration_seconds_sum{job="shop"}[5m]))'
                ' / sum by (job) (rate(duration_seconds_count{job="shop"}[5m]))'
            ),
        ),
        (Value(Selector(DEPTH), "avg"), 'avg by (job) (last_over_time(depth{job="shop"}[1m]))'),
        (Value(Selector(DEPTH)), 'last_over_time(depth{job="shop"}[1m])'),
        (Value(Selector(DEPTH), None, "max"), 'max_over_time(depth{job="shop"}[5m])'),
        (Value(Selector(DEPTH), "min", "max"), 'min by (job) (max_over_time(depth{job="shop"}[5m]))'),
        (Increase(Selector(JOBS)), 'sum by (job) (increase(jobs_total{job="shop"}[5m]))'),
        (
            Age(Selector(DONE), "max"),
            'max by (job) (time() - last_over_time(done_timestamp_seconds{job="shop"}[1m]))',
        ),
        (
            Until(Selector(DONE_MS), "min", "drop"),
            'min by (job) ((last_over_time(done_ms{job="shop"}[1m]) != 0) / 1000 - time())',
        ),
        (
            Count(Selector(PEERS), DOWN),
            'sum by (job) (min by (job, peer) (last_over_time(peer_up{job="shop"}[1m])) == bool 0)',
        ),
        (
            Count(Selector(PEERS), DOWN, "max"),
            'sum by (job) (max by (job, peer) (last_over_time(peer_up{job="shop"}[1m])) == bool 0)',
        ),
        (
            Quantile(Fraction(19, 20), Selector(TIMES)),
            'histogram_quantile(0.95, sum by (job, le) (rate(duration_seconds_bucket{job="shop"}[5m])))',
        ),
    ],
)
def test_a_kind_is_read_in_its_way(kind, promql):
    """Counters are read by rate, gauges by last value, both aggregated by the labels of the signal."""
    signal = _signal(kind)
    assert text(signal.definition()) == promql


@pytest.mark.parametrize(
    ("agg", "level", "others"),
    [
        ("max", "0.01", "-0.005"),
        ("max", "101", "-50.5"),
        ("max", "0", "-1"),
        ("min", "-0.01", "0.005"),
        ("min", "0", "1"),
    ],
)
def test_one_of_several_targets_makes_the_extreme(agg, level, others):
    """The other targets are past 0: max, min and sum then differ at a threshold of 0 as well."""
    kind = Value(Selector(DEPTH), agg)
    signal = _signal(kind)
    made = synthesis(signal).spread(Fraction(level), [{"instance": name} for name in "abc"])
    assert [stream.start for stream in made] == [Fraction(level), Fraction(others), Fraction(others)]

"""The ring has the samples that Prometheus would have of this process as a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily

from victor_monitoring.promql.samples import is_stale
from victor_monitoring.runtime.ring import Ring

TARGET = {"job": "shop", "instance": "here"}


def held(ring: Ring, metric: str) -> dict[tuple[tuple[str, str], ...], list[tuple[int, float | None]]]:
    """Return the samples of each series by its labels; None is a staleness marker."""
    return {
        tuple(series.labels.items()): [
            (time, None if is_stale(value) else value)
            for time, value in zip(series.times, series.values, strict=True)
        ]
        for series in ring.series(metric)
    }


def gauge(values: Mapping[str, float]) -> Iterable[Metric]:
    family = GaugeMetricFamily("depth", "x", labels=["queue"])
    for queue, value in values.items():
        family.add_metric([queue], value)
    return [family]


def test_series_are_as_exposed_and_labelled_as_a_target():
    """The ring stores the requested series, by exposed name and with the target's labels."""
    registry = CollectorRegistry()
    Counter("sales", "x", ["way"], registry=registry).labels("in").inc(3)
    Histogram("wait", "x", buckets=(1,), registry=registry).observe(2)
    Gauge("unread", "x", registry=registry).set(1)
    ring = Ring(dict.fromkeys(("sales_total", "wait_bucket", "wait_count"), TARGET), 1000, 9)
    ring.append(registry.collect(), 500)
    target = tuple(TARGET.items())
    assert held(ring, "sales_total") == {(("way", "in"), *target): [(500, 3)]}
    assert held(ring, "wait_bucket") == {
        (("le", "1.0"), *target): [(500, 0)], (("le", "+Inf"), *target): [(500, 1)],
    }  # fmt: skip
    assert held(ring, "wait_count") == {target: [(500, 1)]}
    assert held(ring, "up") == {target: [(500, 1)]}
    assert held(ring, "unread") == held(ring, "sales_created") == {}


def test_a_series_comes_and_goes():
    """A series has staleness markers before and after its samples, and is removed with its last sample."""
    ring = Ring({"depth": {}}, 2000, 9)
    for at, queues in ((0, {"a": 1.0}), (1000, {"a": 2.0, "b": 3.0}), (2000, {"b": 4.0})):
        ring.append(gauge(queues), at)
    a, b = (("queue", "a"),), (("queue", "b"),)
    assert held(ring, "depth") == {
        a: [(0, 1), (1000, 2), (2000, None)],
        b: [(0, None), (1000, 3), (2000, 4)],
    }
    ring.append(gauge({"b": 5.0}), 3000)
    assert held(ring, "depth") == {
        a: [(1000, 2), (2000, None), (3000, None)],
        b: [(1000, 3), (2000, 4), (3000, 5)],
    }
    ring.append(gauge({}), 4000)
    assert held(ring, "depth") == {b: [(2000, 4), (3000, 5), (4000, None)]}


def test_a_clock_that_is_set_back_makes_a_new_start():
    """Samples with later times are discarded then; a second sample at the same time is ignored."""
    ring = Ring({"depth": {}}, 9000, 9)
    ring.append(gauge({"a": 1}), 5000)
    ring.append(gauge({"a": 2}), 5000)
    assert held(ring, "depth") == {(("queue", "a"),): [(5000, 1)]}
    ring.append(gauge({"a": 3}), 4000)
    assert held(ring, "depth") == {(("queue", "a"),): [(4000, 3)]}
    assert (ring.newest, len(ring)) == (4000, 1)


QUEUES = st.dictionaries(st.sampled_from("abc"), st.floats(allow_nan=False), max_size=3)


@given(
    st.lists(st.tuples(st.integers(1, 3000), QUEUES), max_size=20), st.integers(0, 6000), st.integers(1, 8)
)
def test_the_ring_holds_the_latest_samples_and_no_others(steps, span, limit):
    """Each series has its samples within the span, up to the limit, in order."""
    ring = Ring({"depth": {}}, span, limit)
    taken: list[tuple[int, dict[str, float]]] = []
    at = 0
    for pause, queues in steps:
        at += pause
        ring.append(gauge(queues), at)
        taken.append((at, queues))
    kept = [(time, queues) for time, queues in taken if time >= at - span][-limit:]
    assert len(ring) == len(kept)
    assert held(ring, "depth") == {
        (("queue", name),): [(time, queues.get(name)) for time, queues in kept]
        for name in sorted({name for _, queues in kept for name in queues})
    }

"""The values of each kind over samples; tests/end_to_end compares them with a real Prometheus."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.signals.test_kinds import CORES, CPU, DOWN, FAILED, JOBS, MEMORY, PEERS, TIMES
from tests.signals.test_synthesise import ALERTS, beyond, longest_window, streams
from victor_monitoring.language.resolved.spec import Alert
from victor_monitoring.promql.evaluation.functions import bucket_quantile, per_second, quotient
from victor_monitoring.promql.prometheus_version import OLDEST, PrometheusVersion, parse_version
from victor_monitoring.promql.samples import STALE, SampleSet, Series
from victor_monitoring.signals.alert import GUARD_SENSES, AlertRule, Guard
from victor_monitoring.signals.evaluation import SamplesAt, evaluate
from victor_monitoring.signals.kinds.count import Count
from victor_monitoring.signals.kinds.quantile import Quantile
from victor_monitoring.signals.kinds.rate import Rate
from victor_monitoring.signals.kinds.ratio import Ratio
from victor_monitoring.signals.kinds.score import Score, ScorePart
from victor_monitoring.signals.kinds.value import Value
from victor_monitoring.signals.metric import Selector
from victor_monitoring.signals.quantity import parse_condition, parse_quantity
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import LabelPairs, Signal, SignalKind
from victor_monitoring.signals.streams import Stream
from victor_monitoring.signals.units import COUNT

MINUTE = 60_000
NAN = math.nan
A, B = {"job": "shop", "instance": "a"}, {"job": "shop", "instance": "b"}
SHOP: LabelPairs = (("job", "shop"),)


def signal(kind: SignalKind, by: tuple[str, ...] = (), scope: tuple[str, ...] = ()) -> Signal:
    select = Select.of({"job": "shop"})
    return Signal("a", "A", COUNT, kind, select, scope, by, MINUTE, 15_000, "")


def each_scrape(labels: Mapping[str, str], values: Sequence[float], start: int = 0) -> Series:
    """Return a series with a sample every 15 s."""
    return Series(labels, [start + 15_000 * index for index in range(len(values))], values)


def growing(labels: Mapping[str, str], step: float) -> Series:
    """Return a counter over the minute from 0 to 60 s; its rate is step / 15 s."""
    return each_scrape(labels, [1000 + step * index for index in range(5)])


def value(of: SignalKind, series: Mapping[str, Sequence[Series]], at: int = MINUTE) -> float:
    """Return the only value of a signal."""
    (found,) = evaluate(signal(of), SampleSet(series), at).values()
    return found


# Rates


@pytest.mark.parametrize(
    ("times", "values", "rate"),
    [
        ([0, 15, 30, 45, 60], [10, 25, 40, 55, 70], 1),
        # Samples cover 30 s, with 15 s to each end, which is near enough: the increase doubles.
        ([15, 30, 45], [100, 115, 130], Fraction(30 * 2, 60)),
        # 20 s to the start is more than 1.1 distances of 10 s: half a distance is added instead.
        ([20, 30, 40, 50, 60], [90, 100, 110, 120, 130], Fraction(40 * 45, 40 * 60)),
        # With an average distance of 10 s, 12 s to the start are too far and 8 s to the end near enough.
        ([12, 22, 32, 42, 52], [900, 910, 920, 930, 940], Fraction(40, 60) * Fraction(5 + 40 + 8, 40)),
        # The counter was 0 only 5 s before the first sample: no increase before that.
        ([15, 30, 45, 60], [5, 20, 35, 50], Fraction(45 * 50, 45 * 60)),
        ([0, 15, 30, 45, 60], [10, 20, 5, 15, 20], Fraction(10 + 20, 60)),  # a restart at 0
        ([0, 15, 30, 45, 60], [10, 10, 10, 10, 10], 0),
        ([0, 60], [7, 7], 0),
    ],
)
def test_a_rate_is_extrapolated_as_prometheus_does(times, values, rate):
    """Extrapolation goes to an end of the window if samples are near it, and not beyond a value of 0."""
    found = per_second([1000 * each for each in times], values, 0, MINUTE)
    assert found == pytest.approx(float(rate), rel=1e-12)


@pytest.mark.parametrize(
    ("running", "covered"),
    [("2.42", 30 + 10 + 0), ("2.51", 30 + 10 + 0), ("2.52", 30 + 7.5 + 0), ("3.14", 30 + 7.5 + 0)],
)
def test_a_counter_that_begins_in_the_window_reaches_back_by_version(running, covered):
    """The counter was 0 10 s earlier, half the average distance is 7.5 s; since 2.52 the smaller applies."""
    times, values = [30_000, 45_000, MINUTE], [10, 25, 40]
    found = per_second(times, values, 0, MINUTE, parse_version(running))
    assert found == pytest.approx(30 * covered / 30 / 60, rel=1e-12)


def test_one_sample_has_no_rate():
    """A counter with one sample has no rate."""
    assert per_second([0], [5], 0, MINUTE) is None
    assert per_second([], [], 0, MINUTE) is None
    assert evaluate(signal(Rate(Selector(JOBS))), SampleSet({"jobs_total": [each_scrape(A, [5])]}), 0) == {}


COUNTS = st.floats(0, 1e6)
STEPS = st.lists(COUNTS, min_size=2, max_size=20)


def at_each_second(steps: Iterable[float]) -> tuple[list[int], list[float]]:
    values = list(itertools.accumulate(steps))
    return [1000 * index for index in range(len(values))], values


def rounding(*values: float) -> float:
    """Return a bound of the rounding error of a few operations on numbers of this size."""
    return 16 * math.ulp(max(values))


@given(STEPS, st.floats(0.1, 1e3), st.integers(0, 60_000), st.integers(0, 60_000))
@example([524288.0, 1e-9], 41.0, 0, 0)  # little is left of the increase after the first sample
def test_a_rate_scales_and_is_never_negative(steps, factor, before, after):
    """Twice the counts are twice the rate, for any counts and any time."""
    times, values = at_each_second(steps)
    start, end = -before, times[-1] + after
    rate = per_second(times, values, start, end)
    scaled = per_second(times, [factor * each for each in values], start, end)
    assert rate is not None
    assert rate >= 0
    assert scaled == pytest.approx(factor * rate, rel=1e-9, abs=rounding(factor * values[-1], values[-1]))


@given(STEPS, STEPS)
def test_a_restart_adds_what_was_counted_after_it(before, after):
    """Over a window full of samples, the increase before a restart at 0 and the one after add up."""
    _, values = at_each_second([*before, 0])
    _, counted_anew = at_each_second(after)
    assume(counted_anew[0] < values[-1])  # otherwise it is no decrease
    whole = values + counted_anew
    end = 1000 * (len(whole) - 1)
    rate = per_second([1000 * index for index in range(len(whole))], whole, 0, end)
    increase = values[-1] - values[0] + counted_anew[-1]
    assert rate == pytest.approx(increase * 1000 / end, rel=1e-9, abs=rounding(*whole))


def test_a_rate_is_summed_over_targets_and_keeps_what_the_signal_is_by():
    """Rates are summed over all labels but the signal's; targets outside `select` are ignored."""
    series = {"jobs_total": [
        growing({**A, "result": "ok"}, 30), growing({**A, "result": "failed"}, 15),
        growing({**B, "result": "ok"}, 15), growing({"job": "other", "result": "ok"}, 600),
    ]}  # fmt: skip
    assert value(Rate(Selector(JOBS)), series) == pytest.approx(4)
    found = evaluate(signal(Rate(Selector(JOBS)), by=("result",)), SampleSet(series), MINUTE)
    assert found == {
        (*SHOP, ("result", "ok")): pytest.approx(3), (*SHOP, ("result", "failed")): pytest.approx(1),
    }  # fmt: skip


def test_a_label_that_the_series_lack_is_left_out():
    """Series without a scope label, or with an empty one, give a value without it."""
    series = {"jobs_total": [growing({**A, "zone": ""}, 15)]}
    assert list(evaluate(signal(Rate(Selector(JOBS)), scope=("zone",)), SampleSet(series), MINUTE)) == [SHOP]


def test_a_rate_per_gauge_needs_both_and_divides_by_zero_to_infinity():
    """A target without the gauge has no value; CPU seconds by cores is the example."""
    kind = Rate(Selector(CPU), Selector(CORES))
    counters = {"cpu_seconds_total": [growing(A, 30), growing(B, 30)]}
    cut = signal(kind, by=("instance",))
    found = evaluate(cut, SampleSet({**counters, "cores": [each_scrape(A, [4.0] * 5)]}), MINUTE)
    assert found == {(*SHOP, ("instance", "a")): pytest.approx(0.5)}
    assert value(kind, {**counters, "cores": [each_scrape(A, [0.0] * 5)]}) == math.inf


# Ratios


def test_a_ratio_counts_a_missing_numerator_as_zero():
    """Without a series of failures the ratio is 0; without any traffic it is NaN."""
    kind = Ratio(FAILED, Selector(JOBS))
    ok = {**A, "result": "ok"}
    assert value(kind, {"jobs_total": [growing(ok, 15)]}) == 0
    assert math.isnan(value(kind, {"jobs_total": [growing(ok, 0)]}))
    failed = growing({**A, "result": "failed"}, 5)
    assert value(kind, {"jobs_total": [growing(ok, 15), failed]}) == pytest.approx(0.25)
    assert evaluate(signal(kind), SampleSet({}), MINUTE) == {}


def test_a_ratio_of_gauges_divides_what_they_last_said():
    """A ratio of gauges uses their last values; a numerator without a denominator gives no value."""
    kind = Ratio(Selector(MEMORY), Selector(CORES))
    series = {
        "memory_bytes": [each_scrape(A, [1, 2, 3]), each_scrape(B, [5])],
        "cores": [each_scrape(A, [4])],
    }
    found = evaluate(signal(kind, by=("instance",)), SampleSet(series), 30_000)
    assert found == {(*SHOP, ("instance", "a")): 0.75}


def test_quotients_are_those_of_floating_point():
    """A number divided by 0 is infinite, with the signs of both; 0 by 0 and NaN give NaN."""
    assert quotient(1, 0.0) == math.inf
    assert quotient(-1, 0.0) == -math.inf
    assert quotient(1, -0.0) == -math.inf
    assert math.isnan(quotient(0, 0))
    assert math.isnan(quotient(NAN, 0))


# Values and counts


@pytest.mark.parametrize(
    ("agg", "values", "result"),
    [
        ("sum", [1, 2, 5], 8), ("avg", [1, 2, 6], 3), ("max", [1, 5, 2], 5), ("min", [3, 1, 2], 1),
        ("sum", [1, NAN], NAN), ("avg", [1, NAN], NAN), ("max", [NAN, 1], 1), ("max", [1, NAN], 1),
        ("min", [NAN, 1], 1), ("max", [NAN], NAN), ("avg", [1e308, 1e308], 1e308),
        ("avg", [math.inf, 1], math.inf),
    ],
)  # fmt: skip
def test_a_fold_treats_nan_as_prometheus_does(agg, values, result):
    """A sum or mean with a NaN is NaN; a maximum or minimum ignores it."""
    targets = [each_scrape({**A, "instance": str(index)}, [each] * 5) for index, each in enumerate(values)]
    found = value(Value(Selector(MEMORY), agg), {"memory_bytes": targets})
    assert found == pytest.approx(result, nan_ok=True)


def test_a_gauge_is_read_for_four_scrapes():
    """The last sample is used within the look-back, also of a vanished series; afterwards no value exists."""
    series = {"memory_bytes": [Series(A, [0, 15_000], [7, STALE])]}
    kind = Value(Selector(MEMORY), "max")
    assert value(kind, series, 59_999) == 7
    assert evaluate(signal(kind), SampleSet(series), 60_001) == {}
    assert evaluate(signal(kind), SampleSet(series, OLDEST), 60_000) == {SHOP: 7}
    assert evaluate(signal(kind), SampleSet(series, PrometheusVersion(3, 0)), 60_000) == {}


def test_an_open_value_keeps_all_labels_of_its_series():
    """The labels of the signal are first, then all others, sorted; the name is not a label of the value."""
    series = {"memory_bytes": [each_scrape({**A, "zone": "z", "cpu": "0"}, [7] * 5), each_scrape(B, [8] * 5)]}
    found = evaluate(signal(Value(Selector(MEMORY)), by=("zone",)), SampleSet(series), MINUTE)
    assert found == {
        (*SHOP, ("zone", "z"), ("cpu", "0"), ("instance", "a")): 7,
        (*SHOP, ("instance", "b")): 8,
    }


def test_a_count_folds_targets_before_it_counts_members():
    """A provider that is down for one of two replicas counts as one member; NaN meets no equality."""

    def peer(name: str, target: Mapping[str, str], up: float) -> Series:
        return each_scrape({**target, "peer": name}, [up])

    series = {
        "peer_up": [peer("a", A, 1), peer("a", B, 0), peer("b", A, 0), peer("b", B, 0), peer("c", A, NAN)]
    }
    assert value(Count(Selector(PEERS), DOWN), series, 0) == 2
    assert value(Count(Selector(PEERS), DOWN, "max"), series, 0) == 1
    assert value(Count(Selector(PEERS), parse_condition("!= 0")), series, 0) == 1
    by_peer = evaluate(signal(Count(Selector(PEERS), DOWN), by=("peer",)), SampleSet(series), 0)
    assert list(by_peer.values()) == [1, 1, 0]


# Quantiles


@pytest.mark.parametrize(
    ("q", "buckets", "result"),
    [
        (0.5, [(1, 2), (2, 4), (math.inf, 4)], 1),
        (0.75, [(1, 2), (2, 4), (math.inf, 4)], 1.5),
        (0.25, [(1, 2), (2, 4), (math.inf, 4)], 0.5),  # the first bucket begins at 0
        (0.25, [(-1, 2), (2, 4), (math.inf, 4)], -1),  # unless its bound is below
        (0.9, [(1, 2), (2, 4), (math.inf, 8)], 2),  # the highest finite bound
        (0.5, [(2, 4), (math.inf, 4), (1, 1), (1, 1)], 1),  # in any order, equal bounds add up
        (0.5, [(1, 4), (2, 3), (4, 8), (math.inf, 8)], 1),  # no count below an earlier one
        (0.75, [(1, 4), (2, 3), (4, 8), (math.inf, 8)], 3),
        (0.5, [(1, 0), (math.inf, 0)], NAN),
        (0.5, [(1, 2), (2, 4)], NAN),
        (0.5, [(math.inf, 4)], NAN),
        (0.5, [], NAN),
    ],
)
def test_a_quantile_is_interpolated_as_prometheus_does(q, buckets, result):
    """Interpolation is linear within a bucket; an unknown quantile is NaN or the last finite bound."""
    assert bucket_quantile(q, buckets) == pytest.approx(result, nan_ok=True)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=12), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_quantile_lies_within_the_bounds_and_grows_with_q(counts, q, other):
    """A quantile is between 0 and the highest finite bound and does not decrease with q."""
    cumulative = list(itertools.accumulate(counts))
    assume(cumulative[-1] > 0)
    bounds = [*range(1, len(counts)), math.inf]
    low, high = (bucket_quantile(each, zip(bounds, cumulative, strict=True)) for each in sorted((q, other)))
    assert 0 <= low <= high <= len(counts) - 1


def test_a_quantile_is_over_the_rates_of_all_targets():
    """Buckets are summed over targets by bound; a series that is no bucket is ignored."""

    def buckets(target: Mapping[str, str], *steps: float) -> list[Series]:
        bounds = ("1.0", "5.0", "+Inf")
        return [growing({**target, "le": le}, step) for le, step in zip(bounds, steps, strict=True)]

    series = {
        "duration_seconds_bucket": [
            *buckets(A, 0, 10, 10),
            *buckets(B, 30, 30, 30),
            growing({**A, "le": "x"}, 1),
        ]
    }
    assert value(Quantile(Fraction(7, 8), Selector(TIMES)), series) == pytest.approx(3)
    cut = evaluate(
        signal(Quantile(Fraction(1, 2), Selector(TIMES)), by=("instance",)), SampleSet(series), MINUTE
    )
    assert list(cut.values()) == pytest.approx([3, 0.5])


# Scores


def score_of(reduce: Literal["max", "min"] | None, **weights: int) -> Score:
    def part(name: str, weight: int) -> ScorePart:
        of, worst, best = parts[name]
        of = dataclasses.replace(of, name=name)
        return ScorePart(of, Fraction(weight), parse_quantity(worst), parse_quantity(best), reduce)

    parts = {
        "failed": (signal(Ratio(FAILED, Selector(JOBS))), "100%", "0%"),
        "memory": (signal(Value(Selector(MEMORY), "max"), by=("instance",)), "1GiB", "0B"),
    }
    return Score(tuple(part(*each) for each in weights.items()))


def test_a_score_loses_what_its_parts_lose():
    """Each part loses its share of its weight, at most all; the worst of several targets counts."""
    series = {
        "up": [each_scrape(A, [1] * 5)],
        "jobs_total": [growing({**A, "result": "ok"}, 15), growing({**A, "result": "failed"}, 5)],
        "memory_bytes": [each_scrape(A, [2.0**29] * 5), each_scrape(B, [2.0**40] * 5)],
    }
    assert value(score_of(None, failed=60), series) == pytest.approx(85)
    assert value(score_of("max", memory=40, failed=60), series) == pytest.approx(45)
    assert value(score_of("min", memory=40, failed=60), series) == pytest.approx(65)
    whole = signal(score_of("min", memory=40, failed=60))
    assert SamplesAt(SampleSet(series), MINUTE).losses(whole) == {
        "memory": {SHOP: pytest.approx(20)}, "failed": {SHOP: pytest.approx(15)},
    }  # fmt: skip


def test_a_score_is_whole_without_traffic_and_absent_without_a_target():
    """Parts that are NaN or missing lose nothing; without a target that is up the score is absent."""
    kind = score_of(None, failed=100)
    idle = [growing({**A, "result": "ok"}, 0)]
    assert value(kind, {"up": [each_scrape(A, [1] * 5)], "jobs_total": idle}) == 100
    assert value(kind, {"up": [each_scrape(A, [1] * 5)]}) == 100
    assert evaluate(signal(kind), SampleSet({"up": [each_scrape(A, [1, 1, 1, 1, 0])]}), MINUTE) == {}
    assert evaluate(signal(kind), SampleSet({"up": [each_scrape(A, [1, STALE])]}), MINUTE) == {}


# Alerts


def full(memory: Signal, *guards: Guard) -> AlertRule:
    """Return an alert above 1 kB with these guards."""
    condition = parse_condition("> 1kB")
    return AlertRule(
        "full", "Full", "g", memory, condition, guards, 0, None, "critical", "till", (), None, None, MINUTE
    )  # fmt: skip


@pytest.mark.parametrize(
    ("conditions", "fires"),  # with a rate of 2/s, of 0.2/s and without data
    [
        (("only_if > 1/s",), (True, False, False)),
        (("unless > 1/s",), (False, True, True)),
        (("only_if present",), (True, True, False)),
        (("unless present",), (False, False, True)),
        (("only_if absent",), (False, False, True)),
        (("unless absent",), (True, True, False)),
        (("only_if > 0.1/s", "unless > 1/s"), (False, True, False)),
        (("unless > 1/s", "unless absent"), (False, True, False)),
        (("only_if present", "only_if > 1/s", "unless > 3/s"), (True, False, False)),
    ],
)
def test_every_guard_must_allow_an_alert_to_fire(conditions: tuple[str, ...], fires: tuple[bool, ...]):
    """All of `only_if` hold and none of `unless` does; without data only `absent` holds."""
    memory, rate = signal(Value(Selector(MEMORY), "max"), by=("instance",)), signal(Rate(Selector(JOBS)))
    guards = []
    for sense in GUARD_SENSES:
        mine = (each.partition(" ")[2] for each in conditions if each.startswith(sense))
        guards += [Guard(sense, rate, parse_condition(each)) for each in mine]
    alert = full(memory, *guards)
    series = {"memory_bytes": [each_scrape(A, [2000.0] * 5)]}
    rates = ({"jobs_total": [growing({**B, "result": "ok"}, step)]} for step in (30, 3))
    found = (SamplesAt(SampleSet({**series, **each}), MINUTE) for each in (*rates, {}))
    assert tuple(bool(alert.met_values(each)) for each in found) == fires


def test_an_alert_holds_where_its_guard_does():
    """A guard is matched by its own labels; the signal's labels remain in the result."""
    memory = signal(Value(Selector(MEMORY), "max"), by=("instance",))
    alert = full(memory, Guard("only_if", signal(Rate(Selector(JOBS))), parse_condition("> 1/s")))
    series = {"memory_bytes": [each_scrape(A, [2000.0] * 5), each_scrape(B, [10.0] * 5)]}
    busy, idle = (growing({**B, "result": "ok"}, step) for step in (30, 3))
    assert alert.met_values(SamplesAt(SampleSet({**series, "jobs_total": [busy]}), MINUTE)) == {
        (*SHOP, ("instance", "a")): 2000
    }
    assert alert.met_values(SamplesAt(SampleSet({**series, "jobs_total": [idle]}), MINUTE)) == {}
    assert alert.met_values(SamplesAt(SampleSet(series), MINUTE)) == {}


# Synthetic series


def samples(found: Iterable[Stream], scrape: int, until: int) -> SampleSet:
    """Return the samples of scraping the streams until `at`."""
    times = range(0, until + 1, scrape)
    by_metric: dict[str, list[Series]] = {}
    for each in found:
        values = [float(each.start + each.step * index) for index in range(len(times))]
        by_metric.setdefault(each.metric, []).append(Series(dict(each.labels), times, values))
    return SampleSet(by_metric)


@pytest.mark.parametrize("alert", [alert for _, alert in ALERTS], ids=lambda alert: alert.name)
@pytest.mark.parametrize("on_bad_side", [True, False])
def test_synthetic_series_evaluate_to_their_level(alert: Alert, on_bad_side):
    """The evaluated expression has the level that `synthesise` made series for, without the expression."""
    until = longest_window(alert.signal) + 2 * alert.signal.scrape
    found = samples(streams(alert, on_bad_side), alert.signal.scrape, until)
    level = float(beyond(alert.condition, alert.signal, on_bad_side))
    assert list(evaluate(alert.signal, found, until).values())[:1] == pytest.approx([level])

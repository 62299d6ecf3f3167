"""Populations changed by `set_level` give the level, as evaluated by promtool."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from tests.signals.test_synthesise import (
    BUSY,
    CALLS,
    CORES,
    DONE,
    DONE_MS,
    DOWN,
    ENTRIES,
    FAILED,
    RL,
    ROOM,
    TIMES,
    UP,
    shape,
    target,
    written,
)  # fmt: skip
from victor_monitoring.promql.printer import text
from victor_monitoring.signals.kinds.age import Age
from victor_monitoring.signals.kinds.count import Count
from victor_monitoring.signals.kinds.increase import Increase
from victor_monitoring.signals.kinds.quantile import Quantile
from victor_monitoring.signals.kinds.rate import Rate
from victor_monitoring.signals.kinds.ratio import Ratio
from victor_monitoring.signals.kinds.score import Score, ScorePart
from victor_monitoring.signals.kinds.until import Until
from victor_monitoring.signals.kinds.value import Value
from victor_monitoring.signals.metric import Label, Metric, Population, Selector, SeriesKey, series_key
from victor_monitoring.signals.quantity import parse_quantity
from victor_monitoring.signals.signal import Signal, SignalKind
from victor_monitoring.signals.synthesis import by_label_set, series_in, set_level

VALUES = {"result": ("ok", "failed"), "cache": ("query", "rl"), "tool": ("a", "b", "c")}


def label_sets(labels: tuple[Label, ...]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = [{}]
    for label in labels:
        found = [{**each, label.name: value} for each in found for value in VALUES[label.name]]
    return found


def series_of(metric: Metric) -> dict[SeriesKey, float]:
    """Return every series of a metric, each with another value."""
    found: dict[SeriesKey, float] = {}
    for index, labels in enumerate(label_sets(metric.labels), start=1):
        if not metric.buckets:
            found[series_key(metric.name, labels)] = index
            continue
        found[series_key(f"{metric.name}_count", labels)] = found[
            series_key(f"{metric.name}_sum", labels)
        ] = index
        for place, bound in enumerate((*map(float, metric.buckets), "+Inf"), start=1):
            share = index * place / (len(metric.buckets) + 1)
            found[series_key(f"{metric.name}_bucket", {**labels, "le": str(bound)})] = share
    return found


WORLD: Population = {
    each: value
    for metric in (CALLS, BUSY, CORES, ENTRIES, ROOM, UP, TIMES, DONE, DONE_MS)
    for each, value in series_of(metric).items()
}
MOVING = {"done_timestamp_seconds": 15, "done_timestamp_ms": 15_000}  # moments, from scrape to scrape
COUNTERS = ("_total", "_bucket", "_count", "_sum")


def part(name: str, kind: SignalKind, weight: int, worst: str, best: str) -> ScorePart:
    signal = dataclasses.replace(shape(kind, ()), name=name)
    return ScorePart(signal, Fraction(weight), parse_quantity(worst), parse_quantity(best))


FAILURES, BUSYNESS = Ratio(Selector(CALLS, (FAILED,)), Selector(CALLS)), Rate(Selector(BUSY), Selector(CORES))
SCORE = Score((part("failures", FAILURES, 60, "50%", "0%"), part("busyness", BUSYNESS, 40, "1", "0")))
SHAPES: list[tuple[SignalKind, tuple[str, ...], list[float]]] = [
    (Rate(Selector(CALLS)), (), [0, 0.01, 7]),
    (Rate(Selector(BUSY, (RL,)), Selector(CORES)), (), [0.8]),
    (BUSYNESS, ("cache",), [0.8]),
    (Increase(Selector(CALLS)), (), [0, 0.01, 7]),
    (Increase(Selector(BUSY)), ("cache",), [0.8]),
    (Value(Selector(ENTRIES), "max", "min"), (), [-3, 0, 2.5]),
    (Age(Selector(DONE), "max"), (), [-3, 0, 7000]),
    (Until(Selector(DONE_MS), "min"), ("cache",), [-3, 0, 7000]),
    (Age(Selector(DONE)), (), [7000]),
    (FAILURES, (), [0, 0.05, 1]),
    (FAILURES, ("tool",), [0.3]),
    (Ratio(Selector(CALLS, (RL,)), Selector(CALLS, (FAILED,)), at_most_one=True), (), [0.4]),
    (Ratio(Selector(ENTRIES), Selector(ROOM), at_most_one=True), ("cache",), [0, 0.95, 1]),
    (Ratio(Selector(ENTRIES), Selector(ROOM)), (), [1.5]),
    *((Value(Selector(ENTRIES), agg), (), [-3, 0, 2.5]) for agg in ("avg", "max", "min", "sum")),
    (Value(Selector(ENTRIES), "max"), ("cache",), [9]),
    (Value(Selector(ENTRIES)), (), [-3, 9]),
    (Count(Selector(UP), DOWN, "min"), (), [0, 1, 3]),
    (Count(Selector(UP), DOWN, "max"), ("tool",), [0, 1, 2]),
    (Quantile(Fraction(19, 20), Selector(TIMES)), (), [1, 5, 9]),
    (Quantile(Fraction(1, 2), Selector(TIMES)), ("cache",), [1, 5]),
    (SCORE, (), [0, 70, 100]),
]  # fmt: skip
LEVELS = [(kind, by, level) for kind, by, levels in SHAPES for level in levels]


def input_series(population: Population, labels: Mapping[str, str]) -> list[dict[str, str]]:
    """Return a population over 40 scrapes of 15 s, in promtool's notation."""
    return [
        {
            "series": f"{name}{{{written({**labels, **dict(own)}.items())}}}",
            "values": f"0+{value * 15!r}x40"
            if name.endswith(COUNTERS)
            else f"{value!r}+{MOVING.get(name, 0)}x40",
        }
        for (name, own), value in population.items()
    ]


def rules(signal: Signal) -> dict[str, Any]:
    recorded = [each.data() for each in signal.kind.recordings(signal)]
    return {"groups": [{"name": "one", "interval": "15s", "rules": recorded}]}


def case(rule_file: str, signal: Signal, level: float, steered: Population) -> dict[str, Any]:
    """Return a promtool test that every label set of the signal is at the level after ten minutes."""
    met = {
        "expr": f"count(abs(({text(signal.definition())}) - {level!r}) < 1e-9)",
        "eval_time": "10m",
        "exp_samples": [{"labels": "{}", "value": len(by_label_set(signal, WORLD))}],
    }
    up = {"series": f"up{{{written(target(signal).items())}}}", "values": "1x40"}
    made = [up, *input_series(steered, target(signal))]
    test = {"interval": "15s", "input_series": made, "promql_expr_test": [met]}
    return {"rule_files": [rule_file], "evaluation_interval": "15s", "tests": [test]}


def test_each_kind_settles_at_the_level(promtool, tmp_path):
    """For every kind, each label set of the signal gets the level; series that it does not read stay."""
    names = []
    for index, (kind, by, level) in enumerate(LEVELS):
        signal = shape(kind, by)
        steered, read = set_level(signal, level, WORLD), series_in(signal, WORLD)
        assert [each for each in WORLD if steered[each] != WORLD[each] and each not in read] == []
        names.append(f"test-{index}.json")
        (tmp_path / f"rules-{index}.json").write_text(json.dumps(rules(signal)), "utf-8")
        (tmp_path / names[-1]).write_text(
            json.dumps(case(f"rules-{index}.json", signal, level, steered)), "utf-8"
        )
    done = subprocess.run(
        [promtool, "test", "rules", *names], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        (Rate(Selector(CALLS)), -1),
        (FAILURES, 1.01),
        (Ratio(Selector(CALLS), Selector(CALLS)), 0.5),
        (Count(Selector(UP), DOWN, "min"), 7),
        (Count(Selector(UP), DOWN, "min"), 0.5),
        (Quantile(Fraction(19, 20), Selector(TIMES)), 9.01),
        (Quantile(Fraction(19, 20), Selector(TIMES)), 0),
        (SCORE, 101),
    ],
)
def test_a_level_that_no_series_make_is_refused(kind, level):
    """A level outside what the kind and the population allow is a ValueError, never wrong series."""
    with pytest.raises(ValueError, match=r"no |never|every series"):
        set_level(shape(kind, ()), level, WORLD)

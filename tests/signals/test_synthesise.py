"""Synthetic series give a signal its level, as evaluated by promtool.

Every alert of the shipped specs fires on series 1% beyond its threshold, and is silent 1% before it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.signals.shipped import PATHS, compiled
from victor_monitoring.language.resolved.spec import Alert, Resolved
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.tree import Matcher
from victor_monitoring.rule_tests.promtool import Promtool
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
from victor_monitoring.signals.metric_types.summary import Summary
from victor_monitoring.signals.quantity import Condition, parse_condition
from victor_monitoring.signals.select import Select
from victor_monitoring.signals.signal import Signal, SignalKind
from victor_monitoring.signals.streams import Stream
from victor_monitoring.signals.synthesis import synthesis
from victor_monitoring.signals.units import COUNT, SECONDS, TIMESTAMP, UNITS

BASES = [base for path in PATHS if (base := compiled(path).base) is not None]
ALERTS = [(base, alert) for base in BASES for alert in base.alerts]
MINUTE = 60_000


def signals_of(signal: Signal) -> Iterator[Signal]:
    """Yield the parts of a signal, and then itself."""
    for _, part in signal.kind.parts():
        yield from signals_of(part)
    yield signal


def rules(spec: Resolved, alert: Alert) -> dict[str, Any]:
    """Return the alert with the recording rules that it needs."""
    used = alert.signals
    recordings = {
        (each.name, each.labels): each.data()
        for signal in used
        for part in signals_of(signal)
        for each in part.recordings()
    }
    rule = {"alert": alert.name, "expr": text(alert.expr), "for": duration_text(alert.pending)}
    return {"groups": [{"name": alert.group, "rules": [*recordings.values(), rule]}]}


def beyond(condition: Condition, signal: Signal, on_bad_side: bool) -> Fraction:
    """Return a level 1% from the threshold, or 1 from that of a count."""
    threshold = condition.threshold.value
    off = Fraction(1) if signal.kind.NAME == "count" else abs(threshold) / 100
    is_up = condition.high_is_bad == on_bad_side
    return max(threshold + off if is_up else threshold - off, Fraction(0))


def target(signal: Signal) -> Mapping[str, str]:
    return {
        **signal.select.example,
        **dict.fromkeys(signal.scope, "here"),
        "instance": "a",
    }


def streams(alert: Alert, on_bad_side: bool) -> list[Stream]:
    """Return series over which the alert's condition is met or not, and its guard is met."""
    level = beyond(alert.condition, alert.signal, on_bad_side)
    found = {
        (each.metric, each.labels): each
        for each in synthesis(alert.signal).synthesise(level, target(alert.signal))
    }
    for guard in alert.guards:
        level = beyond(guard.condition, guard.signal, on_bad_side=True)
        for each in synthesis(guard.signal).synthesise(level, target(guard.signal)):
            found.setdefault((each.metric, each.labels), each)
    return list(found.values())


def written(labels: Iterable[tuple[str, str]]) -> str:
    return ",".join(f"{name}={json.dumps(value)}" for name, value in labels)


def input_series(streams: Iterable[Stream], scrapes: int) -> list[dict[str, str]]:
    """Return streams in promtool's notation."""
    return [
        {
            "series": f"{each.metric}{{{written(each.labels)}}}",
            "values": f"{float(each.start)!r}+{float(each.step)!r}x{scrapes}",
        }
        for each in streams
    ]


def longest_window(signal: Signal) -> int:
    return max(part.window if part.kind.is_windowed() else part.lookback for part in signals_of(signal))


def case(spec: Resolved, alert: Alert, on_bad_side: bool) -> dict[str, Any]:
    """Return a promtool test whether the alert fires after its windows and `for`."""
    length = longest_window(alert.signal) + alert.pending + 2 * spec.evaluate
    scrapes = length // spec.scrape + 1
    firing = {
        "expr": f'count(ALERTS{{alertname="{alert.name}",alertstate="firing"}})',
        "eval_time": duration_text(length),
        "exp_samples": [{"labels": "{}", "value": 1}] if on_bad_side else [],
    }
    series = input_series(streams(alert, on_bad_side), scrapes)
    return {"interval": duration_text(spec.scrape), "input_series": series, "promql_expr_test": [firing]}


@pytest.fixture(scope="module")
def failures(promtool: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Return the failures by alert, of one promtool run; each alert has only the rules that it needs."""
    folder = tmp_path_factory.mktemp("synthesised")
    files = []
    for spec, alert in ALERTS:
        (folder / f"{alert.name}.rules.json").write_text(json.dumps(rules(spec, alert)), "utf-8")
        test = {
            "rule_files": [f"{alert.name}.rules.json"],
            "evaluation_interval": duration_text(spec.evaluate),
            "group_eval_order": [alert.group],
            "tests": [case(spec, alert, on_bad_side) for on_bad_side in (True, False)],
        }
        files.append(f"{alert.name}.json")
        (folder / files[-1]).write_text(json.dumps(test), "utf-8")
    names = (alert.name for _, alert in ALERTS)
    return dict(zip(names, Promtool.at(promtool).test(folder, files), strict=True))


@pytest.mark.parametrize(
    ("spec", "alert"), ALERTS, ids=lambda each: each.name if isinstance(each, Alert) else ""
)
def test_an_alert_fires_beyond_its_threshold_and_is_silent_before_it(failures, spec, alert):
    """An alert fires exactly once on series 1% beyond its threshold, and not on series 1% before it."""
    assert failures[alert.name] == ""


RESULT, TOOL = Label("result", ("ok", "failed")), Label("tool", None, 9)
CACHE = Label("cache", ("query", "rl"))
CALLS = Metric("calls_total", Counter(), labels=(RESULT, CACHE, TOOL))
BUSY = Metric("busy_seconds_total", Counter(), SECONDS, labels=(CACHE,))
CORES = Metric("cores", Gauge(), labels=(CACHE,))
ENTRIES, ROOM = (Metric(name, Gauge(), labels=(CACHE,)) for name in ("entries", "room"))
DONE = Metric("done_timestamp_seconds", Gauge(), TIMESTAMP, labels=(CACHE,))
DONE_MS = Metric("done_timestamp_ms", Gauge(), UNITS["timestamp_milliseconds"], labels=(CACHE,))
UP = Metric("up_now", Gauge(), labels=(CACHE, TOOL))
TIMES = Metric(
    "times_seconds", Histogram(), SECONDS, labels=(CACHE,), buckets=(Fraction(1), Fraction(5), Fraction(9))
)
WAITS = Metric("waits_seconds", Histogram(), SECONDS, labels=(CACHE,))  # of bounds that are not known
PAUSES = Metric("pauses_seconds", Summary(), SECONDS, labels=(CACHE,))
RL, FAILED = Matcher("cache", "=", "rl"), Matcher("result", "=", "failed")
DOWN = parse_condition("== 0")
SHAPES: list[tuple[SignalKind, tuple[str, ...], list[int | str]]] = [
    (Rate(Selector(CALLS)), (), [0, "0.01", 7]),
    (Rate(Selector(BUSY, (RL,)), Selector(CORES)), ("cache",), ["0.8"]),
    (Ratio(Selector(CALLS, (FAILED,)), Selector(CALLS)), (), [0, "0.05", 1]),
    (Ratio(Selector(CALLS, (RL, FAILED)), Selector(CALLS)), ("cache", "tool"), ["0.3"]),
    (Ratio(Selector(ENTRIES, (RL,)), Selector(ROOM), at_most_one=True), ("cache",), [0, "0.95", 1]),
    (Ratio(Selector(ENTRIES), Selector(ROOM)), (), ["1.5"]),
    (Increase(Selector(CALLS)), (), [0, "0.01", 7]),
    (Increase(Selector(BUSY)), ("cache",), ["0.8"]),
    (Value(Selector(ENTRIES), "avg"), ("cache",), [-3, 0, "2.5"]),
    (Age(Selector(DONE), "max"), (), [0, "0.5", 7, -3]),
    (Age(Selector(DONE_MS, (RL,)), "min", "drop"), ("cache",), [7000]),
    (Until(Selector(DONE_MS), "min"), (), [0, "0.5", 7, -3]),
    (Until(Selector(DONE_MS)), (), [7000]),
    (Value(Selector(ENTRIES), "max", "avg"), ("cache",), [-3, 0, "2.5"]),
    (Count(Selector(UP), DOWN, "min"), (), [0, 1, 3]),
    (Count(Selector(UP), DOWN, "max"), ("tool",), [0, 1, 2]),
    (Count(Selector(UP, (Matcher("tool", "=~", "a|b"),)), DOWN, "min"), ("cache",), [2]),
    (Quantile(Fraction(19, 20), Selector(TIMES)), (), ["0.97", 1, 2, "4.9", 5, "8.99"]),
    (Mean(Selector(TIMES)), (), [0, "0.25", 40]),
    (Mean(Selector(TIMES, (RL,))), ("cache",), ["1.5"]),
    (Mean(Selector(PAUSES.series()["pauses_seconds"])), (), ["0.1"]),
    (Quantile(Fraction(1, 2), Selector(TIMES)), ("cache",), ["0.5", 1, 2, 3]),
    (Quantile(Fraction(19, 20), Selector(WAITS)), (), ["0.02", "0.97", 1, 400]),
]
LEVELS = [(kind, by, Fraction(level)) for kind, by, levels in SHAPES for level in levels]


def shape(kind: SignalKind, by: tuple[str, ...]) -> Signal:
    select = Select.of({"job": "shop"})
    return Signal("shape", "Shape", COUNT, kind, select, ("zone",), by, 5 * MINUTE, MINUTE // 4, "shop_")


def test_each_kind_settles_at_the_level(promtool, tmp_path):
    """For every kind, with and without `by`, the series give the level and no other value."""
    tests = []
    for kind, by, level in LEVELS:
        signal = shape(kind, by)
        made = synthesis(signal).synthesise(level, target(signal))
        kept = {name: value for name, value in made[0].labels if signal.is_open or name in signal.labels}
        settled = {
            "expr": f"abs(({text(signal.definition())}) - {float(level)!r}) < bool 1e-9",
            "eval_time": "10m",
            "exp_samples": [{"labels": f"{{{written(kept.items())}}}", "value": 1}],
        }
        series = input_series(made, 40)
        tests.append({"interval": "15s", "input_series": series, "promql_expr_test": [settled]})
    (tmp_path / "shapes.json").write_text(json.dumps({"rule_files": [], "tests": tests}), "utf-8")
    done = subprocess.run(
        [promtool, "test", "rules", "shapes.json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        (Rate(Selector(CALLS)), -1),
        (Rate(Selector(CALLS, (Matcher("result", "=", "lost"),))), 1),
        (Ratio(Selector(CALLS, (FAILED,)), Selector(CALLS)), "1.01"),
        (Ratio(Selector(CALLS), Selector(CALLS)), "0.5"),
        (Count(Selector(UP, (Matcher("tool", "=", "a"),)), DOWN, "min"), 3),
        (Count(Selector(UP), DOWN, "min"), "0.5"),
        (Quantile(Fraction(19, 20), Selector(TIMES)), "9.01"),
        (Quantile(Fraction(19, 20), Selector(TIMES)), "0.5"),
        (Quantile(Fraction(19, 20), Selector(TIMES)), -1),
        (Score(()), 101),
    ],
)
def test_a_level_that_no_series_make_is_refused(kind, level):
    """A level outside what the kind and its selectors allow is a ValueError, never wrong series."""
    signal = shape(kind, ())
    with pytest.raises(ValueError, match=r"no |never|every series|members at most"):
        synthesis(signal).synthesise(Fraction(level), target(signal))

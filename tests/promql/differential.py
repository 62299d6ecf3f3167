"""Random expressions and series, and a real Prometheus that holds these series."""

from __future__ import annotations

import math
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from tests.end_to_end.live import Prometheus, running
from victor_monitoring.promql.grammar import AGGREGATIONS, COMPARISONS, PRECEDENCE, SET_OPERATORS, TRIMS
from victor_monitoring.promql.samples import Series
from victor_monitoring.promql.tree import (
    Aggregate,
    Binary,
    Call,
    Expr,
    Matcher,
    Number,
    Subquery,
    Text,
    Unary,
    Vector,
    number,
)

BEGIN, END = 1_700_000_000_000, 1_700_003_600_000
METRICS = ("a", "b", "c_total", "d_total")
_VALUES = (0.0, 1.0, -1.0, 2.5, 7.0, 1e6, math.nan, math.inf, -math.inf)


def random_series(dice: random.Random) -> dict[str, list[Series]]:
    """Return series with gaps, resets, NaN and infinities; classic buckets, too."""
    found: dict[str, list[Series]] = {}
    for metric in METRICS:
        for job in ("x", "y"):
            for instance in ("1", "2", "3"):
                if dice.random() < 0.8:
                    labels = {"job": job, "instance": instance}
                    labels |= {"zone": dice.choice("uv")} if dice.random() < 0.5 else {}
                    times = [t for t in range(BEGIN, END, 15_000) if dice.random() < 0.85]
                    gap = dice.randrange(len(times))
                    del times[gap : gap + dice.choice((0, 10, 30))]
                    found.setdefault(metric, []).append(Series(labels, times, _values(metric, times, dice)))
    times = list(range(BEGIN, END, 15_000))
    for job in ("x", "y"):
        counts = [0.0] * len(times)
        for bound in ("0.1", "1.0", "5.0", "+Inf"):
            growth = dice.uniform(0, 5)
            counts = [count + growth * index for index, count in enumerate(counts)]
            found.setdefault("h_bucket", []).append(Series({"job": job, "le": bound}, times, counts))
    return found


def _values(metric: str, times: list[int], dice: random.Random) -> list[float]:
    if not metric.endswith("_total"):
        rare = dice.choice((0.0, 0.05, 0.3))
        return [dice.choice(_VALUES) if dice.random() < rare else dice.uniform(-50, 50) for _ in times]
    values, total = [], 0.0
    for _ in times:
        total = 0.0 if dice.random() < 0.03 else total + dice.uniform(0, 9)
        values.append(total)
    return values


def openmetrics(series: dict[str, list[Series]]) -> str:
    """Return the samples as OpenMetrics text."""
    lines = []
    for metric, each in series.items():
        for one in each:
            labels = ",".join(f'{name}="{value}"' for name, value in one.labels.items())
            lines += [
                f"{metric}{{{labels}}} {_number(value)} {time / 1000:.3f}"
                for time, value in zip(one.times, one.values, strict=True)
            ]
    return "\n".join([*lines, "# EOF", ""])


def _number(value: float) -> str:
    return repr(value) if math.isfinite(value) else "NaN" if math.isnan(value) else f"{value:+}".title()


@contextmanager
def holding(
    prometheus: Path, promtool: Path, series: dict[str, list[Series]], folder: Path
) -> Iterator[Prometheus]:
    """Yield a Prometheus whose storage has these series."""
    text = folder / "samples.txt"
    text.write_text(openmetrics(series), encoding="utf-8")
    data = folder / "prometheus-data-1"
    command = [str(promtool), "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)]
    subprocess.run(command, check=True, capture_output=True)
    with running(prometheus, folder, (), (), "--storage.tsdb.retention.time=100y") as found:
        yield found


_OVER_TIME = (
    "rate", "increase", "delta", "irate", "idelta", "deriv", "resets", "changes", "avg_over_time",
    "min_over_time", "max_over_time", "sum_over_time", "count_over_time", "last_over_time",
    "present_over_time", "stddev_over_time", "absent_over_time",
)  # fmt: skip
_OF_VALUE = (
    "abs", "ceil", "floor", "round", "sgn", "exp", "sqrt", "ln", "log2", "log10", "deg", "rad", "sin", "cos",
    "atan", "tanh", "asinh", "sort", "sort_desc", "timestamp", "absent",
)  # fmt: skip
_CALENDAR = (
    "minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year",
)  # fmt: skip


class Expressions:
    """Random expressions over these series, as trees."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def vector(self, depth: int = 3) -> Expr:
        """Return an instant vector."""
        if depth == 0:
            return self._selector()
        makers = (
            self._selector_of, self._over_time, self._over_time, self._of_value, self._aggregate,
            self._aggregate, self._binary, self._binary, self._with_scalar, self._other,
        )  # fmt: skip
        return self._dice.choice(makers)(depth - 1)

    def _number(self) -> Number:
        return number(Fraction(self._dice.choice(("0", "1", "2", "0.5", "-3", "10"))))

    def _scalar(self, depth: int) -> Expr:
        return self._number() if self._dice.random() < 0.8 else Call("scalar", (self.vector(depth),))

    def _selector_of(self, _: int) -> Expr:
        return self._selector()

    def _selector(self, window: int | None = None) -> Vector:
        dice = self._dice
        matchers = [
            Matcher(*each)
            for each in (
                ("job", "=", "x"),
                ("instance", "=~", "1|2"),
                ("zone", "!=", "u"),
                ("zone", "!~", "v"),
            )
            if dice.random() < 0.2
        ]
        offset = dice.choice((0, 0, 0, 60_000, 600_000, -30_000))
        at = dice.choice((None, None, None, None, BEGIN + 1_800_000, "end"))
        metric = dice.choice(METRICS)
        if dice.random() < 0.05:
            metric = ""
            matchers.append(Matcher("__name__", "=~", "a|b"))
        return Vector(metric, tuple(matchers), window, offset, at)  # type: ignore[arg-type]  # a chosen instant

    def _range(self, depth: int) -> Expr:
        if depth and self._dice.random() < 0.25:
            step = self._dice.choice((None, 30_000, 45_000))
            return Subquery(self.vector(depth - 1), self._dice.choice((120_000, 300_000)), step)
        return self._selector(self._dice.choice((15_000, 60_000, 90_000, 300_000, 301_000)))

    def _over_time(self, depth: int) -> Expr:
        window, dice = self._range(depth), self._dice
        match dice.randrange(12):
            case 0:
                return Call("quantile_over_time", (self._number(), window))
            case 1:
                return Call("predict_linear", (window, number(60)))
        return Call(dice.choice(_OVER_TIME), (window,))

    def _of_value(self, depth: int) -> Expr:
        """Return a call; without `timestamp` of a selector with `@`, which Prometheus moves by its offset."""
        inner, function = self.vector(depth), self._dice.choice(_OF_VALUE)
        if function == "timestamp" and isinstance(inner, Vector):
            inner = replace(inner, at=None)
        return Call(function, (inner,))

    def _labels(self) -> tuple[str, ...]:
        return tuple(label for label in ("job", "instance", "zone") if self._dice.random() < 0.5)

    def _aggregate(self, depth: int) -> Expr:
        dice, labels, inner = self._dice, self._labels(), self.vector(depth)
        by, without = dice.choice(((labels, None), (None, labels), (None, None)))
        op = dice.choice((*AGGREGATIONS, "sum", "max"))
        parameter: Expr | None = self._number() if AGGREGATIONS[op] else None
        if op in ("topk", "bottomk"):
            inner = self._selector()  # equal values are in no certain order
        if op == "count_values":
            parameter, inner = Text("value"), self._selector()  # others differ in their last digits
        return Aggregate(op, inner, by, parameter, without)

    def _binary(self, depth: int) -> Expr:
        dice, labels = self._dice, self._labels()
        op = dice.choice([each for each in PRECEDENCE if each not in TRIMS])
        on, ignoring = dice.choice(((labels, None), (None, labels), (None, None)))
        many: Literal["left", "right"] | None = None
        include: tuple[str, ...] = ()
        if op not in SET_OPERATORS and (on is not None or ignoring is not None) and dice.random() < 0.5:
            many = dice.choice(("left", "right"))
            include = tuple(each for each in self._labels() if each not in (on or ()))
        as_bool = op in COMPARISONS and dice.random() < 0.3
        left, right = self.vector(depth), self.vector(depth)
        if many and dice.random() < 0.7:
            one = Aggregate("sum", left if many == "right" else right, on or ("job",))
            left, right = (left, one) if many == "left" else (one, right)
        return Binary(op, left, right, on, as_bool, ignoring, many, include)

    def _with_scalar(self, depth: int) -> Expr:
        dice = self._dice
        op = dice.choice([each for each in PRECEDENCE if each not in TRIMS | SET_OPERATORS])
        sides = (self.vector(depth), self._scalar(depth))
        left, right = sides if dice.random() < 0.6 else sides[::-1]
        return Binary(op, left, right, as_bool=op in COMPARISONS and dice.random() < 0.3)

    def _other(self, depth: int) -> Expr:
        dice, inner = self._dice, self.vector(depth)
        match dice.randrange(7):
            case 0:
                return Call("clamp", (inner, self._number(), self._number()))
            case 1:
                return Call(dice.choice(("clamp_min", "clamp_max", "round")), (inner, self._number()))
            case 2:
                new = dice.choice(("$1", "${1}-$2", "$$x", ""))
                return Call("label_replace", (inner, Text("zone"), Text(new), Text("job"), Text("(x)")))
            case 3:
                return Call("label_join", (inner, Text("zone"), Text("-"), Text("job"), Text("instance")))
            case 4:
                return Call(
                    dice.choice(_CALENDAR), (Call("timestamp", (replace(self._selector(), at=None),)),)
                )
            case 5:
                rate = Call("rate", (Vector("h_bucket", (), 300_000),))
                return Call("histogram_quantile", (self._number(), rate))
        return Unary("-", inner)

"""Random series, the words of expressions over them, and a real Prometheus that holds them."""

from __future__ import annotations

import http.client
import json
import math
import random
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

from tests.end_to_end.live import running
from tests.promql import remote_write
from tests.promql.expressions import Words, functions_of
from victor_monitoring.promql.evaluation.calls import CALENDAR
from victor_monitoring.promql.evaluation.evaluator import LabelSet, UnsupportedError, compiled
from victor_monitoring.promql.grammar import NAME
from victor_monitoring.promql.prometheus_version import PrometheusVersion
from victor_monitoring.promql.samples import STALE, Series
from victor_monitoring.promql.signatures import FUNCTIONS, RANGE, SCALAR, STRING, VECTOR, ValueType
from victor_monitoring.promql.tree import Call, Expr, Matcher, Text, Vector, number

BEGIN, END = 1_700_000_000_000, 1_700_003_600_000
# What a query yields: values by labels, a scalar or a string; None for an error.
Answer: TypeAlias = dict[LabelSet, float] | float | str | None
# Of buckets, by job: some are the same number, some are none, and one histogram has no last bucket.
_BOUNDS = {
    "x": ("0.1", "1.0", "5.0", "+Inf"),
    "y": ("-2", "0", "1", "1.0", "1_0", " 4", "x", "1e1", "inf"),
    "z": ("1", "2"),
}
_OF_BUCKETS = (Matcher("le", "!=", "+Inf"), Matcher("le", "=~", "1|.*[fx]"), Matcher("job", "=", "y"))
_SOURCES = ("job", "instance", "zone", "", "no name")
_TARGETS = ("zone", "job", "new", "", "no name")
_TEXTS = {
    "label_replace": (_TARGETS, ("$1", "${1}-$2", "$$x", ""), _SOURCES, ("(x)", "(.*)", "")),
    "label_join": (_TARGETS, ("-", ""), _SOURCES),
    "count_values": (("value", "job", "", "no name"),),
}
_VALUES = (0.0, 1.0, -1.0, 2.5, 7.0, 1e6, math.nan, math.inf, -math.inf)


def random_series(dice: random.Random) -> dict[str, list[Series]]:
    """Return series with gaps, staleness markers, resets, NaN and infinities; classic buckets, too.

    Of `distinct`, no two series have equal values, and those of `instant` are times in seconds.
    """
    found: dict[str, list[Series]] = {}
    for metric in ("a", "b", "c_total", "d_total", "distinct", "instant"):
        for job in ("x", "y"):
            for instance in ("1", "2", "3"):
                if dice.random() < 0.8:
                    labels = {"job": job, "instance": instance}
                    labels |= {"zone": dice.choice("uv")} if dice.random() < 0.5 else {}
                    times = _times(dice)
                    each = found.setdefault(metric, [])
                    values = _marked(_values(metric, len(each), times, dice), len(each), dice)
                    each.append(Series(labels, times, values))
    for job, bounds in _BOUNDS.items():
        times = _times(dice)
        counts = [0.0] * len(times)
        for bound in bounds:
            growth = dice.uniform(-1, 5)  # some buckets have less than lower ones
            counts = [count + growth * index for index, count in enumerate(counts)]
            found.setdefault("h_bucket", []).append(Series({"job": job, "le": bound}, times, counts))
    return found


def _times(dice: random.Random) -> list[int]:
    times = [t for t in range(BEGIN, END, 15_000) if dice.random() < 0.85]
    gap = dice.randrange(len(times))
    del times[gap : gap + dice.choice((0, 10, 30))]
    return times


def _values(metric: str, place: int, times: list[int], dice: random.Random) -> list[float]:
    """Return values; of gauges two in three have special ones, too."""
    match metric:
        case "distinct":
            return [dice.uniform(1, 50) for _ in times]
        case "instant":
            return [dice.uniform(-1e11, 1e11) for _ in times]
        case "a" | "b":
            rare = (0.3, 0.1, 0.0)[place % 3]
            return [dice.choice(_VALUES) if dice.random() < rare else dice.uniform(-50, 50) for _ in times]
    values, total = [], 0.0
    for _ in times:
        total = 0.0 if dice.random() < 0.03 else total + dice.uniform(0, 9)
        values.append(total)
    return values


def _marked(values: list[float], place: int, dice: random.Random) -> list[float]:
    """Return the values with a few replaced by staleness markers, in one of two series."""
    rare = (0.1, 0.0)[place % 2]
    return [STALE if dice.random() < rare else value for value in values]


def words(prometheus: PrometheusVersion) -> Words:
    """Return the words of expressions over these series that the evaluator supports."""
    whole = Words(
        metrics=("a", "b", "c_total", "d_total", "distinct"),
        labels=("job", "instance", "zone"),
        matchers=(
            Matcher("job", "=", "x"),
            Matcher("instance", "=~", "1|2"),
            Matcher("zone", "!=", "u"),
            Matcher("zone", "!~", "v"),
            Matcher("zone", "=", ""),
            Matcher("job", "=", "none"),
        ),
        names=(Matcher(NAME, "=~", "a|b"), Matcher(NAME, "!~", "instant|.*_total")),
        numbers=(*map(Fraction, ("0", "1", "2", "0.5", "0.9", "-3", "10")), math.nan, math.inf, -math.inf),
        windows=(15_000, 60_000, 90_000, 300_000, 301_000),
        steps=(None, 30_000, 45_000),
        offsets=(0, 0, 0, 60_000, 600_000, -30_000),
        instants=(BEGIN + 1_800_000, "start", "end"),
        functions=supported(prometheus),
        texts=_TEXTS,
    )
    plain = _with_plain_arguments(whole)
    factors = replace(plain, numbers=tuple(map(Fraction, ("0.5", "0.1", "0.9", "1"))))
    buckets = replace(plain, metrics=("h_bucket",), labels=("le", "job"), matchers=_OF_BUCKETS)
    smoothing = dict.fromkeys(("holt_winters", "double_exponential_smoothing"), factors)
    return replace(plain, inside={**plain.inside, **smoothing, "histogram_quantile": buckets})


def _with_plain_arguments(whole: Words) -> Words:
    """Return the words with fewer in the arguments of what depends on more than the values.

    Prometheus ranks equal values at random, and rounds in an order of its own, so `topk` is given values that
    are distinct, and `count_values` values that are exact. The date of a time that is not finite depends on
    the processor.
    """
    unchanging = ("max_over_time", "min_over_time", "last_over_time", "abs")
    plain = replace(
        whole,
        names=None,
        numbers=tuple(map(Fraction, ("1", "60", "86400"))),
        operators=(),
        aggregations=("max", "min"),
        functions=unchanging,
    )
    distinct = replace(
        plain, metrics=("distinct",), functions=(*unchanging, "avg_over_time", "sum_over_time")
    )
    exact = replace(
        plain, metrics=("a", "b"), functions=(*unchanging, "count_over_time", "changes", "floor", "ceil")
    )
    instants = replace(
        plain, metrics=("instant",), functions=(*unchanging, "timestamp"), operators=("+", "-")
    )
    inside = {
        **dict.fromkeys(("topk", "bottomk"), distinct),
        "count_values": exact,
        **dict.fromkeys(CALENDAR, instants),
    }
    return replace(whole, inside=inside)


def supported(prometheus: PrometheusVersion) -> tuple[str, ...]:
    """Return the functions of a version that the evaluator has."""
    simplest: dict[ValueType, Expr] = {
        SCALAR: number(1),
        VECTOR: Vector("a"),
        RANGE: Vector("a", window=1),
        STRING: Text("a"),
    }
    found = []
    for name in functions_of(prometheus):
        arguments = tuple(simplest[each] for each in FUNCTIONS[name].arguments)
        try:
            compiled(Call(name, arguments))
        except UnsupportedError:
            continue
        found.append(name)
    return tuple(found)


class Asked:
    """A connection to a Prometheus that answers queries."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)

    def close(self) -> None:
        self._connection.close()

    def answer(self, path: str, **parameters: str) -> Any:
        """Return what its API says, also for an error."""
        body = urllib.parse.urlencode(parameters)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", f"/api/v1/{path}", body, headers)
        return json.load(self._connection.getresponse())

    def accepts(self, query: str) -> bool:
        """Return whether it can parse a query."""
        answer = self.answer("format_query", query=query)
        assert answer["status"] == "success" or answer["errorType"] == "bad_data", (query, answer)
        return bool(answer["status"] == "success")

    def values(self, query: str, at: int) -> Answer:
        """Return what a query yields at a time."""
        answer = self.answer("query", query=query, time=f"{at / 1000:.3f}")
        if answer["status"] != "success":
            assert answer["errorType"] == "execution", (query, answer)
            return None
        found = answer["data"]["result"]
        match answer["data"]["resultType"]:
            case "scalar":
                return float(found[1])
            case "string":
                return str(found[1])
        return {frozenset(each["metric"].items()): float(each["value"][1]) for each in found}


@contextmanager
def asked(
    prometheus: Path, folder: Path, series: Mapping[str, list[Series]] | None = None
) -> Iterator[Asked]:
    """Yield a connection to a Prometheus whose storage has these series, if any."""
    options = ("--storage.tsdb.retention.time=100y", "--web.enable-remote-write-receiver")
    with running(prometheus, folder, (), (), *options) as found, closing(Asked(found.url)) as connection:
        if series:
            remote_write.write(found.url, series)
        yield connection

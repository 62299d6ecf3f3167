"""Random expressions have the values that a real Prometheus computes."""

from __future__ import annotations

import http.client
import json
import math
import random
import urllib.parse
from contextlib import ExitStack, closing
from pathlib import Path

from tests.end_to_end.live import Prometheus
from tests.programs import version
from tests.promql.differential import BEGIN, END, Expressions, holding, random_series
from tests.promql.inferences import contradictions, true_facts
from victor_monitoring.promql.evaluator import EvaluationError, LabelSet, compiled
from victor_monitoring.promql.inference.infer import inferred
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.prometheus_version import parse_version
from victor_monitoring.promql.samples import SampleSet
from victor_monitoring.promql.tree import Expr

PAIRS = 3_000
Values = dict[LabelSet, float]


class Asked:
    """A connection to a Prometheus that answers queries."""

    def __init__(self, prometheus: Prometheus) -> None:
        self._connection = http.client.HTTPConnection(urllib.parse.urlsplit(prometheus.url).netloc)

    def close(self) -> None:
        self._connection.close()

    def values(self, query: str, at: int) -> Values | None:
        """Return the values of the query at a time; None for an error."""
        parameters = urllib.parse.urlencode({"query": query, "time": f"{at / 1000:.3f}"})
        self._connection.request("GET", f"/api/v1/query?{parameters}")
        answer = json.load(self._connection.getresponse())
        if answer["status"] != "success":
            assert answer["errorType"] == "execution", (query, answer)
            return None
        found = answer["data"]["result"]
        return {frozenset(each["metric"].items()): float(each["value"][1]) for each in found}


def own_values(expr: Expr, samples: SampleSet, at: int) -> Values | None:
    try:
        found = compiled(expr)(samples, at)
    except EvaluationError:
        return None
    assert not isinstance(found, float | str)
    return dict(found)


def is_close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6) or (math.isnan(one) and math.isnan(other))


def agree(own: Values | None, theirs: Values | None) -> bool:
    if own is None or theirs is None:
        return own is theirs
    return own.keys() == theirs.keys() and all(is_close(own[key], theirs[key]) for key in own)


def test_random_expressions_have_prometheus_values(prometheus: Path, promtool: Path, tmp_path: Path) -> None:
    """Random expressions have Prometheus' labels, values and errors, which no inference contradicts."""
    dice = random.Random(20)
    series = random_series(dice)
    samples = SampleSet(series, parse_version(version(prometheus)))
    draw, wrong, filled, facts = Expressions(dice), [], 0, true_facts(series)
    with ExitStack() as stack:
        running = stack.enter_context(holding(prometheus, promtool, series, tmp_path))
        asked = stack.enter_context(closing(Asked(running)))
        for _ in range(PAIRS):
            expr = draw.vector()
            at = dice.randrange(BEGIN + 600_000, END, dice.choice((15_000, 7_001)))
            theirs, own = asked.values(text(expr), at), own_values(expr, samples, at)
            filled += bool(theirs)
            if not agree(own, theirs):
                wrong.append(f"{text(expr)} @ {at}: {own} and not {theirs}")
            denied = () if theirs is None else contradictions(inferred(expr, facts), theirs)
            wrong += [f"{text(expr)} @ {at}: {each}" for each in denied]
    assert filled > PAIRS / 3
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(each[:900] for each in wrong[:40])

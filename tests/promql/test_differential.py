"""Random expressions have the values that a real Prometheus computes."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.programs import version
from tests.promql.differential import BEGIN, END, Answer, Asked, asked, random_series, words
from tests.promql.expressions import OPERATORS, any_types, fresh
from tests.promql.inferences import Tally, contradictions, true_facts
from tests.promql.tolerance import agree, differing, is_known_difference
from tests.tables import row
from victor_monitoring.promql.evaluation.evaluator import EvaluationError, compiled
from victor_monitoring.promql.grammar import AGGREGATIONS
from victor_monitoring.promql.inference.infer import inferred
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.prometheus_version import parse_version
from victor_monitoring.promql.samples import Samples, SampleSet
from victor_monitoring.promql.signatures import SCALAR, STRING, VECTOR, ValueType
from victor_monitoring.promql.tree import Aggregate, Binary, Call, Expr, nodes

EXAMPLES, PAIRS = 3_100, 3_000  # a few are drawn twice
SEED = 20  # of the series
TYPES: tuple[ValueType, ...] = (*(VECTOR,) * 18, SCALAR, STRING)
# Times on and near the times of samples, which are 15 seconds apart, from ten minutes of samples on.
MINUTES = range(BEGIN + 600_000, END, 60_000)
WITHIN = (0, 15_000, 30_000, 45_000, 1, 250, 7_001, 14_999, 22_500, 59_999)
TIMES = st.builds(int.__add__, st.sampled_from(MINUTES), st.sampled_from(WITHIN))


def own_values(expr: Expr, samples: Samples, at: int) -> Answer:
    try:
        found = compiled(expr)(samples, at)
    except EvaluationError:
        return None
    return found if isinstance(found, float | str) else dict(found)


class Comparison:
    """Compares our answers and inferences with the answers of a Prometheus, and counts what was compared."""

    def __init__(self, asked: Asked, samples: SampleSet) -> None:
        self._asked, self._samples = asked, samples
        self._facts = true_facts(samples.by_metric)
        self.pairs: set[tuple[str, int]] = set()
        self.counts: Counter[str] = Counter()
        self.tally = Tally()
        self.used: set[str] = set()

    def compare(self, expr: Expr, at: int) -> None:
        """Raise AssertionError if the answers at a time differ, or an inference is wrong."""
        query = text(expr)
        own, theirs = own_values(expr, self._samples, at), self._asked.values(query, at)
        found = differing(own, theirs)
        is_equal = agree(expr, at, found, self._samples)
        assert is_equal, f"{query} @ {at}: {own}, and Prometheus' {theirs}"
        inference = inferred(expr, self._facts)
        answer = {frozenset[tuple[str, str]](): theirs} if isinstance(theirs, float) else theirs
        denied = list(contradictions(inference, answer)) if isinstance(answer, dict) else []
        assert not denied, f"{query} @ {at}: {denied}"
        if (query, at) not in self.pairs:
            self.tally.add(inference)
            self.pairs.add((query, at))
            self.counts["error" if theirs is None else "values" if theirs not in ({}, "") else "empty"] += 1
            self.counts["rounded"] += bool(found)
        self.used |= {each.function for each in nodes(expr, Call)}
        self.used |= {each.op for each in nodes(expr, Aggregate)} | {each.op for each in nodes(expr, Binary)}


@pytest.mark.hypothesis
def test_random_expressions_have_prometheus_values(
    prometheus: Path, tmp_path: Path, request: pytest.FixtureRequest, record_property
) -> None:
    """Label sets, values and errors of random expressions over random series equal Prometheus'.

    Nothing that is inferred of them is wrong. Every function that the evaluator has occurs, and every
    operator and aggregation.
    """
    release = version(prometheus)
    chosen = words(parse_version(release))
    series = random_series(random.Random(int(request.config.getoption("--hypothesis-seed") or SEED)))
    samples = SampleSet(series, parse_version(release))
    with asked(prometheus, tmp_path, series) as connection:
        compared = Comparison(connection, samples)
        expressions = any_types(chosen, TYPES, 3).filter(
            lambda expr: not is_known_difference(expr, samples.prometheus)
        )

        @settings(max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck))
        @given(fresh(st.tuples(expressions, TIMES)))
        def check(pair: tuple[Expr, int]) -> None:
            compared.compare(*pair)

        check()
    counts = {name: str(compared.counts[name]) for name in ("values", "empty", "error", "rounded")}
    record_property(*row("pairs", {"Prometheus": release, "compared": str(len(compared.pairs)), **counts}))
    assert len(compared.pairs) >= PAIRS
    assert compared.counts["values"] > PAIRS / 2
    assert compared.tally.says(len(compared.pairs))
    assert {*chosen.functions, *OPERATORS, *AGGREGATIONS} <= compared.used

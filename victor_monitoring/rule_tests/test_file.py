"""Cases as test files for `promtool test rules`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.tree import Vector
from victor_monitoring.rule_tests.case import Case, CasePart, Expectation, Recorded, Unrecorded
from victor_monitoring.rule_tests.script import series_text

# The tolerance for recorded values, as a share of the value: sums differ in their last digits.
_NEAR: Final = 1e-6


def test_file(
    cases: Iterable[Case], *, rule_files: list[str], groups: list[str], evaluate: int
) -> dict[str, object]:
    """Return a test file. `groups` sets their order of evaluation, which is random in promtool otherwise."""
    return {
        "rule_files": rule_files,
        "evaluation_interval": duration_text(evaluate),
        "group_eval_order": groups,
        "tests": [case_test(case) for case in cases],
    }


def case_test(case: Case) -> dict[str, object]:
    """Return one case as a test of a test file."""
    exact = [each for each in case.expectations if each.has_annotations]
    found = [query for _, query in queries(case)]
    test: dict[str, object] = {
        "name": case.name,
        "interval": duration_text(case.script.interval),
        "input_series": case.script.input_series(),
    }
    if exact:
        test["alert_rule_test"] = [_alerts(each) for each in exact]
    if found:
        test["promql_expr_test"] = found
    return test


def queries(case: Case) -> Iterator[tuple[CasePart, dict[str, object]]]:
    """Yield the queries of a case, each after the part of the case that it tests."""
    yield from ((each, _states(each)) for each in case.expectations if not each.has_annotations)
    yield from ((each, _none(each)) for each in case.unrecorded)
    yield from ((each, query) for each in case.recorded for query in _recorded(each))


def _alerts(expectation: Expectation) -> dict[str, object]:
    return {
        "eval_time": duration_text(expectation.at),
        "alertname": expectation.alertname,
        "exp_alerts": [
            {"exp_labels": dict(each.labels), "exp_annotations": dict(each.annotations)}
            for each in expectation.firing
        ],
    }


def _states(expectation: Expectation) -> dict[str, object]:
    """Return a query that compares the firing alerts by their labels alone."""
    state = {"alertname": expectation.alertname, "alertstate": "firing"}
    firing = [
        {"labels": series_text("ALERTS", tuple({**state, **each.labels}.items())), "value": 1}
        for each in expectation.firing
    ]
    return _query(f"ALERTS{_matchers({**state, **dict(expectation.labels)})}", expectation.at, firing)


def _none(unrecorded: Unrecorded) -> dict[str, object]:
    expr = f"{unrecorded.record}{_matchers({unrecorded.label: unrecorded.value})}"
    return _query(expr, unrecorded.at, [])


def _recorded(recorded: Recorded) -> Iterator[dict[str, object]]:
    """Yield queries that count the series, and compare each with its value within a millionth."""
    selected = text(Vector(recorded.record, recorded.select.matchers))
    if not recorded.values:
        yield _query(selected, recorded.at, [])
        return
    yield _query(f"count({selected})", recorded.at, [{"labels": "{}", "value": len(recorded.values)}])
    for labels, value in recorded.values.items():
        low, high = sorted((value * (1 - _NEAR), value * (1 + _NEAR)))
        near = f"{recorded.record}{_matchers(dict(labels))} >= {low - _NEAR**2!r} <= {high + _NEAR**2!r}"
        yield _query(f"group({near})", recorded.at, [{"labels": "{}", "value": 1}])


def _query(expr: str, at: int, samples: list[dict[str, object]]) -> dict[str, object]:
    return {"expr": expr, "eval_time": duration_text(at), "exp_samples": samples}


def _matchers(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f"{name}={json.dumps(value)}" for name, value in labels.items()) + "}"

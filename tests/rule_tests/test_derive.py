"""The derived cases: complete, distinct and reproducible."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.rules.rendered import PERFORMANCE, Place, compiled_text, derived, places, resolved
from victor_monitoring.app.pipeline import render
from victor_monitoring.promql.duration import parse_duration
from victor_monitoring.promql.tree import Expr
from victor_monitoring.rule_tests.case import Case
from victor_monitoring.rule_tests.case_template import case_kinds
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.rule_tests.failures import skipped_case
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.signals.kinds.value import Value
from victor_monitoring.signals.signal import Signal

ALWAYS = {
    "fires", "short", "threshold", "recovers", "missed-scrape", "replicas", "vanished", "never-there",
    "elsewhere",
}  # fmt: skip


@pytest.mark.parametrize("place", places(), ids=str)
def test_every_kind_that_applies_to_an_alert_has_cases(place: Place) -> None:
    """Every kind that applies to an alert has cases of it, in base and in every context."""
    spec, found = resolved(place), derived(place)
    assert found.skipped == ()
    made = {(case.alert, case.kind) for case in found.cases}
    for alert in spec.alerts:
        applying = {kind.name for kind in case_kinds() if kind.applies(AlertFixture(spec, alert))}
        assert applying >= ALWAYS
        assert {kind for name, kind in made if name == alert.name} == applying


@pytest.mark.parametrize("place", places(), ids=str)
def test_case_names_are_unique(place: Place) -> None:
    """No two cases share a name, since a failure is reported by the name."""
    names = Counter(case.name for case in derived(place).cases)
    assert [name for name, count in names.items() if count > 1] == []


def test_every_case_expects_something() -> None:
    """Every case has an expectation: without one it would pass on any rules."""
    cases = derived(Place("performance", None)).cases
    assert len(cases) > 400
    assert [case.name for case in cases if not case.expectations] == []


@pytest.mark.parametrize("place", places(), ids=str)
def test_every_alert_fires_in_some_case_and_is_silent_in_another(place: Place) -> None:
    """No alert passes that always fires, and none that never does."""
    spec, cases = resolved(place), derived(place).cases
    for alert in spec.alerts:
        states = {
            bool(each.firing) for case in cases for each in case.expectations if each.alert == alert.name
        }
        assert states == {True, False}, alert.name


def test_two_values_that_fire_at_once_are_expected_in_one_order() -> None:
    """Values that fire together are sorted by their labels: the order of a set differs between processes."""
    cases = derived(Place("performance", None)).cases
    firing = [each.firing for case in cases if case.kind == "two-values" for each in case.expectations]
    assert max(map(len, firing)) == 2
    for each in firing:
        labels = [sorted(one.labels.items()) for one in each]
        assert labels == sorted(labels)


def kinds_of(alert: str, cases: tuple[Case, ...]) -> set[str]:
    return {case.kind for case in cases if case.alert == alert}


def test_kinds_follow_the_features_of_an_alert() -> None:
    """Only alerts with a guard, parts, severities or `keep_firing_for` have cases of these kinds."""
    shop = derived(Place("checkout", None)).cases
    assert {"guard", "keeps-firing", "severities"} <= kinds_of("CheckoutFailing", shop)
    assert "part" in kinds_of("CheckoutUnhealthy", shop)
    assert not {"guard", "part", "window", "no-traffic"} & kinds_of("QueueLong", shop)


def test_the_tests_are_rendered_where_they_are_named_and_for_base_alone() -> None:
    """The file refers to the rules by a relative path; a context renders none: all its files are applied."""
    text = PERFORMANCE.read_text(encoding="utf-8")
    named = text.replace("\noutputs:\n", "\noutputs:\n  tests: checked/rules/performance.yaml\n")
    assert [each for each in render(compiled_text(text)) if each.output == "tests"] == []
    (artifact,) = (each for each in render(compiled_text(named)) if each.output == "tests")
    assert artifact.context is None
    assert "- ../../generated/performance-alerts.yaml\n" in artifact.text


def test_a_case_that_cannot_be_made_is_reported() -> None:
    """A guard that the alert's own signal always meets is never unmet: its case is skipped, with a reason."""
    text = PERFORMANCE.read_text(encoding="utf-8").replace(
        'when: "> 100"', 'when: "> 100"\n      only_if: {signal: threads, when: "> 50"}'
    )
    base = compiled_text(text).base
    assert base is not None
    (skipped,) = derive(base).skipped
    assert (skipped.alert, skipped.kind) == ("HighThreadCount", "guard")
    assert skipped.reason == "`only_if: threads > 50` is always met where all other conditions are"


def test_an_expression_that_contradicts_its_series_fails_its_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Series are made without the expression: a sum where a maximum is meant is beyond the threshold."""
    compiled = compiled_text(PERFORMANCE.read_text(encoding="utf-8"))
    assert compiled.base is not None
    promql = Value.promql

    def summed(kind: Value, signal: Signal) -> Expr:
        return promql(replace(kind, agg="sum") if kind.agg == "max" else kind, signal)

    monkeypatch.setattr(Value, "promql", summed)
    wrong = [each for each in derive(compiled.base).skipped if each.is_wrong]
    assert "replicas" in {each.kind for each in wrong}
    assert {skipped_case(each, compiled.trees[None]).code for each in wrong} == {"VM701"}


@pytest.mark.parametrize(("wait", "is_tested"), [("7d", True), ("1y", False)])
def test_a_case_that_is_too_long_is_skipped(wait: str, is_tested: bool) -> None:
    """An alert with `for: 7d` is tested like all others; one with `for: 1y` is reported as skipped."""
    text = PERFORMANCE.read_text(encoding="utf-8").replace("for: 5m", f"for: {wait}", 1)
    spec = compiled_text(text).base
    assert spec is not None
    found, (alert, *_) = derive(spec), spec.alerts
    assert alert.pending == parse_duration(wait)
    skipped = {each.kind for each in found.skipped if each.alert == alert.name}
    applying = {kind.name for kind in case_kinds() if kind.applies(AlertFixture(spec, alert))}
    assert skipped == (set() if is_tested else applying)
    others = {each.kind for each in found.skipped if each.alert != alert.name}
    assert others <= {"severities"}  # the cases of another alert together with this one
    assert any(each.alert == alert.name for each in found.cases) == is_tested

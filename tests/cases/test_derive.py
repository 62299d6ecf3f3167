"""The cases that are derived: none lacks, each says something else, and all the same every time."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.rules.rendered import PERFORMANCE, SPECS, Place, artifacts, compiled_text, places, resolved
from victor_monitoring.promql.duration import parse_duration
from victor_monitoring.renderers.tests import render
from victor_monitoring.rule_tests.case import Case
from victor_monitoring.rule_tests.case_template import case_kinds
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.rule_tests.fixture import AlertFixture

ALWAYS = {
    "fires", "short", "threshold", "recovers", "missed-scrape", "replicas", "vanished", "never-there",
    "elsewhere",
}  # fmt: skip


@pytest.mark.parametrize("place", places(), ids=str)
def test_no_alert_lacks_a_kind_of_case_that_applies_to_it(place: Place) -> None:
    """Every kind that applies to an alert has cases of it, in base and in every context."""
    spec = resolved(place)
    found = derive(spec)
    assert found.skipped == ()
    made = {(case.alert, case.kind) for case in found.cases}
    for alert in spec.alerts:
        applying = {kind.name for kind in case_kinds() if kind.applies(AlertFixture(spec, alert))}
        assert applying >= ALWAYS
        assert {kind for name, kind in made if name == alert.name} == applying


@pytest.mark.parametrize("place", places(), ids=str)
def test_every_case_is_told_apart_by_its_name(place: Place) -> None:
    """No two cases share a name, for a failure is told by it."""
    names = Counter(case.name for case in derive(resolved(place)).cases)
    assert [name for name, count in names.items() if count > 1] == []


def test_every_case_expects_something() -> None:
    """A case without an expectation would pass whatever the rules do."""
    cases = derive(resolved(Place("performance", None))).cases
    assert len(cases) > 400
    assert [case.name for case in cases if not case.expectations] == []


@pytest.mark.parametrize("place", places(), ids=str)
def test_every_alert_fires_in_some_case_and_is_silent_in_another(place: Place) -> None:
    """So no alert passes that always fires, and none that never does."""
    spec = resolved(place)
    cases = derive(spec).cases
    for alert in spec.alerts:
        states = {
            bool(each.firing) for case in cases for each in case.expectations if each.alert == alert.name
        }
        assert states == {True, False}, alert.name


def test_two_values_that_fire_at_once_are_expected_in_one_order() -> None:
    """By their labels: the order of a set would render another file in every process."""
    cases = derive(resolved(Place("performance", None))).cases
    firing = [each.firing for case in cases if case.kind == "two-values" for each in case.expectations]
    assert max(map(len, firing)) == 2
    for each in firing:
        labels = [sorted(one.labels.items()) for one in each]
        assert labels == sorted(labels)


def kinds_of(alert: str, cases: tuple[Case, ...]) -> set[str]:
    return {case.kind for case in cases if case.alert == alert}


def test_kinds_follow_what_an_alert_is_about() -> None:
    """Guards, parts, severities and durations that keep an alert firing have cases where there are any."""
    shop = derive(resolved(Place("checkout", None))).cases
    assert {"guard", "keeps-firing", "severities"} <= kinds_of("CheckoutFailing", shop)
    assert "part" in kinds_of("CheckoutUnhealthy", shop)
    assert not {"guard", "part", "window", "no-traffic"} & kinds_of("QueueLong", shop)


@pytest.mark.parametrize("spec", SPECS)
def test_the_tests_are_rendered_for_base_alone(spec: str) -> None:
    """A context's folder is what is applied there, which tests are not."""
    tests = [
        place.context
        for place in places()
        if place.spec == spec
        for a in artifacts(place)
        if a.output == "tests"
    ]
    assert tests == [None]


def test_the_file_names_the_rules_that_it_tests_from_where_it_stands() -> None:
    """In another folder the rules are found by a way that leads there."""
    text = PERFORMANCE.read_text(encoding="utf-8").replace(
        "tests: generated/performance-alerts.test.yaml", "tests: checked/rules/performance.yaml"
    )
    base = compiled_text(text).base
    assert base is not None
    (artifact,) = render(base)
    assert "- ../../generated/performance-alerts.yaml\n" in artifact.text


def test_what_cannot_be_tried_is_told() -> None:
    """A guard that the alert's own signal always meets cannot be seen unmet: that kind of case lacks."""
    text = PERFORMANCE.read_text(encoding="utf-8").replace(
        'when: "> 100"', 'when: "> 100"\n      only_if: {signal: threads, when: "> 50"}'
    )
    base = compiled_text(text).base
    assert base is not None
    (skipped,) = derive(base).skipped
    assert (skipped.alert, skipped.kind) == ("HighThreadCount", "guard")
    assert skipped.reason == "`only_if` is not met, the alert would be silent, then firing"


@pytest.mark.parametrize(("wait", "is_tried"), [("7d", True), ("1y", False)])
def test_a_case_that_no_test_can_last_for_lacks(wait: str, is_tried: bool) -> None:
    """An alert that waits for a week is tried like all others; of one that waits for a year it is told."""
    text = PERFORMANCE.read_text(encoding="utf-8").replace("for: 5m", f"for: {wait}", 1)
    spec = compiled_text(text).base
    assert spec is not None
    found, (alert, *_) = derive(spec), spec.alerts
    assert alert.pending == parse_duration(wait)
    lacking = {each.kind for each in found.skipped if each.alert == alert.name}
    applying = {kind.name for kind in case_kinds() if kind.applies(AlertFixture(spec, alert))}
    assert lacking == (set() if is_tried else applying)
    assert {each.kind for each in found.skipped if each.alert != alert.name} <= {"severities"}  # beside it
    assert any(each.alert == alert.name for each in found.cases) == is_tried

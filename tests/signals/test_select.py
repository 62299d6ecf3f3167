"""The labels by which targets are selected."""

from __future__ import annotations

import pytest

from victor_monitoring.signals.select import Select

WRITTEN = {"job": "=~node|node-exporter", "zone": "eu"}
SELECT = Select.of(WRITTEN)


def test_a_value_with_a_sign_is_a_pattern() -> None:
    """`=~` starts a regular expression; any other value is compared as it is."""
    assert [str(each) for each in SELECT] == ['job=~"node|node-exporter"', 'zone="eu"']
    assert SELECT.written() == WRITTEN


def test_a_pattern_fixes_no_value() -> None:
    """Only an equality fixes the value of its label."""
    assert (SELECT.fixed, SELECT.labels) == ({"zone": "eu"}, ("job", "zone"))
    assert [each.label for each in SELECT.patterns] == ["job"]


def test_an_example_is_selected_and_no_other_value() -> None:
    """Labels of targets follow from the matchers: those of one that is selected, and those of others."""
    assert SELECT.example == {"job": "node", "zone": "eu"}
    assert SELECT.matches(SELECT.example)
    for label, value in SELECT.outside.items():
        assert not SELECT.matches({**SELECT.example, label: value})
    assert not SELECT.matches({"zone": "eu"})


@pytest.mark.parametrize(
    ("pattern", "outside"),
    [("=~[a-z]+", {"job": "ELSEWHERE"}), ("=~.+", {}), ("elsewhere", {"job": "ELSEWHERE"})],
)
def test_a_value_outside_matches_no_pattern(pattern: str, outside: dict[str, str]) -> None:
    """A label that takes any value has no value outside."""
    assert Select.of({"job": pattern}).outside == outside


@pytest.mark.parametrize(
    ("label", "used", "other"),
    [("job", {"node"}, "node-exporter"), ("job", {"node", "node-exporter"}, None), ("zone", {"eu"}, None)],
)
def test_a_pattern_may_have_another_value(label: str, used: set[str], other: str | None) -> None:
    """A label with a pattern has values that are not used yet, one with an equality has none."""
    assert SELECT.another(label, used) == other

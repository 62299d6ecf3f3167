"""A context's time scale in the rules: durations are divided by it, thresholds are not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import promql_parser
import pytest

from tests.rules.rendered import Place, Rule, artifacts, rule_files, rules

BASE, FAST = Place("performance", None), Place("performance", "fast")
SCALE = 60
RANGE = re.compile(r"\[(\w+)\]")
WINDOW = re.compile(r"_\d+(?:ms|[hms])\b")


def durations(rule: Rule) -> Iterator[timedelta]:
    """Yield every duration of a rule: its ranges, `for` and `keep_firing_for`."""
    for text in RANGE.findall(rule.data["expr"]):
        yield promql_parser.parse_duration(text)
    for key in ("for", "keep_firing_for"):
        if key in rule.data:
            yield promql_parser.parse_duration(rule.data[key])


def timeless(text: str) -> str:
    """Return an expression or a name without its windows."""
    return WINDOW.sub("", RANGE.sub("[]", text))


def test_durations_are_divided() -> None:
    """Windows, `for` and evaluation are 60 times shorter, rule by rule."""
    base = [list(durations(rule)) for rule in rules(BASE)]
    assert [[each / SCALE for each in found] for found in base] == [list(durations(r)) for r in rules(FAST)]
    assert sum(map(len, base)) > 50


def test_interval_is_divided() -> None:
    """Each group is evaluated 60 times as often."""
    intervals = {
        place: {group["interval"] for _, file in rule_files(artifacts(place)) for group in file["groups"]}
        for place in (BASE, FAST)
    }
    assert intervals == {BASE: {"30s"}, FAST: {"500ms"}}


def test_nothing_else_changes() -> None:
    """Names, labels, annotations and thresholds do not change."""
    for base, fast in zip(rules(BASE), rules(FAST), strict=True):
        assert timeless(base.name) == timeless(fast.name)
        assert timeless(base.data["expr"]) == timeless(fast.data["expr"])
        assert base.data.get("labels") == fast.data.get("labels")
        assert base.data.get("annotations") == fast.data.get("annotations")


@pytest.mark.parametrize("name", ["HighMemoryUsage", "HighToolExecutionLatency"])
def test_thresholds_stay(name: str) -> None:
    """Thresholds in bytes or seconds are not scaled."""
    (base,) = [rule for rule in rules(BASE) if rule.name == name]
    (fast,) = [rule for rule in rules(FAST) if rule.name == name]
    assert base.tree.rhs.val == fast.tree.rhs.val > 0

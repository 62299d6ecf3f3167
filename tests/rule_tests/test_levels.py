"""Levels of a signal around its threshold."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from victor_monitoring.app.pipeline import compile_spec
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.rule_tests.levels import Levels
from victor_monitoring.signals.quantity import parse_condition

QUEUE = Path(__file__).parents[2] / "specs" / "examples" / "queue.yaml"
PERCENTS = (1, 2, 10, 25, 50, 100)


@pytest.mark.parametrize("condition", ["> 1m", "> 2m", "< 1m", "> 3m", "> 30s", "< 2m"])
def test_the_text_of_a_level_is_the_same_after_rounding(condition: str) -> None:
    """Versions round differently: one computes 90 s, `1m 30s`, another a little less, `1m 29s`."""
    spec = compile_spec(Source(str(QUEUE), QUEUE.read_text()), today=datetime.date(2026, 1, 1)).base
    assert spec is not None
    signal = spec.signals["age_p95"]
    levels = Levels(signal, parse_condition(condition).in_unit(signal.unit))
    text = signal.unit.format.text
    found = {way(percent) for way in (levels.beyond, levels.short) for percent in PERCENTS}
    moving = found - {levels.threshold, signal.range.low, signal.range.high}
    assert len(moving) >= len(PERCENTS)
    for level in map(float, moving):
        assert text(level * (1 - 1e-10)) == text(level * (1 + 1e-10))

"""Versions of Prometheus: parsing, and the rates of the promtool under test."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.programs import version
from victor_monitoring.promql.evaluation.functions import per_second
from victor_monitoring.promql.prometheus_version import ASSUMED, DISTINCT_VERSIONS, parse_version
from victor_monitoring.promql.samples import Series

SCRAPE = 15_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [("2.42", "2.42"), ("2.42.0+ds", "2.42"), ("v3.14.0", "3.14"), ("3.0.0-rc.1", "3.0"), ("10.2", "10.2")],
)
def test_a_version_is_its_first_two_numbers(text: str, shown: str) -> None:
    """A version is read as spelled by a program, a package or an image."""
    assert str(parse_version(text)) == shown


@pytest.mark.parametrize("text", ["", "3", "latest", "3.x", "3.14 (stable)"])
def test_anything_else_is_no_version(text: str) -> None:
    """A text that is no version is a ValueError."""
    with pytest.raises(ValueError, match="is no version"):
        parse_version(text)


def test_versions_compute_in_three_ways() -> None:
    """Each behaviour differs from the previous one in one property; 3.x is the default."""
    found = [(str(way), way.zero_only_shortens, way.left_open) for way in DISTINCT_VERSIONS]
    assert found == [("2.42", False, False), ("2.52", True, False), ("3.0", True, True)]
    assert parse_version("2.9") < parse_version("2.42")
    assert ASSUMED.left_open


def test_a_rate_is_what_the_promtool_that_runs_here_says(promtool: Path, tmp_path: Path) -> None:
    """Rates equal promtool's where versions differ: counters that begin in the window or at its start."""
    running = parse_version(version(promtool))
    checks = []
    for name, first, asked, window in (
        ("late", 7, 240_000, 301_000),
        ("early", 2, 240_000, 301_000),
        ("bound", 500, 300_000, 90_000),
    ):
        times = [120_000 + SCRAPE * index for index in range(31)]
        series = Series({}, times, [float(first + 10 * index) for index in range(31)])
        seen = series.within(asked - window, asked, left_open=running.left_open)
        rate = per_second(*seen, asked - window, asked, running)
        assert rate is not None
        expr = f"abs(rate({name}_total[{window}ms]) - {rate!r}) < 1e-12"
        checks.append((name, first, expr, asked))
    test = {
        "interval": f"{SCRAPE}ms",
        "input_series": [
            {"series": f"{name}_total", "values": f"_x8 {first}+10x30"} for name, first, *_ in checks
        ],
        "promql_expr_test": [
            {
                "expr": f"group({expr})",
                "eval_time": f"{at}ms",
                "exp_samples": [{"labels": "{}", "value": 1}],
            }
            for *_, expr, at in checks
        ],
    }
    path = tmp_path / "test.json"
    path.write_text(json.dumps({"tests": [test]}), encoding="utf-8")
    done = subprocess.run(
        [promtool, "test", "rules", path.name], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

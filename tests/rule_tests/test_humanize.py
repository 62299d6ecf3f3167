"""Numbers are formatted as Prometheus formats them, compared by promtool."""

from __future__ import annotations

import json
import math
import random
import subprocess
from pathlib import Path

import pytest

from victor_monitoring.signals.units import UNITS, ValueFormat

FORMATS = {unit.format.pipeline: unit.format for unit in UNITS.values()}
# From these numbers of seconds on, integers in Prometheus overflow.
_LARGEST = {"humanizeDuration": 1e18, "humanizeTimestamp": 9e9}
EDGES = [
    *(
        0.0,
        -0.0,
        1.0,
        -1.0,
        999.9,
        999.95,
        1000.0,
        1023.9,
        1024.0,
        1025.0,
        1e6,
        1e27,
        1e30,
        1e-3,
        1e-27,
        1e-30,
    ),
    *(
        0.396,
        0.404,
        1.01,
        59.9,
        60.0,
        61.5,
        3599.5,
        3600.0,
        86399.0,
        86400.0,
        90061.0,
        -3661.0,
        -0.25,
        -1234.5,
    ),
    *(math.inf, -math.inf, 12345.678, 0.00012345, 1.000049, 9.9995),
]


def values() -> list[float]:
    """Return values of all magnitudes, and those at which the format changes."""
    dice = random.Random(4)
    return [*EDGES, *(dice.choice((1, -1)) * 10 ** dice.uniform(-12, 14) for _ in range(120))]


@pytest.mark.parametrize("used", FORMATS.values(), ids=FORMATS)
def test_a_number_is_written_as_prometheus_writes_it(
    promtool: Path, tmp_path: Path, used: ValueFormat
) -> None:
    """The format of each unit gives each value the text of an annotation, which promtool compares exactly."""
    largest = _LARGEST.get(used.pipeline, math.inf)
    valid = [value for value in values() if math.isinf(value) or abs(value) < largest]
    by_label = {f"v{index:03}": value for index, value in enumerate(valid)}
    rule = {"alert": "Number", "expr": "x == x", "annotations": {"text": used.template()}}
    (tmp_path / "rules.json").write_text(json.dumps({"groups": [{"name": "g", "rules": [rule]}]}), "utf-8")
    test = {
        "input_series": [
            {"series": f'x{{v="{key}"}}', "values": repr(value).replace("inf", "Inf")}
            for key, value in by_label.items()
        ],
        "alert_rule_test": [
            {
                "eval_time": "0m",
                "alertname": "Number",
                "exp_alerts": [
                    {"exp_labels": {"v": key}, "exp_annotations": {"text": used.text(value)}}
                    for key, value in by_label.items()
                ],
            }
        ],
    }
    (tmp_path / "test.json").write_text(json.dumps({"rule_files": ["rules.json"], "tests": [test]}), "utf-8")
    done = subprocess.run(
        [promtool, "test", "rules", "test.json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("used", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("value", [1e11, -1e11, 1e300, -1e300, 5e-324, math.nan, math.inf])
def test_every_number_has_a_text(used: ValueFormat, value: float) -> None:
    """A number that Prometheus cannot print, such as a date after 2262, is printed without an exception."""
    assert used.text(value)

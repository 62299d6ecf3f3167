"""The collector with the real Victor, in a separate environment."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_victors_own_collector_registers_unmodified(victor_ai: Path) -> None:
    """Each execution is in the histogram with tool and duration; afterwards the object is restored."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [victor_ai, "-m", "tests.victor.real"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout)
    durations = {"grep": [3, pytest.approx(3.72)], "edit": [1, pytest.approx(0.004)]}
    assert seen == {
        "faults": {},
        "executions": [["grep", "success", 2], ["grep", "failure", 1], ["edit", "success", 1]],
        "durations": durations,
        "buckets": {
            "0.005": 0, "0.01": 0, "0.05": 1, "0.1": 1, "0.5": 1, "1.0": 2, "2.0": 2, "5.0": 3,
            "10.0": 3, "30.0": 3, "+Inf": 3,
        },
        "methods": [["semantic", 1], ["fallback", 1]],
        "restored": True,
        "after": durations,
        "own": 5,
    }  # fmt: skip

"""The cases detect all mutants of the specs of this repository."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, victor_mon, with_promtool
from tests.rules.rendered import EXAMPLES


@pytest.mark.prove
@pytest.mark.parametrize(
    ("spec", "least"),
    [
        ("specs/performance.yaml", 1000),
        ("tests/checkout.yaml", 600),
        *((path.relative_to(ROOT).as_posix(), 100) for path in EXAMPLES.values()),
    ],
)
def test_every_mutant_is_noticed(promtool: Path, spec: str, least: int) -> None:
    """Every mutant is detected except equivalent ones, at most 2%; the results are printed."""
    start = time.monotonic()
    env = with_promtool(promtool)
    run = victor_mon(ROOT, "test", "--mutate", "--spec", spec, env=env)
    print(f"{run.out}{run.err}after {time.monotonic() - start:.0f} s")
    (summary,) = [line for line in run.err.splitlines() if " mutants, " in line]
    mutants, survived, equivalent = (int(word) for word in summary.split() if word.isdigit())
    assert mutants >= least
    assert (run.status, survived) == (0, 0)
    assert equivalent <= mutants * 0.02

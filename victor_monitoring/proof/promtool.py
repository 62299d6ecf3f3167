"""promtool run on tests: one file for each case, so that a failure is the case's."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from victor_monitoring.cases.case import Case
from victor_monitoring.cases.promtool import test_file
from victor_monitoring.errors import UserError

from .rules import RuleFile

# A case is a fraction of a second; promtool that takes so long for one has hung.
_PATIENCE: Final = 120
_HEAD: Final = re.compile(r"Unit Testing:\s+(\d+)\.json\n")
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - where Linux keeps files in memory; names below are random


@dataclass(frozen=True, slots=True)
class Trial:
    """One case and the rules that it is run on."""

    case: Case
    rules: RuleFile
    evaluate: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What promtool says of one case: nothing where it passes."""

    case: Case
    said: str

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.said


def find_promtool() -> Path:
    """The path of promtool; UserError where it is not installed."""
    found = shutil.which("promtool")
    if found is None:
        raise UserError(
            "`promtool` is not on PATH, and the tests of the rules are run by it",
            "install Prometheus, whose archive and packages bring it: apt-get install prometheus, "
            "brew install prometheus, or https://prometheus.io/download",
        )
    return Path(found)


def run_trials(promtool: Path, trials: Sequence[Trial]) -> Iterator[Verdict]:
    """The verdicts, in order, by one process for all of the trials."""
    with tempfile.TemporaryDirectory(prefix="victor-mon-", dir=_scratch()) as folder:
        written: dict[int, str] = {}
        for index, trial in enumerate(trials):
            if id(trial.rules) not in written:
                written[id(trial.rules)] = f"rules-{index}.json"
                _write(Path(folder) / written[id(trial.rules)], trial.rules.data())
            test = test_file(
                [trial.case],
                rule_files=[written[id(trial.rules)]],
                groups=trial.rules.names,
                evaluate=trial.evaluate,
            )
            _write(Path(folder) / f"{index}.json", test)
        said = _said(promtool, Path(folder), len(trials))
    for index, trial in enumerate(trials):
        yield Verdict(trial.case, said[index])


def _said(promtool: Path, folder: Path, count: int) -> list[str]:
    """What promtool prints about each file: nothing about one that passes."""
    done = subprocess.run(  # noqa: S603 - the program that was found on PATH, and files of our own
        [promtool, "test", "rules", *(f"{index}.json" for index in range(count))],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
        timeout=_PATIENCE * count,
    )
    _, *parts = _HEAD.split(done.stdout)
    said = {int(index): text.strip() for index, text in zip(parts[::2], parts[1::2], strict=True)}
    if len(said) != count or done.returncode not in (0, 1):
        lines = done.stdout.strip().splitlines() or [f"status {done.returncode}"]
        raise UserError(f"promtool failed: {lines[-1]}", f"look at what `{promtool} --version` says")
    return ["" if said[index] == "SUCCESS" else said[index] for index in range(count)]


def _write(path: Path, data: object) -> None:
    path.write_text(json.dumps(data), encoding="utf-8")


def _scratch() -> Path | None:
    """Files in memory where there are some: promtool writes a small database for each case."""
    return _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None

"""Print every measurement as a Markdown table; each row names the floor that it is compared with."""

from __future__ import annotations

import datetime
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.benchmarks import collector, growth, rest, runtime
from tests.benchmarks.rows import paired, row
from tests.benchmarks.synthetic import synthetic_spec
from victor_monitoring.app.pipeline import compile_spec, render
from victor_monitoring.base.diagnostics import Source

_ROOT = Path(__file__).resolve().parents[2]
_PROCESS_PAIRS = 15
# The least that a command does with the libraries: an option, the spec as data, and a model of one field.
_LEAST_USE = """
import pydantic, typer, yaml

class Model(pydantic.BaseModel):
    service: dict

def least(spec: str = typer.Option(...)) -> None:
    with open(spec, encoding="utf-8") as file:
        Model.model_validate(yaml.load(file, yaml.CSafeLoader))

typer.run(least)
"""
_SIZES = {100: 9, 1_000: 5, 10_000: 3}  # alerts: pairs


def main() -> None:
    """Run all measurements."""
    print(f"Python {platform.python_version()}, {platform.machine()}, PyYAML {yaml.__version__}\n")
    print("| measured | floor | median | floor's median | ratio (min to max) |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        _processes(Path(folder))
    for size, pairs in _SIZES.items():
        _compile(size, pairs)
    runtime.measure()
    collector.measure()
    rest.measure()
    growth.measure()


def _processes(folder: Path) -> None:
    """Measure whole processes against processes that only import the same libraries."""
    shutil.copytree(_ROOT / "specs", folder / "specs", ignore=shutil.ignore_patterns("examples"))
    (folder / "pyproject.toml").touch()
    tool = [sys.executable, "-m", "victor_monitoring"]
    subprocess.run([*tool, "generate"], cwd=folder, check=True, capture_output=True)
    for verb, libraries in (
        ("validate", "yaml, pydantic, typer"),
        ("check", "yaml, pydantic, typer, grafanalib.core"),
    ):
        floor = [sys.executable, "-c", f"import {libraries}"]
        row(
            f"`victor-mon {verb}`, specs/performance.yaml",
            f"`import {libraries}`",
            *paired(_run([*tool, verb], folder), _run(floor, folder), _PROCESS_PAIRS),
        )

    use = [sys.executable, "-c", _LEAST_USE, "--spec", "specs/performance.yaml"]
    row(
        "`victor-mon validate`, specs/performance.yaml",
        "the least use of yaml, pydantic and typer: one option, one model",
        *paired(_run([*tool, "validate"], folder), _run(use, folder), _PROCESS_PAIRS),
    )


def _compile(alerts: int, pairs: int) -> None:
    """Measure text to rules against PyYAML's C loader and dumper on the same text."""
    text = synthetic_spec(alerts)
    today = datetime.date(2026, 1, 1)

    def compiled() -> None:
        artifacts = render(compile_spec(Source("synthetic.yaml", text), today=today), outputs=["rules"])
        assert artifacts[0].text.count("- alert: ") == alerts + 3  # the meta alerts

    def read_and_written() -> None:
        yaml.dump(yaml.load(text, yaml.CSafeLoader), Dumper=yaml.CSafeDumper)

    row(
        f"text to rules, {alerts:,} alerts",
        "CSafeLoader and CSafeDumper, the same spec",
        *paired(compiled, read_and_written, pairs),
    )


def _run(command: list[str], folder: Path) -> Callable[[], None]:
    """Return a function that runs the command with bytecode for every module.

    pip compiles installed packages, but not the modules of a clone.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")  # written by the warm-up

    def run() -> None:
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

    return run


if __name__ == "__main__":
    main()

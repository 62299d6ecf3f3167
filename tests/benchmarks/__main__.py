"""Prints every measurement as a table in Markdown; each row names the floor that it is held against."""

from __future__ import annotations

import datetime
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.benchmarks import runtime
from tests.benchmarks.synthetic import synthetic_spec
from victor_monitoring.diagnostics import Source
from victor_monitoring.pipeline import compile_spec, render

_ROOT = Path(__file__).resolve().parents[2]
_PROCESS_PAIRS = 15
_SIZES = {100: 9, 1_000: 5, 10_000: 3}  # alerts: pairs


def main() -> None:
    """Runs all measurements."""
    print(f"Python {platform.python_version()}, {platform.machine()}, PyYAML {yaml.__version__}\n")
    print("| measured | floor | median | floor's median | ratio (min to max) |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        _processes(Path(folder))
    for size, pairs in _SIZES.items():
        _compile(size, pairs)
    runtime.measure()


def _processes(folder: Path) -> None:
    """Whole processes, against processes that only import the libraries they stand on."""
    shutil.copytree(_ROOT / "specs", folder / "specs", ignore=shutil.ignore_patterns("examples"))
    (folder / "pyproject.toml").touch()
    tool = [sys.executable, "-m", "victor_monitoring"]
    subprocess.run([*tool, "generate"], cwd=folder, check=True, capture_output=True)
    for verb, libraries in (
        ("validate", "yaml, pydantic, typer"),
        ("check", "yaml, pydantic, typer, grafanalib.core"),
    ):
        floor = [sys.executable, "-c", f"import {libraries}"]
        _row(
            f"`victor-mon {verb}`, specs/performance.yaml",
            f"`import {libraries}`",
            *_paired(_run([*tool, verb], folder), _run(floor, folder), _PROCESS_PAIRS),
        )


def _compile(alerts: int, pairs: int) -> None:
    """From text to rules, against PyYAML's C parts reading that text and writing the same data."""
    text = synthetic_spec(alerts)
    today = datetime.date(2026, 1, 1)

    def compiled() -> None:
        artifacts = render(compile_spec(Source("synthetic.yaml", text), today=today), outputs=["rules"])
        assert artifacts[0].text.count("- alert: ") == alerts + 3  # the meta alerts

    def read_and_written() -> None:
        yaml.dump(yaml.load(text, yaml.CSafeLoader), Dumper=yaml.CSafeDumper)

    _row(
        f"text to rules, {alerts:,} alerts",
        "CSafeLoader and CSafeDumper, the same spec",
        *_paired(compiled, read_and_written, pairs),
    )


def _run(command: list[str], folder: Path) -> Callable[[], None]:
    """The process, with bytecode for every module: pip compiles what it installs, but for a clone's own."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")  # written by the warm-up

    def run() -> None:
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

    return run


def _paired(
    ours: Callable[[], None], floor: Callable[[], None], pairs: int
) -> tuple[list[float], list[float]]:
    """Processor seconds of both, taken in turn after one warm-up each, so that a slow moment meets both."""
    ours()
    floor()
    taken = [(_seconds(ours), _seconds(floor)) for _ in range(pairs)]
    return [mine for mine, _ in taken], [theirs for _, theirs in taken]


def _seconds(work: Callable[[], None]) -> float:
    """Processor time of this process and its children: other work on the machine does not count."""
    start = _spent()
    work()
    return _spent() - start


def _spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _row(measured: str, floor: str, ours: list[float], floors: list[float]) -> None:
    ratios = [mine / theirs for mine, theirs in zip(ours, floors, strict=True)]
    mine, theirs = statistics.median(ours), statistics.median(floors)
    spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    print(f"| {measured} | {floor} | {_text(mine)} | {_text(theirs)} | {spread} |", flush=True)


def _text(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"


if __name__ == "__main__":
    main()

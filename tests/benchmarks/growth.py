"""Growth: the cost of the commands' work as a spec becomes larger, and of many specs in one repository."""

from __future__ import annotations

import datetime
import gc
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from tests.benchmarks.rows import best
from tests.benchmarks.synthetic import external_spec
from victor_monitoring.app.differences import Side, differences
from victor_monitoring.app.pipeline import Compiled, compile_spec, render
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.cli import FEW_COLLECTIONS
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.outputs import Rendering, compare, write
from victor_monitoring.rule_tests.derive import derive

SIZES: Final = (100, 400, 1_600)  # alerts, each four times the one before
MANY: Final = 100  # specs
_SPEC: Final = Path(__file__).resolve().parents[2] / "specs" / "performance.yaml"
_TODAY: Final = datetime.date(2026, 1, 1)


def measure() -> None:
    """Print the tables of growth, then the time of `check` of many specs."""
    gc.set_threshold(FEW_COLLECTIONS)
    print("\n| work in this process | " + " | ".join(f"{size:,} alerts" for size in SIZES) + " | growth |")
    print("|---|" + "---|" * len(SIZES) + "---|")
    with tempfile.TemporaryDirectory() as folder:
        works = [dict(_works(size, Path(folder) / str(size))) for size in SIZES]
        for name in works[0]:
            seconds = [best(each[name], 3) for each in works]
            steps = ", ".join(f"{after / before:.2f}" for before, after in itertools.pairwise(seconds))
            print(
                f"| {name} | " + " | ".join(f"{each:.3f} s" for each in seconds) + f" | {steps} |", flush=True
            )
    with tempfile.TemporaryDirectory() as folder:
        _check_many(Path(folder))


def _works(size: int, root: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the work of each command on a spec of that size, by name; nothing is started for it."""
    text = external_spec(size)

    def rendering(each: Compiled) -> Rendering:
        return Rendering(PurePosixPath("specs/big.yaml"), tuple(render(each)))

    def generate() -> None:
        # The files are written, as if for the first time, to a folder of their own.
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), [rendering(_compiled(text))], complete=True)

    def check() -> None:
        assert compare(root, [rendering(_compiled(text))], complete=True) == []

    root.mkdir()
    write(root, [rendering(_compiled(text))], complete=True)
    yield "validate", lambda: _compiled(text)
    yield "generate", generate
    yield "check", check
    yield "test: derive the cases", lambda: derive(_base(text))
    stricter = text.replace('"> 5%"', '"> 4%"')
    yield "diff", lambda: differences(Side(_compiled(text)), Side(_compiled(stricter)))


def _compiled(text: str) -> Compiled:
    compiled = compile_spec(Source("specs/big.yaml", text), today=_TODAY)
    assert not compiled.diagnostics
    return compiled


def _base(text: str) -> Resolved:
    base = _compiled(text).base
    assert base is not None
    return base


def _check_many(root: Path) -> None:
    """Print the processor time of `check` of many specs in one repository, by one process."""
    (root / "pyproject.toml").touch()
    (root / "specs").mkdir()
    for number in range(MANY):
        (root / f"specs/performance{number}.yaml").write_text(_renamed(number), encoding="utf-8")
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(root / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(verb: str) -> None:
        command = [sys.executable, "-m", "victor_monitoring", verb]
        subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True)

    run("generate")
    seconds = best(lambda: run("check"), 1)
    print(f"\n`victor-mon check` of {MANY} copies of specs/performance.yaml: {seconds:.1f} s", flush=True)


def _renamed(number: int) -> str:
    """Return performance.yaml with a service, metrics and paths of its own."""
    edits: Mapping[str, str] = {
        "name: victor-performance": f"name: performance{number}",
        "victor_": f"victor{number}_",
        f"victor{number}_mon:": "victor_mon:",
        "job: victor": f"job: victor{number}",
        "generated/": f"generated/{number}/",
        f"victor{number}_monitoring/victor/registry.py": f"lib/registry{number}.py",
        "deployment/kubernetes/": f"deployment/kubernetes/{number}/",
        "app: victor-api": f"app: victor-api{number}",
    }
    text = _SPEC.read_text(encoding="utf-8")
    for old, new in edits.items():
        assert old in text
        text = text.replace(old, new)
    return text

"""`victor-mon check`: compare the rendered files with the spec."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from victor_monitoring.base.diagnostics import Diagnostic, Source, Span
from victor_monitoring.cli.options import Format, FormatOption, OutDir, Specs, Today
from victor_monitoring.cli.printing import print_message, show
from victor_monitoring.cli.rendering import render_specs
from victor_monitoring.cli.specs import find_specs

if TYPE_CHECKING:
    from victor_monitoring.outputs import Drift


def check(
    spec: Specs = None,
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
    out: OutDir = None,
    today: Today = None,
) -> None:
    """Compare the files with a new rendering of the spec, without writing anything.

    Each difference is shown as a unified diff, followed by the command that updates the files. For CI and
    git hooks.

    Example: victor-mon check --format github
    """
    from victor_monitoring.outputs import compare

    rendered = render_specs(find_specs(spec), out=out, today=today, how=format)
    found = [
        (run.root, drift)
        for run in rendered.runs
        for drift in compare(run.root, run.renderings, complete=run.complete)
    ]
    drifts = [drift for _, drift in found]
    if format is Format.TEXT:
        show(rendered.diagnostics, format, sys.stderr)
        _show(drifts, _generate_command(spec, out))
    else:
        show([*rendered.diagnostics, *(_diagnostic(*each) for each in found)], format, sys.stdout)
    if drifts:
        raise typer.Exit(1)
    print_message("every file matches its spec")


def _show(drifts: Sequence[Drift], command: str) -> None:
    from victor_monitoring.outputs import NEEDS_FORCE
    from victor_monitoring.reporters._visible import counted

    for drift in drifts:
        print(f"{drift.path}: {drift.kind.value}: {drift.message}\nhint: {drift.hint}")
        if drift.diff:
            print(drift.diff, end="")
        print()
    if forced := sum(drift.kind in NEEDS_FORCE for drift in drifts):
        print(f"{forced} of these only with `--force`: see the hint")
    if drifts:
        print(f"{counted(len(drifts), 'file')} to update: {command}")


def _generate_command(spec: Sequence[Path] | None, out: Path | None) -> str:
    """Return the command that writes the files that were compared."""
    specs = [word for path in spec or () for word in ("--spec", str(path))]
    return shlex.join(["victor-mon", "generate", *specs, *(["--out", str(out)] if out else [])])


def _diagnostic(root: Path, drift: Drift) -> Diagnostic:
    from victor_monitoring.outputs.drift import DRIFT

    place = Span(Source(str(root / drift.path), ""), 1, 1, 1, 1)
    return DRIFT.at(place, drift.message, drift.hint)

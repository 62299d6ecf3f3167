"""The one spec that a command is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from victor_monitoring.cli.findings import stop_on_errors
from victor_monitoring.cli.options import Today
from victor_monitoring.cli.specs import compile_file, find_specs
from victor_monitoring.errors import UserError

if TYPE_CHECKING:
    from victor_monitoring.pipeline import Compiled

OneSpec = Annotated[
    Path | None, typer.Option("--spec", metavar="FILE", help="The spec. Default: the one in specs/.")
]


def compile_one(path: Path | None, today: Today) -> Compiled:
    """The spec given, or the only one in `specs/`; UserError where there are several.

    Errors in it are printed, and end the command with 1.
    """
    specs = find_specs([path] if path else None)
    if len(specs) > 1:
        names = ", ".join(f"`{each.path}`" for each in specs)
        raise UserError(f"there are several specs: {names}", "name one: --spec FILE")
    compiled = compile_file(specs[0], today)
    stop_on_errors(compiled.diagnostics)
    return compiled

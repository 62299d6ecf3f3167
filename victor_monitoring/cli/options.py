"""Options shared by several commands."""

from __future__ import annotations

import datetime
import enum
from pathlib import Path
from typing import Annotated

import typer


class Format(enum.StrEnum):
    """Formats of findings."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


Specs = Annotated[
    list[Path] | None,
    typer.Option("--spec", metavar="FILE", help="A spec; repeatable. Default: those in specs/."),
]
OutDir = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", file_okay=False, help="Use DIR instead of the root."),
]
FormatOption = Annotated[Format, typer.Option("--format", help="Format of the findings.")]
StrictOption = Annotated[bool, typer.Option("--strict", help="Treat warnings as errors.")]
Today = Annotated[
    datetime.datetime | None,
    typer.Option("--today", formats=["%Y-%m-%d"], help="The day as of which acknowledgements are valid."),
]
ContextName = Annotated[
    str | None, typer.Option("--context", metavar="NAME", help="Only this context of the spec.")
]

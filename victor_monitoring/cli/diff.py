"""`victor-mon diff`: show the changes in meaning that an edit or a context makes."""

from __future__ import annotations

import enum
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.base.spec_file import SpecFile
from victor_monitoring.cli.options import ContextName, Specs, Today
from victor_monitoring.cli.printing import print_message, stop_on_errors
from victor_monitoring.cli.specs import compile_file, find_specs, require_context

if TYPE_CHECKING:
    from victor_monitoring.app.differences import PlacedChange
    from victor_monitoring.app.pipeline import Compiled


class DiffFormat(enum.StrEnum):
    """Formats of changes."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class FailOn(enum.StrEnum):
    """The changes that make the exit status 1."""

    ANY = "any"
    BREAKING = "breaking"
    LOOSENED = "loosened"


Revision = Annotated[
    str | None,
    typer.Option("--from", metavar="REV", help="The git revision to compare with, such as main."),
]
DiffFormatOption = Annotated[DiffFormat, typer.Option("--format", help="Format of the changes.")]
FailOption = Annotated[FailOn, typer.Option("--fail-on", help="The changes that make the exit status 1.")]


def diff(
    spec: Specs = None,
    revision: Revision = None,
    context: ContextName = None,
    format: DiffFormatOption = DiffFormat.TEXT,  # noqa: A002 - the option's name
    fail_on: FailOption = FailOn.ANY,
    today: Today = None,
) -> None:
    """Show the changes in meaning since a git revision, or from base to a context.

    Each change is shown with its effect on alerting (loosened or tightened) and the things that it breaks.
    --from compares base and all contexts with that revision; with --context it compares that context only.

    Example: victor-mon diff --from main --format markdown
    """
    if revision is None and context is None:
        raise UserError("nothing to compare with", "add --from REV, --context NAME, or both")
    failed = False
    for each in find_specs(spec):
        failed = _compared(each, revision, context, format, fail_on, today) or failed
    if failed:
        raise typer.Exit(1)


def _compared(
    spec: SpecFile, revision: str | None, context: str | None, how: DiffFormat, fail_on: FailOn, today: Today
) -> bool:
    """Print the changes of one spec; return whether they make the command fail."""
    from victor_monitoring.app.differences import Side, as_json, as_markdown, as_text, differences, summary

    now = _error_free(compile_file(spec, today))
    require_context(context, now.contexts, of=now.source.name)
    after = Side(now, context)
    if revision is None:
        before = Side(now)
    else:
        was = _error_free(compile_file(replace(spec, revision=revision), today))
        require_context(context, was.contexts, of=was.source.name)
        before = Side(was, context)
    found = differences(before, after)
    match how:
        case DiffFormat.JSON:
            print(as_json(found, before, after), end="")
        case DiffFormat.MARKDOWN:
            print(as_markdown(found, before, after), end="")
        case DiffFormat.TEXT:
            print(as_text(found), end="")
    if not found:
        print_message(f"{after.name}: {summary(found)}")
    return any(_counts(each, fail_on) for each in found)


def _counts(placed: PlacedChange, fail_on: FailOn) -> bool:
    change = placed.change
    return fail_on is FailOn.ANY or (
        change.breaking if fail_on is FailOn.BREAKING else change.verdict == "loosened"
    )


def _error_free(compiled: Compiled) -> Compiled:
    """Return the spec; print its errors and exit with 1 if it has any."""
    stop_on_errors(compiled.diagnostics)
    return compiled

"""`victor-mon diff`: show the changes in meaning that an edit or a context makes."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.base.spec_file import SpecFile
from victor_monitoring.cli.options import ContextName, Specs, Today
from victor_monitoring.cli.printing import print_message, stop_on_errors
from victor_monitoring.cli.specs import compile_file, find_specs, require_context

if TYPE_CHECKING:
    from victor_monitoring.app.differences import PlacedChange, Side


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
    A spec that is new then, or gone now, is one change, and so is each of its alerts.

    Example: victor-mon diff --from main --format markdown
    """
    if revision is None and context is None:
        raise UserError("nothing to compare with", "add --from REV, --context NAME, or both")
    specs = find_specs(spec)
    if revision is None:
        sides = [_side(each, context, today) for each in specs]
        failed = [_compared(replace(each, context=None), each, format, fail_on) for each in sides]
    else:
        pairs = _since(specs, revision, context, today, has_all=spec is None)
        failed = [_compared(before, after, format, fail_on) for before, after in pairs]
    if any(failed):
        raise typer.Exit(1)


def _since(
    specs: Sequence[SpecFile], revision: str, context: str | None, today: Today, *, has_all: bool
) -> Iterator[tuple[Side | None, Side | None]]:
    """Yield each spec at the revision and now, None where it is new or gone.

    A spec whose file is new is compared with that of the same service in a file that is gone. Further specs
    that are gone are yielded if the specs are all of the folder: `has_all`.
    """
    from victor_monitoring.language.syntax.bases import without_bases

    old = [replace(each, revision=revision) for each in specs]
    there = [each.exists() for each in old]
    gone: dict[str, Side] = {}
    if has_all or not all(there):
        others = without_bases([*itertools.compress(old, there), *specs[0].others_at(revision)])
        sides = [_side(each, context, today) for each in others if not each.path.exists()]
        gone = {each.spec.service.name: each for each in sides}
    for now, was, is_there in zip(specs, old, there, strict=True):
        after = _side(now, context, today)
        before = _side(was, context, today) if is_there else gone.pop(after.spec.service.name, None)
        yield before, after
    yield from ((each, None) for each in gone.values() if has_all)


def _side(file: SpecFile, context: str | None, today: Today) -> Side:
    """Return a spec in a context; print its errors and exit with 1 if it has any."""
    from victor_monitoring.app.differences import Side

    compiled = compile_file(file, today)
    stop_on_errors(compiled.diagnostics)
    require_context(context, compiled.contexts, of=compiled.source.name)
    return Side(compiled, context)


def _compared(before: Side | None, after: Side | None, how: DiffFormat, fail_on: FailOn) -> bool:
    """Print the changes of one spec; return whether they make the command fail."""
    from victor_monitoring.app.differences import as_json, as_markdown, as_text, differences, summary

    found = differences(before, after)
    match how:
        case DiffFormat.JSON:
            print(as_json(found, before, after), end="")
        case DiffFormat.MARKDOWN:
            print(as_markdown(found, before, after), end="")
        case DiffFormat.TEXT:
            print(as_text(found), end="")
    if not found and (side := after or before):
        print_message(f"{side.name}: {summary(found)}")
    return any(_counts(each, fail_on) for each in found)


def _counts(placed: PlacedChange, fail_on: FailOn) -> bool:
    change = placed.change
    return fail_on is FailOn.ANY or (
        change.breaking if fail_on is FailOn.BREAKING else change.verdict == "loosened"
    )

"""The specs of a command: found, read and compiled."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from victor_monitoring.base import files
from victor_monitoring.base.diagnostics import Diagnostic, UserError, unknown_name_hint
from victor_monitoring.base.spec_file import ENDINGS, SpecFile
from victor_monitoring.cli.options import Today
from victor_monitoring.cli.printing import print_message, stop_on_errors

if TYPE_CHECKING:
    from victor_monitoring.app.pipeline import Compiled


def find_specs(given: Sequence[Path] | None) -> list[SpecFile]:
    """Return the given specs, each once, or those in `specs/`; raise UserError if there are none.

    A file in `specs/` that another one there extends is a base, and no spec. One without any key of a spec is
    passed over with a note.
    """
    paths = list(given or sorted(each for each in Path("specs").glob("*") if each.suffix in ENDINGS))
    if not paths:
        message = "there is no spec: `specs/` has no file `*.yaml` or `*.yml` here"
        raise UserError(message, "run `victor-mon init`, or name one: --spec FILE")
    found = list({files.resolved(path): SpecFile.at(path) for path in paths}.values())
    if given:
        return found
    from victor_monitoring.language.syntax.bases import is_foreign, without_bases

    foreign = [each for each in found if is_foreign(each)]
    for each in foreign:
        name = each.path.as_posix()
        print_message(f"note: `{name}` is passed over: it has no key of a spec, such as `victor_mon`")
    if specs := without_bases([each for each in found if each not in foreign]):
        return specs
    raise UserError(
        "there is no spec in `specs/`, only files that are none", "a spec has the key `victor_mon`"
    )


def compile_file(spec: SpecFile, today: datetime.datetime | None) -> Compiled:
    """Return the compiled spec, as of `today` or the current day; raise UserError if it cannot be read."""
    from victor_monitoring.app.pipeline import compile_spec

    return compile_spec(spec.read(), today=_day(today), file=spec)


def compile_files(
    specs: Sequence[SpecFile], today: datetime.datetime | None
) -> tuple[list[Compiled], list[Diagnostic]]:
    """Return the compiled specs and all diagnostics, also of names that two of them take in one system."""
    from victor_monitoring.app.shared_places import shared_names

    compiled = [compile_file(each, today) for each in specs]
    found = [diagnostic for each in compiled for diagnostic in each.diagnostics]
    return compiled, [*found, *shared_names(compiled, _day(today))]


def _day(today: datetime.datetime | None) -> datetime.date:
    return today.date() if today else datetime.date.today()


def require_context(
    context: str | None, contexts: Collection[str], *, of: str = "", hint: str = "leave --context out"
) -> None:
    """Raise UserError unless the context, if one is chosen, exists in the spec `of`, or in any."""
    if context is not None and context not in contexts:
        where = f" in `{of}`" if of else ""
        message = f"there is no context `{context}`{where}"
        raise UserError(message, unknown_name_hint(context, contexts, hint))


OneSpec = Annotated[
    Path | None, typer.Option("--spec", metavar="FILE", help="The spec. Default: the one in specs/.")
]


def compile_one(path: Path | None, today: Today) -> Compiled:
    """Return the given spec, or the only one in `specs/`; raise UserError if there are several.

    A spec with errors ends the command: they are printed, and the exit status is 1.
    """
    specs = find_specs([path] if path else None)
    if len(specs) > 1:
        names = ", ".join(f"`{each.path}`" for each in specs)
        raise UserError(f"there are several specs: {names}", "name one: --spec FILE")
    compiled = compile_file(specs[0], today)
    stop_on_errors(compiled.diagnostics)
    return compiled

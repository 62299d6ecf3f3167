"""The specs of a command: found, read and compiled."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

from victor_monitoring.base import files
from victor_monitoring.base.diagnostics import UserError, unknown_name_hint
from victor_monitoring.cli.options import Today
from victor_monitoring.cli.printing import stop_on_errors

if TYPE_CHECKING:
    from victor_monitoring.app.pipeline import Compiled
    from victor_monitoring.base.diagnostics import Source

_ROOT_MARKERS = (".git", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class SpecFile:
    """A spec on disk: its path as the user gave it, and the root that its outputs are relative to."""

    path: Path
    root: Path

    @property
    def name(self) -> PurePosixPath:
        """The spec's path below its root, independent of the working directory."""
        return PurePosixPath(files.resolved(self.path).relative_to(self.root).as_posix())


def find_specs(given: Sequence[Path] | None) -> list[SpecFile]:
    """Return the given specs, each once, or those in `specs/`; raise UserError if there are none."""
    paths = list(given or sorted(Path("specs").glob("*.yaml")))
    if not paths:
        message = "there is no spec: `specs/*.yaml` matches no file here"
        raise UserError(message, "run `victor-mon init`, or name one: --spec FILE")
    unique = {files.resolved(path): path for path in paths}
    return [SpecFile(path, _root_of(resolved)) for resolved, path in unique.items()]


def _root_of(spec: Path) -> Path:
    """Return the nearest parent with a marker of a project, else the spec's own folder."""
    for folder in spec.parents:
        if any((folder / marker).exists() for marker in _ROOT_MARKERS):
            return folder
    return spec.parent


def compile_file(spec: SpecFile, today: datetime.datetime | None) -> Compiled:
    """Return the compiled spec; raise UserError if the file cannot be read."""
    from victor_monitoring.language.syntax.load import read

    return compile_source(read(spec.path, spec.path.as_posix()), today)


def compile_source(source: Source, today: datetime.datetime | None) -> Compiled:
    """Return the compiled spec of a text, as of `today` or the current day."""
    from victor_monitoring.app.pipeline import compile_spec

    return compile_spec(source, today=today.date() if today else datetime.date.today())


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

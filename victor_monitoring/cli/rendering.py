"""The artifacts of all specs by root, for `generate` and `check`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from victor_monitoring.base.diagnostics import Diagnostic, UserError, unknown_name_hint
from victor_monitoring.base.spec_file import SpecFile
from victor_monitoring.cli.options import Format, Today
from victor_monitoring.cli.printing import stop_on_errors
from victor_monitoring.cli.specs import compile_files, require_context

if TYPE_CHECKING:
    from victor_monitoring.outputs import Rendering


@dataclass(frozen=True, slots=True)
class RootRenderings:
    """The renderings of one root; `complete` if they include every artifact of their specs."""

    root: Path
    renderings: tuple[Rendering, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class RenderedSpecs:
    """The renderings of specs without errors, and the diagnostics of these specs."""

    runs: tuple[RootRenderings, ...]
    diagnostics: tuple[Diagnostic, ...]


def render_specs(
    specs: Sequence[SpecFile],
    *,
    out: Path | None = None,
    only: Sequence[str] | None = None,
    context: str | None = None,
    today: Today = None,
    how: Format = Format.TEXT,
) -> RenderedSpecs:
    """Return the renderings of all specs; print errors as `how` and exit with 1 if one has any."""
    from victor_monitoring.app.pipeline import render
    from victor_monitoring.outputs import Rendering, abandoned

    compiled, diagnostics = compile_files(specs, today)
    stop_on_errors(diagnostics, how)
    _require_known(only, context, {name for each in compiled for name in each.contexts})
    by_root: dict[Path, list[Rendering]] = {}
    sources: dict[Path, Path] = {}
    for spec, each in zip(specs, compiled, strict=True):
        if context is None or context in each.contexts:
            root = out or spec.root
            artifacts = render(each, outputs=only, context=context)
            by_root.setdefault(root, []).append(Rendering(spec.name, tuple(artifacts)))
            sources[root] = spec.root
    complete = only is None and context is None
    runs = (
        RootRenderings(root, (*renderings, *(abandoned(root, sources[root]) if complete else ())), complete)
        for root, renderings in by_root.items()
    )
    return RenderedSpecs(tuple(runs), tuple(diagnostics))


def _require_known(only: Sequence[str] | None, context: str | None, contexts: set[str]) -> None:
    """Raise UserError unless the chosen outputs and the context exist."""
    from victor_monitoring.renderers import rendered_outputs

    for name in only or ():
        if name not in rendered_outputs():
            raise UserError(f"there is no output `{name}`", unknown_name_hint(name, rendered_outputs()))
    require_context(context, contexts)

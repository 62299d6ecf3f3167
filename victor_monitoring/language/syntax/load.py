"""The loader: reads a file, and parses its text into the located tree and the mistakes in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from victor_monitoring.base.diagnostics import Diagnostic, Source, Span, UserError, in_order
from victor_monitoring.language.syntax.build import Builder
from victor_monitoring.language.syntax.characters import character_mistakes, conflict_markers
from victor_monitoring.language.syntax.mistakes import EMPTY_SPEC, MISSING_SPACE, NOT_A_MAPPING, shown
from victor_monitoring.language.syntax.tree import ListNode, MapNode, Node, ScalarNode

MAX_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class LoadedTree:
    """The tree of a text, None if it could not be parsed to its end, and the mistakes found."""

    tree: MapNode | None
    diagnostics: list[Diagnostic]


def read(path: Path, name: str) -> Source:
    """Return the text of the file at `path`, shown to users as `name`.

    Bytes that are not UTF-8 become lone surrogates, which `load` reports with their positions.
    Raise UserError if the file is missing, unreadable or larger than `MAX_BYTES`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UserError(
            f"there is no spec `{name}`", "run `victor-mon init`, or name one: --spec FILE"
        ) from None
    except IsADirectoryError:
        raise UserError(f"`{name}` is a directory", f"name a file in it: --spec {name}/FILE.yaml") from None
    except PermissionError:
        raise UserError(f"`{name}` may not be read", f"allow it: chmod u+r {name}") from None
    except OSError as error:
        raise UserError(
            f"`{name}` cannot be read: {error.strerror}", "name another file: --spec FILE"
        ) from None
    if len(content) > MAX_BYTES:
        message = f"`{name}` is larger than {MAX_BYTES // 2**20} MiB"
        raise UserError(message, "split it into several specs: --spec is repeatable")
    return Source(name, content.decode("utf-8", "surrogateescape").removeprefix("\ufeff"))


def load(source: Source) -> LoadedTree:
    """Return the located tree of a spec's text, and the mistakes of its YAML."""
    unreadable = [*character_mistakes(source)] or [*conflict_markers(source)]
    if unreadable:
        return LoadedTree(None, in_order(unreadable))
    builder = Builder(source)
    top = builder.build()
    if isinstance(top, MapNode):
        return LoadedTree(top, in_order(builder.diagnostics))
    if top is not None or not builder.diagnostics:  # else parsing stopped, and its reason is reported
        builder.diagnostics.append(_no_mapping(source, top))
    return LoadedTree(None, in_order(builder.diagnostics))


def _no_mapping(source: Source, top: Node | None) -> Diagnostic:
    """Return the diagnostic for a spec whose top level is not a mapping."""
    start = "start with `victor_mon: 1`"
    if isinstance(top, ListNode):
        return NOT_A_MAPPING.at(top.span, "the spec is a list", f"{start}, without a dash")
    if not isinstance(top, ScalarNode) or top.value is None:
        return EMPTY_SPEC.at(Span(source, 1, 1, 1, 1), "the spec is empty", start)
    message = f"the spec is one text, {shown(top.text)}"
    if colon := top.text.find(":") + 1:
        return MISSING_SPACE.at(
            top.part(colon - 1, colon), message, "put a space after the colon of each key"
        )
    return NOT_A_MAPPING.at(top.span, message, start)

"""The loader: parses a text into the located tree and the mistakes in it."""

from __future__ import annotations

from dataclasses import dataclass

from victor_monitoring.base.diagnostics import Diagnostic, Source, Span, in_order
from victor_monitoring.language.syntax.build import Builder
from victor_monitoring.language.syntax.characters import character_mistakes, conflict_markers
from victor_monitoring.language.syntax.mistakes import EMPTY_SPEC, MISSING_SPACE, NOT_A_MAPPING, shown
from victor_monitoring.language.syntax.tree import ListNode, MapNode, Node, ScalarNode


@dataclass(frozen=True, slots=True)
class LoadedTree:
    """The tree of a text, None if it could not be parsed to its end, and the mistakes found."""

    tree: MapNode | None
    diagnostics: list[Diagnostic]


def load(source: Source, *, is_base: bool = False) -> LoadedTree:
    """Return the located tree of the text of a spec or a base, and the mistakes of its YAML."""
    unreadable = [*character_mistakes(source)] or [*conflict_markers(source)]
    if unreadable:
        return LoadedTree(None, in_order(unreadable))
    builder = Builder(source)
    top = builder.build()
    if isinstance(top, MapNode):
        return LoadedTree(top, in_order(builder.diagnostics))
    if top is not None or not builder.diagnostics:  # else parsing stopped, and its reason is reported
        builder.diagnostics.append(_no_mapping(source, top, is_base))
    return LoadedTree(None, in_order(builder.diagnostics))


def parsed_part(source: Source) -> Node | None:
    """Return the top node of a text as far as the text can be parsed."""
    builder = Builder(source)
    builder.build()
    return builder.top


def _no_mapping(source: Source, top: Node | None, is_base: bool) -> Diagnostic:
    """Return the diagnostic for a spec or a base whose top level is not a mapping."""
    noun = "base" if is_base else "spec"
    start = "start with a key such as `contexts:`" if is_base else "start with `victor_mon: 1`"
    if isinstance(top, ListNode):
        return NOT_A_MAPPING.at(top.span, f"the {noun} is a list", f"{start}, without a dash")
    if not isinstance(top, ScalarNode) or top.value is None:
        return EMPTY_SPEC.at(Span(source, 1, 1, 1, 1), f"the {noun} is empty", start)
    message = f"the {noun} is one text, {shown(top.text)}"
    if colon := top.text.find(":") + 1:
        return MISSING_SPACE.at(
            top.part(colon - 1, colon), message, "put a space after the colon of each key"
        )
    return NOT_A_MAPPING.at(top.span, message, start)

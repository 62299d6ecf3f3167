"""Texts for people that YAML has cut short."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_monitoring.model.patterns import CUT_TEXT
from victor_monitoring.spec.finding import Finding
from victor_monitoring.spec.tree import ListNode, MapNode, Node, Path
from victor_monitoring.spec.wanted import cut_comment

_PROSE: Final = frozenset({"summary", "description", "actions", "help", "title", "reason"})


def cut_texts(node: Node, path: Path = (), is_prose: bool = False) -> Iterator[Finding]:
    """Every text for people that is followed by what looks like the rest of its sentence."""
    if isinstance(node, MapNode):
        for key, entry in node.entries.items():
            yield from cut_texts(entry.node, (*path, key), key in _PROSE)
    elif isinstance(node, ListNode):
        for index, item in enumerate(node.items):
            yield from cut_texts(item, (*path, index), is_prose)
    elif is_prose and cut_comment(node):
        message = f"the text ends after `{node.text[-20:]}`: what follows ` #` is a comment"
        yield Finding(path, message, "quote the text, or put two spaces before a comment", pattern=CUT_TEXT)

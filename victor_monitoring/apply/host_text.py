"""Lists of a YAML text, edited in place: every line that is not about them stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from victor_monitoring.errors import UserError


def edited(text: str, place: Sequence[str], owned: Sequence[bool], items: list[Any]) -> str:
    """The text with `items` in the list at `place`, instead of those that are `owned`."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.replace("\r\n", "\n").split("\n")
    parent, node = _found(yaml.compose("\n".join(lines), Loader=yaml.SafeLoader), place)
    if parent.flow_style:
        raise UserError(
            "Alertmanager's configuration is written in braces", "write it as lines of `key: value`"
        )
    column = parent.start_mark.column
    if node is None:
        end = _last_line(parent) + 1
        lines[end:end] = [f"{' ' * column}{place[-1]}:", *_block(items, column)]
    elif isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        _replace_items(lines, node, owned, items)
    else:
        there = yaml.SafeLoader("").construct_object(node, deep=True) or []
        _replace_value(lines, column, node, replaced(there, owned, items))
    return newline.join(lines)


def replaced(there: Sequence[Any], owned: Sequence[bool], items: Sequence[Any]) -> list[Any]:
    """The list with `items` where the first of those stood that are `owned`, else at its end."""
    kept = [each for each, is_ours in zip(there, owned, strict=True) if not is_ours]
    at = owned.index(True) if True in owned else len(kept)
    return [*kept[:at], *items, *kept[at:]]


def _replace_items(
    lines: list[str], node: yaml.SequenceNode, owned: Sequence[bool], items: list[Any]
) -> None:
    """New items where the first of ours stood, or after the last of all; the others of ours go."""
    column = node.start_mark.column
    regions = list(_regions(lines, node, column))
    ours = [region for region, is_ours in zip(regions, owned, strict=True) if is_ours]
    at = ours[0][0] if ours else regions[-1][1] + 1
    kept = [
        (number, line)
        for number, line in enumerate(lines)
        if not any(start <= number <= end for start, end in ours)
    ]
    lines[:] = [
        *(line for number, line in kept if number < at),
        *_block(items, column),
        *(line for number, line in kept if number >= at),
    ]


def _regions(lines: Sequence[str], node: yaml.SequenceNode, column: int) -> Iterator[tuple[int, int]]:
    """The first and last line of each item, its dash included; comments between items are not part of one."""
    line = node.start_mark.line
    for item in node.value:
        while lines[line][:column].strip() or lines[line][column : column + 1] != "-":
            line += 1
        end = max(_last_line(item), line)
        yield line, end
        line = end + 1


def _replace_value(lines: list[str], column: int, node: yaml.Node, items: list[Any]) -> None:
    """Items in place of an empty value or of a list in brackets, which becomes lines."""
    start, end = node.start_mark, node.end_mark
    rest = lines[end.line][end.column :].rstrip()
    lines[start.line : end.line + 1] = [
        lines[start.line][: start.column].rstrip() + rest,
        *_block(items, column),
    ]


def _found(root: yaml.Node | None, place: Sequence[str]) -> tuple[yaml.MappingNode, yaml.Node | None]:
    """The mapping that holds the list, and the list; None where its key is missing."""
    parent, node = root, root
    for step in place:
        parent = node
        if not isinstance(parent, yaml.MappingNode):
            raise UserError(
                f"`{step}` of Alertmanager's configuration stands in no mapping", "mend it by hand"
            )
        values = [value for key, value in parent.value if key.value == step]
        if not values:
            return parent, None
        node = values[-1]
    assert isinstance(parent, yaml.MappingNode)  # there is at least one step
    return parent, node


def _last_line(node: yaml.Node) -> int:
    """The line of a node's last word: a collection itself ends where the next thing begins."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    mark = node.end_mark
    return mark.line - 1 if mark.column == 0 and mark.line > node.start_mark.line else mark.line


def _block(items: list[Any], column: int) -> list[str]:
    """The items as lines, each item's dash at that column."""
    if not items:
        return []
    text = yaml.safe_dump(items, sort_keys=False, allow_unicode=True, width=10**9)
    return [" " * column + line if line else line for line in text.removesuffix("\n").split("\n")]

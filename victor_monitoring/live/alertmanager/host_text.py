"""Lists of a YAML text, edited in place: all other lines stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import yaml

from victor_monitoring.live.foreign_yaml import BREAK, layout

UNFIT: Final = "write its lists as lines that begin with `- `"
_UNEDITABLE: Final = "cannot be edited as it is written"
_LINE: Final = re.compile(rf"[^\r\n\x85\u2028\u2029]*{BREAK}")
_BYTE_ORDER_MARK: Final = "\ufeff"  # PyYAML counts no column for it


class UnfitError(Exception):
    """A text that cannot be edited as it is written: the problem, its hint, and line and column from 1."""

    def __init__(self, problem: str, hint: str, mark: Any) -> None:
        super().__init__(problem)
        self.problem, self.hint = problem, hint
        self.line: int = mark.line + 1 if mark else 1
        self.column: int = mark.column + 1 if mark else 1


def edited(text: str, place: Sequence[str], owned: Sequence[bool], items: list[Any], whole: list[Any]) -> str:
    """Return the text with the `owned` items of the list at `place` replaced by `items`: then it is `whole`.

    Raises UnfitError if the text is written in a way that cannot be edited.
    """
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    newline = next((each for each in ("\r\n", "\n", "\r") if each in text), "\n")
    added = "" if re.search(rf"{BREAK}\Z", text) else newline
    text = text.removeprefix(mark) + added
    while found := _in_braces(layout(text), place):
        text = _as_lines(text, *found, newline)
    lines = _LINE.findall(text)
    parent, node = _found(layout(text), place)
    column = parent.value[0][0].start_mark.column  # not the mapping's own: an anchor may precede it
    if node is None:
        end = _last_line(parent) + 1
        lines[end:end] = [f"{' ' * column}{place[-1]}:{newline}", *_block(whole, column, newline)]
    elif isinstance(node, yaml.SequenceNode) and node.value:
        _replace_items(lines, node, owned, items, newline)
    else:
        _replace_value(lines, node, _block(whole, column, newline), newline)
    return mark + "".join(lines).removesuffix(added)


def _in_braces(root: yaml.Node | None, place: Sequence[str]) -> tuple[yaml.CollectionNode, int] | None:
    """Return the outermost collection in braces on the way to the list at `place`, and its lines' column.

    The list itself may be it, in brackets, unless it is empty: then lines replace it.
    """
    node, column = root, 0
    for step in place:
        if not isinstance(node, yaml.MappingNode):
            return None
        if node.flow_style:
            return node, column
        pairs = [(key, value) for key, value in node.value if key.value == step]
        if not pairs:
            return None
        key, node = pairs[-1]
        column = key.start_mark.column + 2
    if isinstance(node, yaml.SequenceNode) and node.flow_style and node.value:
        return node, column - 2
    return None


def _as_lines(text: str, node: yaml.CollectionNode, column: int, newline: str) -> str:
    """Return the text with a collection in braces as lines at that column; its values stay as written.

    Raises UnfitError if there are comments between them, or nothing is in the braces.
    """
    lines = _LINE.findall(text)

    def index(mark: Any) -> int:
        return sum(map(len, lines[: mark.line])) + int(mark.column)

    end, entries = index(node.start_mark), []
    between = ""
    for each in node.value:
        key, value = each if isinstance(each, tuple) else (None, each)
        between += text[end : index((key or value).start_mark)]
        end = index(value.end_mark)
        written = text[index(value.start_mark) : end]
        head = f"{text[index(key.start_mark) : index(key.end_mark)]}:" if key else "-"
        entries.append(f"{' ' * column}{head} {written}".rstrip())
    between += text[end : index(node.end_mark)]
    if "#" in between or not entries:
        hint = "write it as lines of `key: value`, so that one of them can be replaced"
        raise UnfitError("is written in braces, with comments or nothing in them", hint, node.start_mark)
    before = text[: index(node.start_mark)].rstrip(" ")
    opened = newline.join([*([before] if before else []), *entries])
    return opened + text[index(node.end_mark) :]


def replaced(present: Sequence[Any], owned: Sequence[bool], items: Sequence[Any]) -> list[Any]:
    """Return the list with its `owned` items replaced by `items`, at the first of them or else at the end."""
    kept = [each for each, is_owned in zip(present, owned, strict=True) if not is_owned]
    at = owned.index(True) if True in owned else len(kept)
    return [*kept[:at], *items, *kept[at:]]


def _replace_items(
    lines: list[str], node: yaml.SequenceNode, owned: Sequence[bool], items: list[Any], newline: str
) -> None:
    """Insert items in place of the first owned one, or after the last of all; remove the owned ones."""
    if len(node.value) != len(owned):  # a key that is no plain text
        raise UnfitError(_UNEDITABLE, UNFIT, node.start_mark)
    line, column = _first_dash(lines, node)
    regions = list(_regions(lines, node, line, column))
    removed = [region for region, is_owned in zip(regions, owned, strict=True) if is_owned]
    at = removed[0][0] if removed else regions[-1][1] + 1
    kept = [
        (number, line)
        for number, line in enumerate(lines)
        if not any(start <= number <= end for start, end in removed)
    ]
    lines[:] = [
        *(line for number, line in kept if number < at),
        *_block(items, column, newline),
        *(line for number, line in kept if number >= at),
    ]


def _first_dash(lines: Sequence[str], node: yaml.SequenceNode) -> tuple[int, int]:
    """Return line and column of a list's first dash, which may follow an anchor or a tag."""
    line, column = node.start_mark.line, node.start_mark.column
    if lines[line][column] == "-":
        return line, column
    line = next(each for each in range(line + 1, len(lines)) if lines[each].lstrip().startswith("-"))
    return line, len(lines[line]) - len(lines[line].lstrip())


def _regions(
    lines: Sequence[str], node: yaml.SequenceNode, line: int, column: int
) -> Iterator[tuple[int, int]]:
    """Yield the first and last line of each item, including its dash; not comments between items."""
    for item in node.value:
        while lines[line][:column].strip() or lines[line][column : column + 1] != "-":
            line += 1
            if line == len(lines):  # the dash is not the first on its line
                raise UnfitError(_UNEDITABLE, UNFIT, item.start_mark)
        end = max(_last_line(item), line)
        yield line, end
        line = end + 1


def _replace_value(lines: list[str], node: yaml.Node, block: Sequence[str], newline: str) -> None:
    """Replace an empty value or an alias by lines."""
    start, end = node.start_mark, node.end_mark
    rest = lines[end.line][end.column :].rstrip()
    lines[start.line : end.line + 1] = [
        lines[start.line][: start.column].rstrip() + rest + newline,
        *block,
    ]


def _found(root: yaml.Node | None, place: Sequence[str]) -> tuple[yaml.MappingNode, yaml.Node | None]:
    """Return the mapping that contains the list, and the list, None if its key is missing."""
    parent, node = root, root
    for step in place:
        parent = node
        if not isinstance(parent, yaml.MappingNode):
            raise UnfitError(_UNEDITABLE, f"write a mapping with the key `{step}`, as lines", _start(parent))
        values = [value for key, value in parent.value if key.value == step]
        if not values:
            return parent, None
        node = values[-1]
    assert isinstance(parent, yaml.MappingNode)  # `place` is not empty
    return parent, node


def position(text: str, place: Sequence[str]) -> tuple[int, int] | None:
    """Return line and column, from 1, of the value at `place` in a YAML text; None if it has none."""
    node: yaml.Node | None = layout(text)
    for step in place:
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        node = next((value for key, value in reversed(pairs) if key.value == step), None)
    return None if node is None else (node.start_mark.line + 1, node.start_mark.column + 1)


def _start(node: yaml.Node | None) -> Any:
    return None if node is None else node.start_mark


def _last_line(node: yaml.Node) -> int:
    """Return the line of a node's last token: a collection's own end is where the next node begins."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    mark = node.end_mark
    return mark.line - 1 if mark.column == 0 and mark.line > node.start_mark.line else mark.line


def _block(items: list[Any], column: int, newline: str) -> list[str]:
    """Return the items as lines, each item's dash at that column."""
    if not items:
        return []
    text = yaml.safe_dump(items, sort_keys=False, allow_unicode=True, width=10**9)
    return [" " * column + line + newline for line in text.removesuffix("\n").split("\n")]

"""Lists of a YAML text, edited in place: all other lines stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import yaml

from victor_monitoring.base.diagnostics import UserError

UNFIT: Final = "write its lists as lines that begin with `- `"
_BREAK: Final = r"(?:\r\n|[\r\n\x85\u2028\u2029])"  # the line breaks of YAML
_LINE: Final = re.compile(rf"[^\r\n\x85\u2028\u2029]*{_BREAK}")
_BYTE_ORDER_MARK: Final = "\ufeff"  # PyYAML counts no column for it


class _Layout(yaml.SafeLoader):
    """A loader that composes the text as written: an alias is a node of its own."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if not self.check_event(yaml.AliasEvent):
            return super().compose_node(parent, index)
        event = self.get_event()  # type: ignore[no-untyped-call]  # the stubs give it no types
        return yaml.ScalarNode("alias", event.anchor, event.start_mark, event.end_mark)


def edited(text: str, place: Sequence[str], owned: Sequence[bool], items: list[Any], whole: list[Any]) -> str:
    """Return the text with the `owned` items of the list at `place` replaced by `items`: then it is `whole`.

    Raises UserError if the text is written in a way that cannot be edited.
    """
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    newline = next((each for each in ("\r\n", "\n", "\r") if each in text), "\n")
    added = "" if re.search(rf"{_BREAK}\Z", text) else newline
    lines = _LINE.findall(text.removeprefix(mark) + added)
    parent, node = _found(yaml.compose("".join(lines), Loader=_Layout), place)
    if parent.flow_style:
        named = f"`{place[-2]}` of " if len(place) > 1 else ""
        line = parent.start_mark.line + 1
        message = f"{named}Alertmanager's configuration, in line {line} of its file, is written in braces"
        raise UserError(message, "write it as lines of `key: value`, so that one of them can be replaced")
    column = parent.value[0][0].start_mark.column  # not the mapping's own: an anchor may precede it
    if node is None:
        end = _last_line(parent) + 1
        lines[end:end] = [f"{' ' * column}{place[-1]}:{newline}", *_block(whole, column, newline)]
    elif isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        _replace_items(lines, node, owned, items, newline)
    else:
        _replace_value(lines, node, _block(whole, column, newline), newline)
    return mark + "".join(lines).removesuffix(added)


def replaced(present: Sequence[Any], owned: Sequence[bool], items: Sequence[Any]) -> list[Any]:
    """Return the list with its `owned` items replaced by `items`, at the first of them or else at the end."""
    kept = [each for each, is_owned in zip(present, owned, strict=True) if not is_owned]
    at = owned.index(True) if True in owned else len(kept)
    return [*kept[:at], *items, *kept[at:]]


def _replace_items(
    lines: list[str], node: yaml.SequenceNode, owned: Sequence[bool], items: list[Any], newline: str
) -> None:
    """Insert items in place of the first owned one, or after the last of all; remove the owned ones."""
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
        while lines[line][:column].strip() or lines[line][column] != "-":
            line += 1
            if line == len(lines):  # the dash is not the first on its line
                raise UserError("Alertmanager's configuration cannot be edited as it is written", UNFIT)
        end = max(_last_line(item), line)
        yield line, end
        line = end + 1


def _replace_value(lines: list[str], node: yaml.Node, block: Sequence[str], newline: str) -> None:
    """Replace an empty value, a list in brackets, or an alias by lines."""
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
            raise UserError(f"`{step}` of Alertmanager's configuration is in no mapping", "write it as lines")
        values = [value for key, value in parent.value if key.value == step]
        if not values:
            return parent, None
        node = values[-1]
    assert isinstance(parent, yaml.MappingNode)  # `place` is not empty
    return parent, node


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

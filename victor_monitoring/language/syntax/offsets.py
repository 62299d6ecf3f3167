"""The positions of a scalar's characters in the source, as far as they can be computed exactly."""

from __future__ import annotations

import re
from collections.abc import Sequence

# The source of one character in a quoted scalar on a single line.
_SINGLE = re.compile(r"''|[^']")
_DOUBLE = re.compile(r'\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\.|[^\\"]')

LineRange = tuple[int, int, int, int]


def within_line(raw: str, style: str, text: str) -> list[int] | None:
    """Return the offset in `raw` of each character of `text` and of its end; None if they are not known.

    `raw` is the scalar as written, with its quotes.
    """
    if not style:
        return list(range(len(text) + 1)) if raw == text else None
    if len(raw) < 2 or raw[0] != style or raw[-1] != style:
        return None
    written = (_SINGLE if style == "'" else _DOUBLE).finditer(raw, 1, len(raw) - 1)
    offsets = [each.start() for each in written] + [len(raw) - 1]
    return offsets if len(offsets) == len(text) + 1 else None


def within_block(lines: Sequence[str], first: int, text: str, start: int, end: int) -> LineRange | None:
    """Return the range of `text[start:end]` in a literal block whose text starts on line `first`.

    The range is (line, column, end line, end column), from 1; None if it is not known.
    """
    rows = text.removesuffix("\n").split("\n")
    written = lines[first - 1 : first - 1 + len(rows)]
    indent = next((len(line) - len(row) for line, row in zip(written, rows, strict=False) if row), -1)
    if indent < 0 or [line[indent:] for line in written] != rows:
        return None
    last = max(start, end - 1)
    row, column = _row_and_column(text, start)
    end_row, end_column = _row_and_column(text, last)
    if last < end and text[last] != "\n":
        end_column += 1
    # A blank line may be shorter than the indentation.
    column = min(indent + column, len(written[row]))
    end_column = min(indent + end_column, len(written[end_row]))
    return first + row, column + 1, first + end_row, end_column + 1


def _row_and_column(text: str, index: int) -> tuple[int, int]:
    if index == len(text) and text.endswith("\n"):
        index -= 1  # the end of the last line, always inside the source
    return text.count("\n", 0, index), index - (text.rfind("\n", 0, index) + 1)

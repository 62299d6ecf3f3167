"""Text as it is shown to a user: quoted for YAML, and cut to a length that can be read."""

from __future__ import annotations


def quoted(text: str) -> str:
    """`text` as a YAML scalar that means just this text."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def shown(text: str, width: int = 60) -> str:
    """`text` in backticks on one line, its middle left out where it is longer than `width`."""
    line = " ".join(text.split())
    if len(line) > width:
        line = f"{line[: width - 20]} ... {line[-15:]}"
    return f"`{line}`"

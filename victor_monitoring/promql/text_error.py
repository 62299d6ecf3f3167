"""The error of a text that cannot be read, with the range to put a caret under."""

from __future__ import annotations


class TextError(ValueError):
    """A text of the spec that cannot be parsed: the message, the range (start, end) and the hint."""

    def __init__(self, message: str, part: tuple[int, int], hint: str) -> None:
        super().__init__(message)
        self.message, self.part, self.hint = message, part, hint

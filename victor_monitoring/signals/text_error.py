"""A text of the spec that cannot be read, told with the place of the mistake in it."""

from __future__ import annotations


class TextError(ValueError):
    """What is wrong with a text, where in it (start, end) and the way to mend it."""

    def __init__(self, message: str, part: tuple[int, int], help: str) -> None:  # noqa: A002 - the word users see
        super().__init__(message)
        self.message, self.part, self.help = message, part, help

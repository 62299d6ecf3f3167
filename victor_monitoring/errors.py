"""The one exception that a user sees: the environment failed, not the spec."""

from __future__ import annotations


class UserError(Exception):
    """Something outside the spec stops the command: printed plainly with its help, exit status 2."""

    def __init__(self, message: str, help: str = "") -> None:  # noqa: A002 - the word users see
        super().__init__(message)
        self.message = message
        self.help = help

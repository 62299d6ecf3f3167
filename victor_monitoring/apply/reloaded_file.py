"""A file that a live system works by once it was told to reload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from victor_monitoring.apply.own_files import put, text_of
from victor_monitoring.apply.plan import Step
from victor_monitoring.apply.target import Standing, state_of
from victor_monitoring.errors import UserError


@dataclass(frozen=True, slots=True)
class ReloadedFile:
    """The file of a step, and the `system` at `url` that reads it when told to.

    `has_loaded` says whether it works by a text, None for no file; it and `reload` may raise UserError.
    """

    path: Path
    system: str
    url: str
    reload: Callable[[], None]
    has_loaded: Callable[[str | None], bool]

    def take_back(self, step: Step) -> None:
        """The file is as it was, and so is what the system works by; UserError where that is not known."""
        there = text_of(self.path)
        put(self.path, there if there == step.after else step.before, step.before)
        try:
            self.reload()
        except UserError as error:
            if not self._is_back(step.before):
                message = (
                    f"the file is as before, and {self.system} has not been seen to read it: {error.message}"
                )
                raise UserError(message, f"when it answers again: curl -X POST {self.url}/-/reload") from None

    def standing(self, step: Step) -> Standing:
        """Which text the file holds, and whether the system works by it."""
        text = text_of(self.path)
        try:
            note = "" if self.has_loaded(text) else f"{self.system} has loaded something else"
        except UserError:
            note = f"what {self.system} has loaded cannot be asked"
        return Standing(state_of(step, text), note)

    def _is_back(self, text: str | None) -> bool:
        try:
            return self.has_loaded(text)
        except UserError:  # it may not answer
            return False

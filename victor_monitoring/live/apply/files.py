"""Files of ours in a directory that we share with others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from victor_monitoring.base import files
from victor_monitoring.base.artifacts import heading
from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.apply.target import ObservedState, Step, state_of


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """The files of a service in a directory: `name`, and leftovers with its heading that no rival has.

    Paths are as the spec writes them, relative to `root`.
    """

    root: Path
    directory: PurePath
    service: str
    name: str
    other_contexts: Collection[str] = ()

    def read(self) -> Mapping[str, str]:
        """The texts by path: what stands under our name, and every leftover."""
        found = {}
        for path in self._present():
            text = text_of(path) if path.name == self.name or path.name not in self.other_contexts else None
            if text is not None and (path.name == self.name or is_ours(text, self.service)):
                found[str(self.directory / path.name)] = text
        return found

    def others(self) -> list[Path]:
        """The rules files that are not ours."""
        ours = {self.root / each for each in self.read()}
        return [path for path in self._present() if path not in ours]

    @property
    def path(self) -> str:
        """Where our file stands."""
        return str(self.directory / self.name)

    def _present(self) -> list[Path]:
        folder = self.root / self.directory
        with files.explained("read", folder):  # `glob` finds nothing in a folder that may not be read
            try:
                return sorted(each for each in folder.iterdir() if each.suffix in (".yaml", ".yml"))
            except (FileNotFoundError, NotADirectoryError):
                return []


def is_ours(text: str, service: str) -> bool:
    """Whether a text has the heading of what is rendered for the service."""
    return text.startswith(heading(service).partition(";")[0] + ";")


def put(path: Path, before: str | None, after: str | None) -> None:
    """The file holds `after`, or is gone; UserError if it is not `before` (or `after` already) any more.

    Where a link stands, what it leads to is replaced.
    """
    path = files.resolved(path)
    there = text_of(path)
    if there == after:
        return
    if there != before:
        message = f"`{path}` has changed since it was read"
        raise UserError(message, "run the command again: somebody else is at work there")
    if after is None:
        with files.explained("remove", path):
            path.unlink()
    else:
        files.replace({path: after.encode()})


def text_of(path: Path) -> str | None:
    """The text of a plain file, None where there is none; UserError where it is no text."""
    content = files.read(files.resolved(path))
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError:
        raise UserError(f"`{path}` is no text in UTF-8", "move it away, or mend it") from None


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

    def observed(self, step: Step) -> ObservedState:
        """Which text the file holds, and whether the system works by it."""
        text = text_of(self.path)
        try:
            note = "" if self.has_loaded(text) else f"{self.system} has loaded something else"
        except UserError:
            note = f"what {self.system} has loaded cannot be asked"
        return ObservedState(state_of(step, text), note)

    def _is_back(self, text: str | None) -> bool:
        try:
            return self.has_loaded(text)
        except UserError:  # it may not answer
            return False

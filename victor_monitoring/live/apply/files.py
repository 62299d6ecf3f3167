"""The rendered files of a service in a directory shared with others."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from victor_monitoring.base import files, replacement
from victor_monitoring.base.artifacts import generated_notice
from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.base.file_state import FileState, give, share, state_at
from victor_monitoring.live.apply.target import LiveState, ObservedState, Step, state_of

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """The files of a service in a directory: the file `name`, and leftovers with the service's heading.

    Files named in `other_contexts` are no leftovers. Paths are as the spec writes them, relative to `root`.
    """

    root: Path
    directory: PurePath
    service: str
    name: str
    other_contexts: Collection[str] = ()

    def read(self) -> Mapping[str, str]:
        """Return the texts of the file `name` and of every leftover, by path."""
        found = {}
        for path in self._present():
            text = text_of(path) if path.name == self.name or path.name not in self.other_contexts else None
            if text is not None and (path.name == self.name or is_rendered_for(text, self.service)):
                found[str(self.directory / path.name)] = text
        return found

    def others(self) -> list[Path]:
        """Return the other rules files in the directory."""
        own = {self.root / each for each in self.read()}
        return [path for path in self._present() if path not in own]

    @property
    def path(self) -> str:
        """The path of the file `name`."""
        return str(self.directory / self.name)

    def _present(self) -> list[Path]:
        folder = self.root / self.directory
        with files.explained("read", folder):  # `glob` yields nothing for an unreadable folder
            try:
                return sorted(each for each in folder.iterdir() if each.suffix in (".yaml", ".yml"))
            except (FileNotFoundError, NotADirectoryError):
                return []


def is_rendered_for(text: str, service: str) -> bool:
    """Return whether a text has the heading of files rendered for the service."""
    notice = f"# {generated_notice(service).partition(';')[0]};"
    return any(line.startswith(notice) for line in text.splitlines()[:2])  # before it, marks of linters


def prepare(path: Path, environment: ApplyEnvironment) -> None:
    """Hold the folder of a file for this run, and restore the file if a killed run has written a part of it.

    Raises UserError unless this user may write the file: in place, or as a new one in its folder.
    """
    folder = path.parent
    if not files.permits(path, os.R_OK | os.W_OK) and not files.permits(folder, os.W_OK | os.X_OK):
        raise UserError(f"`{folder}` may not be written by you", "run this as a user who may")
    environment.hold(folder)
    if replacement.recover(files.resolved(path)):
        environment.say(
            f"`{path}` was left half-written by a run that was killed: its content before is restored"
        )


def file_state(path: Path) -> FileState | None:
    """Return the state of the file, or of the one that it links to; None if it does not exist."""
    path = files.resolved(path)
    with files.explained("read", path):
        return state_at(path)


def put(path: Path, before: str | None, after: str | None, was: FileState | None = None) -> None:
    """Write `after` to the file, or remove it (None); raise UserError unless it still contains `before`.

    A file that already contains `after` is left as it is. The target of a symbolic link is written. A new
    file gets the attributes of `was`; without them, owner and group of its folder, and all who may read the
    folder may read it: the system that loads it may run as another user.
    """
    path = files.resolved(path)
    present = text_of(path)
    if present == after:
        return
    if present != before:
        message = f"`{path}` has changed since it was read"
        raise UserError(message, "another process is changing it: run the command again")
    if after is None:
        with files.explained("remove", path):
            path.unlink()
        return
    replacement.overwrite(path, after.encode(), was.attributes if was else None)
    if before is None and was is None:
        with files.explained("write", path):
            share(path)


def text_of(path: Path) -> str | None:
    """Return the text of a file, or None if it does not exist; raise UserError if it is not UTF-8."""
    content = files.read(files.resolved(path))
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError:
        raise UserError(f"`{path}` is not UTF-8 text", "move it away, or convert it") from None


def reload_by_hand(url: str) -> str:
    """Return the advice for a system at `url` that reloads on request and could not be asked."""
    return f"once it answers again: curl -X POST {url}/-/reload"


@dataclass(frozen=True, slots=True)
class ReloadedFile:
    """The file of a step, and the `system` that reads it.

    `has_loaded` returns whether the system uses a text (None: no file). It and `reload` may raise UserError.
    `by_hand` says how a user makes the system load the file. `was` is the state of the file when the step was
    planned.
    """

    path: Path
    system: str
    by_hand: str
    reload: Callable[[], None]
    has_loaded: Callable[[str | None], bool]
    was: FileState | None

    def restore(self, step: Step) -> None:
        """Restore the file and reload the system; raise UserError unless it is known to use the old text."""
        present = text_of(self.path)
        put(self.path, present if present == step.after else step.before, step.before, self.was)
        if self.was is not None:
            with files.explained("restore", self.path):
                give(files.resolved(self.path), self.was.attributes)
        try:
            self.reload()
        except UserError as error:
            if not self._is_restored(step.before):
                message = (
                    f"the file is restored, and {self.system} is not known to have loaded it: {error.message}"
                )
                raise UserError(message, self.by_hand) from None

    def observed(self, step: Step) -> ObservedState:
        """Return the state of the file, with a note if the system has not loaded it."""
        text = text_of(self.path)
        try:
            note = "" if self.has_loaded(text) else f"{self.system} has loaded something else"
        except UserError:
            note = f"the content that {self.system} has loaded cannot be queried"
        state = state_of(step, text)
        now = file_state(self.path)
        lost = self.was.differing(now) if self.was is not None and now is not None else []
        if state is LiveState.BEFORE and lost:
            differing = f"not its {', '.join(lost)}"
            return ObservedState(LiveState.CONTENT, f"{differing}; {note}" if note else differing)
        return ObservedState(state, note)

    def _is_restored(self, text: str | None) -> bool:
        try:
            return self.has_loaded(text)
        except UserError:  # the system may not answer
            return False

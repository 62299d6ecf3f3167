"""The files of specs: read from the disk or at a git revision, with the bases that they extend."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from victor_monitoring.base import files
from victor_monitoring.base.diagnostics import Source, UserError
from victor_monitoring.base.git import content_at, names_at

MAX_BYTES = 16 * 2**20
ENDINGS = (".yaml", ".yml")

_ROOT_MARKERS = (".git", "pyproject.toml")
_ONE_REVISION = "name one, such as --from main"


@dataclass(frozen=True, slots=True)
class SpecFile:
    """A spec's path as the user gave it, the root of its repository, and a git revision unless on disk."""

    path: Path
    root: Path
    revision: str | None = None

    @classmethod
    def at(cls, path: Path) -> SpecFile:
        """Return the spec on disk; its root is the nearest parent with a marker, else its folder."""
        spec = files.resolved(path)
        marked = (each for each in spec.parents if any((each / marker).exists() for marker in _ROOT_MARKERS))
        return cls(path, next(marked, spec.parent))

    @property
    def name(self) -> PurePosixPath:
        """The spec's path below its root, independent of the working directory."""
        return PurePosixPath(files.resolved(self.path).relative_to(self.root).as_posix())

    def read(self) -> Source:
        """Return the text of the spec; raise UserError if it is missing, unreadable or too large."""
        name = self.path.as_posix()
        if self.revision is None:
            return read(self.path, name)
        content = self._at_revision(files.resolved(self.path))  # git stores a link, not its target's text
        if content is None:
            message = f"git has no `{name}` at `{self.revision}`"
            raise UserError(message, f"name a revision that has it: git log --oneline -- {name}")
        return Source(f"{self.revision}:{name}", _text(content))

    def exists(self) -> bool:
        """Return whether the file is there, on disk or at the revision; UserError if that is not known."""
        if self.revision is None:
            return self.path.exists()
        return self._at_revision(files.resolved(self.path)) is not None

    def others_at(self, revision: str) -> list[SpecFile]:
        """Return the other files in its folder at a revision that are named as specs are."""
        folder = files.resolved(self.path).parent
        names = (PurePath(each) for each in names_at(folder, _checked(revision)))
        paths = (self.path.with_name(each.name) for each in sorted(names) if each.suffix in ENDINGS)
        return [SpecFile(each, self.root, revision) for each in paths if each.name != self.path.name]

    def base_path(self, written: str, folder: Path) -> Path:
        """Return the path of the base that a file in `folder` names, with links followed as they are on disk.

        Raise UserError unless the path is below the root.
        """
        if "://" in written:
            hint = "copy the file into this repository, and name it by its path"
            raise UserError(f"`{written}` is a URL, and a base is a file of the repository", hint)
        if not written:
            raise UserError("`extends` names no file", "name one: `extends: ../org/base.yaml`")
        if PurePosixPath(written).is_absolute() or Path(written).is_absolute():
            hint = "write it relative to this file: `../org/base.yaml`"
            raise UserError(f"`{written}` is an absolute path", hint)
        try:
            path = files.resolved(folder / written)
        except ValueError:  # a NUL, or half of a surrogate pair
            raise UserError("the path has a character that no path can have", "retype it") from None
        if not path.is_relative_to(self.root):
            hint = "move it below the root: the nearest folder with `.git` or `pyproject.toml`"
            raise UserError(f"`{written}` leads outside of the root `{self.root.as_posix()}`", hint)
        return path

    def read_base(self, path: Path) -> Source:
        """Return the text of the base at `path`; raise UserError if it is unreadable or too large."""
        name = self.shown(path)
        if self.revision is None:
            content = _base_content(path, name)
        else:
            found = self._at_revision(path)
            if found is None:
                message = f"git has no file `{name.partition(':')[2]}` at `{self.revision}`"
                raise UserError(message, "compare with a revision that has it")
            content = found
        if len(content) > MAX_BYTES:
            raise _too_large(name, "split it: a base may extend another one")
        return Source(name, _text(content))

    def shown(self, path: Path) -> str:
        """Return the name of a file for users: relative to the working directory if the spec's path is."""
        name = path.as_posix() if self.path.is_absolute() else Path(os.path.relpath(path)).as_posix()
        return name if self.revision is None else f"{self.revision}:{name}"

    def _at_revision(self, path: Path) -> bytes | None:
        """Return the content of a file at the revision; None if it was not there."""
        relative = path.relative_to(self.root).as_posix()
        return content_at(self.root, _checked(self.revision or ""), relative)


def _checked(revision: str) -> str:
    """Return the revision; raise UserError if it is none, or an option of git."""
    if not revision or revision.startswith("-"):
        raise UserError(f"`{revision}` is not a git revision", _ONE_REVISION)
    return revision


def read(path: Path, name: str) -> Source:
    """Return the text of the file at `path`, shown to users as `name`.

    Bytes that are not UTF-8 become lone surrogates, which `load` reports with their positions.
    Raise UserError if the file is missing, unreadable or larger than `MAX_BYTES`.
    """
    try:
        return limited(path, name, "split it into several specs: --spec is repeatable")
    except FileNotFoundError:
        raise UserError(
            f"there is no spec `{name}`", "run `victor-mon init`, or name one: --spec FILE"
        ) from None
    except IsADirectoryError:
        raise UserError(f"`{name}` is a directory", f"name a file in it: --spec {name}/FILE.yaml") from None
    except PermissionError:
        raise UserError(f"`{name}` may not be read", f"allow it: chmod u+r {name}") from None
    except OSError as error:
        raise UserError(
            f"`{name}` cannot be read: {error.strerror}", "name another file: --spec FILE"
        ) from None


def limited(path: Path, name: str, hint: str) -> Source:
    """Return the text of a file, shown to users as `name`; raise OSError if it is unreadable.

    Bytes that are not UTF-8 become lone surrogates. Raise UserError with the hint if it is larger than
    `MAX_BYTES`.
    """
    content = _limited(path)
    if len(content) > MAX_BYTES:
        raise _too_large(name, hint)
    return Source(name, _text(content))


def _base_content(path: Path, name: str) -> bytes:
    """Return the content of the regular file at `path`: a pipe would block, and a device may never end."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode):
            return _limited(path)
    except (FileNotFoundError, NotADirectoryError):
        hint = "the path is relative to the file that names it"
        raise UserError(f"there is no file `{name}`", hint) from None
    except PermissionError:
        raise UserError(f"`{name}` may not be read", f"allow it: chmod u+r {name}") from None
    except OSError as error:
        raise UserError(f"`{name}` cannot be read: {error.strerror}", "name another file") from None
    if stat.S_ISDIR(mode):
        raise UserError(f"`{name}` is a directory", "name a file in it")
    raise UserError(f"`{name}` is not a regular file", "name another file")


def _limited(path: Path) -> bytes:
    """Return the content of a file, cut off one byte after the limit."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape").removeprefix("\ufeff")


def _too_large(name: str, hint: str) -> UserError:
    return UserError(f"`{name}` is larger than {MAX_BYTES // 2**20} MiB", hint)

"""The list of the files generated from one spec: it finds orphans and protects files that were not generated.

The list of `specs/shop.yaml` is `generated/.victor-mon/specs/shop.yaml.list`. Its first line is the number of
the output format, each further one a path. Paths are written in the order of the spec and read in any order:
branches that change distant parts of a spec change distant lines of its list, which git merges.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from victor_monitoring.base.artifacts import unfit
from victor_monitoring.base.files import below, read
from victor_monitoring.outputs.paths import link_on

FORMAT = 1
"""The number of the output format: it is incremented when the same spec renders to other text."""

FOLDER = PurePosixPath("generated/.victor-mon")
_SUFFIX = ".list"
_ENTRY = re.compile(r"(?!(?:<{7}|[|]{7}|={7}|>{7})(?: |$))[^\t]+")
"""A path, and not a line by which git marks a conflict."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The generated paths, each once; `damaged` counts unreadable lines.

    During a run they are the old and the new paths.
    """

    paths: tuple[PurePosixPath, ...] = ()
    format: int = FORMAT
    damaged: int = 0

    def joined(self, other: Listing) -> Listing:
        """Return a listing with the paths of both, in the order and the format of this one."""
        return Listing(tuple(dict.fromkeys((*self.paths, *other.paths))), self.format)

    def agrees(self, other: Listing) -> bool:
        """Return whether both name the same paths, in any order, and the same format."""
        return (self.format, set(self.paths)) == (other.format, set(other.paths))

    @property
    def content(self) -> bytes:
        """The listing as the bytes of its file."""
        # A path with a lone surrogate is unfit and never written, but may still be compared.
        return "\n".join([str(self.format), *map(str, self.paths), ""]).encode("utf-8", "surrogatepass")


def list_path(spec: PurePosixPath) -> PurePosixPath:
    """Return the path of the list of `spec`, relative to the root."""
    return FOLDER / f"{spec}{_SUFFIX}"


def parsed(content: bytes) -> Listing:
    """Return the listing in `content`; lines that are not entries are counted and skipped.

    Both sides of an unresolved merge conflict are read, so that no generated file is forgotten.
    """
    head, *lines = content.decode("utf-8", "replace").replace("\r\n", "\n").removesuffix("\n").split("\n")
    entries = [line for line in lines if _ENTRY.fullmatch(line)]
    paths = tuple(dict.fromkeys(map(PurePosixPath, entries)))
    damaged = len(lines) - len(entries)
    if not re.fullmatch(r"[0-9]{1,9}", head):
        return Listing(paths, damaged=damaged + 1)
    return Listing(paths, int(head), damaged)


def read_lists(root: Path, specs: Iterable[PurePosixPath] = ()) -> dict[PurePosixPath, bytes]:
    """Return the content of every list under `root` by its spec, sorted; links are not followed.

    The lists of `specs` are read by name: listing a folder may miss a file that is being replaced.
    """
    folder = root / FOLDER
    names = (path.relative_to(folder).as_posix() for path in below(folder, _SUFFIX))
    found = {}
    for spec in sorted({*specs, *(PurePosixPath(name.removesuffix(_SUFFIX)) for name in names)}):
        path = list_path(spec)
        if unfit(path) or link_on(root, path):
            continue
        content = read(root / path)
        if content is not None:
            found[spec] = content
    return found

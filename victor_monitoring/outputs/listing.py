"""The list of the files generated from one spec: it finds orphans, and separates edits from old renderings.

The list of `specs/shop.yaml` is `generated/.victor-mon/specs/shop.yaml.list`. Its first line is the number
of the output format, each further one a path, a tab and the SHA-256 of its content, sorted by path.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from victor_monitoring.base.artifacts import unfit
from victor_monitoring.base.files import below, read
from victor_monitoring.outputs.paths import link_on

FORMAT = 1
"""The number of the output format: it is incremented when the same spec renders to other text."""

FOLDER = PurePosixPath("generated/.victor-mon")
_SUFFIX = ".list"
_ENTRY = re.compile(r"([^\t]+)\t([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Listing:
    """Each generated path with the digests of its valid contents; `damaged` counts unreadable lines.

    A finished run leaves one digest per path. During a run a path has the old and the new digest.
    """

    entries: Mapping[PurePosixPath, frozenset[str]] = field(default_factory=dict)
    format: int = FORMAT
    damaged: int = 0

    def digests(self, path: PurePosixPath) -> frozenset[str]:
        """Return the digests that a generated file at `path` may have; empty if the path is not listed."""
        return self.entries.get(path, frozenset())

    def joined(self, other: Listing) -> Listing:
        """Return a listing with the entries of both, in the format of this one."""
        paths = [*self.entries, *other.entries]
        return Listing({path: self.digests(path) | other.digests(path) for path in paths}, self.format)

    @property
    def content(self) -> bytes:
        """The listing as the bytes of its file."""
        lines = sorted(f"{path}\t{each}" for path, digests in self.entries.items() for each in digests)
        # A path with a lone surrogate is unfit and never written, but may still be compared.
        return "\n".join([str(self.format), *lines, ""]).encode("utf-8", "surrogatepass")


def digest(content: bytes) -> str:
    """Return the SHA-256 of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def list_path(spec: PurePosixPath) -> PurePosixPath:
    """Return the path of the list of `spec`, relative to the root."""
    return FOLDER / f"{spec}{_SUFFIX}"


def parsed(content: bytes) -> Listing:
    """Return the listing in `content`; lines that are not entries are counted and skipped.

    Both sides of an unresolved merge conflict are read, so that no generated file is forgotten.
    """
    head, *lines = content.decode("utf-8", "replace").replace("\r\n", "\n").removesuffix("\n").split("\n")
    entries: dict[PurePosixPath, frozenset[str]] = {}
    damaged = 0
    for line in lines:
        if match := _ENTRY.fullmatch(line):
            path = PurePosixPath(match[1])
            entries[path] = entries.get(path, frozenset()) | {match[2]}
        else:
            damaged += 1
    if not re.fullmatch(r"[0-9]{1,9}", head):
        return Listing(entries, damaged=damaged + 1)
    return Listing(entries, int(head), damaged)


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

"""The renderings of a run, together with the lists of previously generated files under the root."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from victor_monitoring.base.artifacts import Artifact, unfit
from victor_monitoring.base.files import explained
from victor_monitoring.outputs.listing import Listing, list_path, parsed, read_lists
from victor_monitoring.outputs.paths import link_on


@dataclass(frozen=True, slots=True)
class Rendering:
    """The artifacts of one spec. `spec` is its path relative to its own root, which names its list.

    `gone` marks a spec that no longer exists, and whose files are to be removed; see `abandoned`.
    """

    spec: PurePosixPath
    artifacts: tuple[Artifact, ...] = ()
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """The renderings of a run and every list under `root`, by spec; `contents` are the lists as stored.

    `rendered` are all paths that the run renders, `listed` those that the lists of its specs name: a path may
    move from one spec to another. `keepers` are the specs whose lists name a path and keep it in this run.
    """

    root: Path
    renderings: tuple[Rendering, ...]
    specs: frozenset[PurePosixPath]
    complete: bool
    contents: Mapping[PurePosixPath, bytes] = field(repr=False)
    listings: Mapping[PurePosixPath, Listing] = field(repr=False)
    rendered: frozenset[PurePosixPath] = field(repr=False)
    listed: frozenset[PurePosixPath] = field(repr=False)
    keepers: Mapping[PurePosixPath, Sequence[PurePosixPath]] = field(repr=False)

    def listing(self, spec: PurePosixPath) -> Listing:
        """Return the listing of `spec`; an empty one if it has none."""
        return self.listings.get(spec, Listing())

    def claim(self, spec: PurePosixPath, path: PurePosixPath) -> PurePosixPath | None:
        """Return another spec whose list names `path` and keeps it in this run; None without one."""
        return next((each for each in self.keepers.get(path, ()) if each != spec), None)

    def orphans(self, rendering: Rendering) -> list[PurePosixPath]:
        """Return the listed paths of a spec that no spec renders any more, sorted; none in a partial run."""
        if not (self.complete or rendering.gone):
            return []
        unrendered = sorted(set(self.listing(rendering.spec).paths) - self.rendered)
        return [path for path in unrendered if self.claim(rendering.spec, path) is None]

    def expected(self, rendering: Rendering, kept: Iterable[PurePosixPath] = ()) -> Listing:
        """Return the listing that a finished run leaves; `kept` are orphans that it does not remove."""
        old = self.listing(rendering.spec)
        new = Listing(tuple(each.path for each in rendering.artifacts))
        if self.complete or rendering.gone:
            return new.joined(Listing(tuple(path for path in kept if path in old.paths)))
        return old.joined(new)

    def passing(self, rendering: Rendering) -> Listing:
        """Return the listing during a run: the old and the new paths, in the old format and the new order."""
        old = self.listing(rendering.spec)
        return replace(self.expected(rendering).joined(old), format=old.format)

    def folders(self) -> list[Path]:
        """Return every folder under the root in which a run may have left temporary files."""
        paths = {*self.rendered, *self.listed, *(list_path(each.spec) for each in self.renderings)}
        safe = (path for path in paths if not unfit(path) and link_on(self.root, path.parent) is None)
        return sorted({self.root / path.parent for path in safe})


def survey(root: Path, renderings: Sequence[Rendering], *, complete: bool) -> Survey:
    """Return the renderings together with the lists that are on disk now."""
    contents = read_lists(root, (each.spec for each in renderings))
    listings = {spec: parsed(content) for spec, content in contents.items()}
    rendered = frozenset(each.path for rendering in renderings for each in rendering.artifacts)
    specs = frozenset(each.spec for each in renderings)
    listed = frozenset(path for spec in specs & listings.keys() for path in listings[spec].paths)
    released = {each.spec for each in renderings if complete or each.gone}
    keepers: dict[PurePosixPath, list[PurePosixPath]] = {}
    for spec in sorted(listings.keys() - released):
        for path in listings[spec].paths:
            keepers.setdefault(path, []).append(spec)
    return Survey(root, tuple(renderings), specs, complete, contents, listings, rendered, listed, keepers)


def abandoned(root: Path, specs: Path) -> list[Rendering]:
    """Return an empty rendering for every list under `root` whose spec is missing from the folder `specs`.

    `specs` is the folder that spec paths are relative to, even if files are written elsewhere. Together
    with the other renderings, they make `write` remove the remaining files, and `compare` report them.
    """
    listed = read_lists(root)
    with explained("read", specs):
        return [Rendering(spec, gone=True) for spec in listed if not (specs / spec).exists()]

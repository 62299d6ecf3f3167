"""The renderings of a run, together with the lists of previously generated files under the root."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from victor_monitoring.base.artifacts import Artifact, unfit
from victor_monitoring.base.files import explained
from victor_monitoring.outputs.listing import FORMAT, Listing, digest, list_path, parsed, read_lists
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
    """The renderings of a run and every list under `root`, by spec; `contents` are the lists as stored."""

    root: Path
    renderings: tuple[Rendering, ...]
    complete: bool
    contents: Mapping[PurePosixPath, bytes] = field(repr=False)
    listings: Mapping[PurePosixPath, Listing] = field(repr=False)

    @property
    def rendered(self) -> frozenset[PurePosixPath]:
        """All paths that the run renders."""
        return frozenset(each.path for rendering in self.renderings for each in rendering.artifacts)

    def listing(self, spec: PurePosixPath) -> Listing:
        """Return the listing of `spec`; an empty one if it has none."""
        return self.listings.get(spec, Listing())

    def digests(self, path: PurePosixPath) -> frozenset[str]:
        """Return the listed digests of `path` for all specs of the run: it may have moved between them."""
        return frozenset().union(*(self.listing(each.spec).digests(path) for each in self.renderings))

    def claim(self, spec: PurePosixPath, path: PurePosixPath) -> PurePosixPath | None:
        """Return another spec whose list names `path` and keeps it in this run; None without one."""
        released = {each.spec for each in self.renderings if self.complete or each.gone}
        others = (each for each in self.listings if each != spec and each not in released)
        return next((each for each in others if path in self.listings[each].entries), None)

    def orphans(self, rendering: Rendering) -> list[PurePosixPath]:
        """Return the listed paths of a spec that no spec renders any more, sorted; none in a partial run."""
        if not (self.complete or rendering.gone):
            return []
        rendered = self.rendered
        listed = sorted(self.listing(rendering.spec).entries)
        return [path for path in listed if path not in rendered and self.claim(rendering.spec, path) is None]

    def expected(self, rendering: Rendering, kept: Iterable[PurePosixPath] = ()) -> Listing:
        """Return the listing that a finished run leaves; `kept` are orphans that it does not remove."""
        old = self.listing(rendering.spec)
        new = {each.path: frozenset({digest(each.text.encode())}) for each in rendering.artifacts}
        if self.complete or rendering.gone:
            return Listing({path: old.digests(path) for path in kept if path in old.entries} | new, FORMAT)
        return Listing({**old.entries, **new}, old.format)

    def folders(self) -> list[Path]:
        """Return every folder under the root in which a run may have left temporary files."""
        paths = {*self.rendered, *(list_path(each.spec) for each in self.renderings)}
        for rendering in self.renderings:
            paths.update(self.listing(rendering.spec).entries)
        safe = (path for path in paths if not unfit(path) and link_on(self.root, path.parent) is None)
        return sorted({self.root / path.parent for path in safe})


def survey(root: Path, renderings: Sequence[Rendering], *, complete: bool) -> Survey:
    """Return the renderings together with the lists that are on disk now."""
    contents = read_lists(root, (each.spec for each in renderings))
    listings = {spec: parsed(content) for spec, content in contents.items()}
    return Survey(root, tuple(renderings), complete, contents, listings)


def abandoned(root: Path, specs: Path) -> list[Rendering]:
    """Return an empty rendering for every list under `root` whose spec is missing from the folder `specs`.

    `specs` is the folder that spec paths are relative to, even if files are written elsewhere. Together
    with the other renderings, they make `write` remove the remaining files, and `compare` report them.
    """
    listed = read_lists(root)
    with explained("read", specs):
        return [Rendering(spec, gone=True) for spec in listed if not (specs / spec).exists()]

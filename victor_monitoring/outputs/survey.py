"""What a run renders, set beside what the lists under the root say was generated before."""

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
    """What one spec renders. `spec` is its path from its own root: the name that its list goes by.

    `gone` marks a spec that no longer exists and whose files are to go too; see `abandoned`.
    """

    spec: PurePosixPath
    artifacts: tuple[Artifact, ...] = ()
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """The renderings of a run and every list under `root`, by spec; `contents` are the lists as they lie."""

    root: Path
    renderings: tuple[Rendering, ...]
    complete: bool
    contents: Mapping[PurePosixPath, bytes] = field(repr=False)
    listings: Mapping[PurePosixPath, Listing] = field(repr=False)

    @property
    def rendered(self) -> frozenset[PurePosixPath]:
        """Every path that the run renders."""
        return frozenset(each.path for rendering in self.renderings for each in rendering.artifacts)

    def listing(self, spec: PurePosixPath) -> Listing:
        """The list of `spec`; an empty one if it has none."""
        return self.listings.get(spec, Listing())

    def digests(self, path: PurePosixPath) -> frozenset[str]:
        """What may stand at `path` by the lists of the run's specs: it may have moved between them."""
        return frozenset().union(*(self.listing(each.spec).digests(path) for each in self.renderings))

    def claim(self, spec: PurePosixPath, path: PurePosixPath) -> PurePosixPath | None:
        """Another spec whose list names `path`, and that this run does not take it from; None if none."""
        released = {each.spec for each in self.renderings if self.complete or each.gone}
        others = (each for each in self.listings if each != spec and each not in released)
        return next((each for each in others if path in self.listings[each].entries), None)

    def orphans(self, rendering: Rendering) -> list[PurePosixPath]:
        """The listed paths of a spec that nothing renders any more, sorted; none in a partial run."""
        if not (self.complete or rendering.gone):
            return []
        rendered = self.rendered
        listed = sorted(self.listing(rendering.spec).entries)
        return [path for path in listed if path not in rendered and self.claim(rendering.spec, path) is None]

    def expected(self, rendering: Rendering, kept: Iterable[PurePosixPath] = ()) -> Listing:
        """The list that a finished run leaves; `kept` are orphans that it does not remove."""
        old = self.listing(rendering.spec)
        new = {each.path: frozenset({digest(each.text.encode())}) for each in rendering.artifacts}
        if self.complete or rendering.gone:
            return Listing({path: old.digests(path) for path in kept if path in old.entries} | new, FORMAT)
        return Listing({**old.entries, **new}, old.format)

    def folders(self) -> list[Path]:
        """Every folder under the root in which the run, or one before it, may have left something."""
        paths = {*self.rendered, *(list_path(each.spec) for each in self.renderings)}
        for rendering in self.renderings:
            paths.update(self.listing(rendering.spec).entries)
        safe = (path for path in paths if not unfit(path) and link_on(self.root, path.parent) is None)
        return sorted({self.root / path.parent for path in safe})


def survey(root: Path, renderings: Sequence[Rendering], *, complete: bool) -> Survey:
    """The renderings beside the lists as they are on disk now."""
    contents = read_lists(root, (each.spec for each in renderings))
    listings = {spec: parsed(content) for spec, content in contents.items()}
    return Survey(root, tuple(renderings), complete, contents, listings)


def abandoned(root: Path, specs: Path) -> list[Rendering]:
    """A rendering of nothing for every list under `root` whose spec is missing from the folder `specs`.

    `specs` is the folder that specs are named from: their root, also where the files go elsewhere.
    Given to `write` beside the others, they clear what is left; given to `compare`, they report it.
    """
    listed = read_lists(root)
    with explained("read", specs):
        return [Rendering(spec, gone=True) for spec in listed if not (specs / spec).exists()]

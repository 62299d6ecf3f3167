"""Writing of rendered files, and removal of files that are no longer rendered.

A run may be killed at any point. Its order lets `compare` always find the remaining work: first the lists
name both old and new paths, then the files are replaced, then orphans are removed, and only then the lists
drop the old paths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from victor_monitoring.base.artifacts import unfit
from victor_monitoring.base.files import leftovers, read, remove
from victor_monitoring.base.replacement import recover, replace
from victor_monitoring.outputs.comparison import clashes, of_files, of_orphans
from victor_monitoring.outputs.drift import Drift, DriftKind
from victor_monitoring.outputs.listing import Listing, list_path, parsed
from victor_monitoring.outputs.paths import link_on
from victor_monitoring.outputs.survey import Rendering, Survey, survey

_REFUSED = frozenset({DriftKind.FOREIGN, DriftKind.CLAIMED, DriftKind.CLASH, DriftKind.BLOCKED})


@dataclass(frozen=True, slots=True)
class WriteReport:
    """The result of a run, each path once and sorted; `findings` are the changes that it did not make."""

    written: tuple[PurePosixPath, ...] = ()
    unchanged: tuple[PurePosixPath, ...] = ()
    removed: tuple[PurePosixPath, ...] = ()
    findings: tuple[Drift, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the findings prevented the run from changing any file."""
        return any(finding.kind in _REFUSED for finding in self.findings)


def write(root: Path, renderings: Sequence[Rendering], *, complete: bool, force: bool = False) -> WriteReport:
    """Write the rendered files under `root`; files that are up to date are not touched.

    `complete` means that the renderings contain everything that their specs render: files that are no longer
    rendered are removed if git can restore them. `force` removes the others too, and replaces files that
    were never generated; without it both are findings. With any finding about a rendered path, the run
    changes nothing.

    Raises:
        UserError: a file cannot be read, written or removed. Another run finishes.
    """
    for rendering in renderings:
        _recover_list(root, rendering.spec)
    state = survey(root, renderings, complete=complete)
    drifts = list(clashes(state))
    for rendering in state.renderings:
        drifts += of_files(state, rendering)
    refused = _REFUSED - {DriftKind.FOREIGN} if force else _REFUSED
    if findings := [drift for drift in drifts if drift.kind in refused]:
        return WriteReport(findings=tuple(sorted(findings, key=lambda drift: drift.path)))
    changed = {drift.path for drift in drifts}
    texts = {each.path: each.text for rendering in state.renderings for each in rendering.artifacts}

    for temporary in leftovers(state.folders()):
        remove(temporary, root)
    _write_lists(state, [state.passing(each) for each in state.renderings])
    replace({root / path: texts[path].encode() for path in sorted(changed)})
    orphans = _remove_orphans(state, force=force)
    kept = [drift for drift in orphans if drift.kind is DriftKind.KEPT]
    _write_lists(state, [state.expected(each, [drift.path for drift in kept]) for each in state.renderings])
    return WriteReport(
        written=tuple(sorted(changed)),
        unchanged=tuple(sorted(texts.keys() - changed)),
        removed=tuple(sorted(drift.path for drift in orphans if drift.kind is DriftKind.ORPHAN)),
        findings=tuple(kept),
    )


def _recover_list(root: Path, spec: PurePosixPath) -> None:
    """Restore a list that a killed run has written in part: the paths of orphans are only there."""
    path = list_path(spec)
    if not unfit(path) and link_on(root, path) is None:
        recover(root / path)


def _write_lists(state: Survey, listings: Sequence[Listing]) -> None:
    """Write the lists of the run's specs unless they agree; remove a list that would be empty."""
    stale: dict[Path, bytes] = {}
    for rendering, listing in zip(state.renderings, listings, strict=True):
        path = state.root / list_path(rendering.spec)
        disk = read(path)
        if not listing.paths and disk is not None:
            remove(path, state.root)
        elif listing.paths and (disk is None or not parsed(disk).agrees(listing)):
            stale[path] = listing.content
    replace(stale)


def _remove_orphans(state: Survey, *, force: bool) -> list[Drift]:
    """Remove the orphans of the run, except those to be kept; return the drift of both."""
    found: dict[PurePosixPath, Drift] = {}
    for rendering in state.renderings:
        for drift in of_orphans(state, rendering, force=force):
            if drift.kind is DriftKind.ORPHAN:
                remove(state.root / drift.path, state.root)
            found[drift.path] = drift
    return [found[path] for path in sorted(found)]

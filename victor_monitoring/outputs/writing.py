"""Writing of rendered files, and removal of files that are no longer rendered.

A run may be killed at any point. Its order lets `compare` always find the remaining work: first the lists
allow both old and new content, then the files are replaced, then orphans are removed, and only then the
lists drop the old content.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from victor_monitoring.base.files import leftovers, read, remove, replace
from victor_monitoring.outputs.comparison import clashes, of_files, of_orphan
from victor_monitoring.outputs.drift import Drift, DriftKind
from victor_monitoring.outputs.listing import Listing, list_path
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
    rendered are removed, unless they were edited. `force` replaces files that were never generated; without
    it they are findings. With any finding about a rendered path, the run changes nothing.

    Raises:
        UserError: a file cannot be read, written or removed. No file is partly written; another run finishes.
    """
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
    _write_lists(state, [state.listing(each.spec).joined(state.expected(each)) for each in state.renderings])
    replace({root / path: texts[path].encode() for path in sorted(changed)})
    orphans = _remove_orphans(state)
    kept = [drift for drift in orphans if drift.kind is DriftKind.KEPT]
    _write_lists(state, [state.expected(each, [drift.path for drift in kept]) for each in state.renderings])
    return WriteReport(
        written=tuple(sorted(changed)),
        unchanged=tuple(sorted(texts.keys() - changed)),
        removed=tuple(sorted(drift.path for drift in orphans if drift.kind is DriftKind.ORPHAN)),
        findings=tuple(kept),
    )


def _write_lists(state: Survey, listings: Sequence[Listing]) -> None:
    """Write the lists of the run's specs; remove a list that would be empty."""
    paths = [state.root / list_path(each.spec) for each in state.renderings]
    wanted = {path: listing.content for path, listing in zip(paths, listings, strict=True) if listing.entries}
    replace({path: content for path, content in wanted.items() if read(path) != content})
    for path in paths:
        if path not in wanted and read(path) is not None:
            remove(path, state.root)


def _remove_orphans(state: Survey) -> list[Drift]:
    """Remove the orphans of the run, except those to be kept; return the drift of both."""
    found: dict[PurePosixPath, Drift] = {}
    for rendering in state.renderings:
        for path in state.orphans(rendering):
            drift = of_orphan(state, rendering.spec, path)
            if drift and drift.kind is DriftKind.ORPHAN:
                remove(state.root / path, state.root)
            if drift:
                found[path] = drift
    return [found[path] for path in sorted(found)]

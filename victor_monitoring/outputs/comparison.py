"""Comparison of the files under a root with the current rendering of the specs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from victor_monitoring.base.artifacts import Artifact, unfit
from victor_monitoring.base.files import explained, is_temporary, leftovers, read
from victor_monitoring.base.git import restorable
from victor_monitoring.outputs.drift import Drift, DriftKind
from victor_monitoring.outputs.listing import FOLDER, FORMAT, list_path
from victor_monitoring.outputs.paths import fold, link_on, occupied
from victor_monitoring.outputs.survey import Rendering, Survey, survey

_GENERATE = "run `victor-mon generate`"
_AWAY = "move the existing file or folder away, or choose another path under `outputs` in the spec"


def compare(root: Path, renderings: Sequence[Rendering], *, complete: bool) -> list[Drift]:
    """Return the differences from the current rendering, sorted by path; empty if a run would change nothing.

    `complete` means that the renderings contain everything that their specs render. Otherwise (one output,
    one context) files that are no longer rendered are not reported.

    Raises:
        UserError: something under `root` cannot be read.
    """
    state = survey(root, renderings, complete=complete)
    found = [*clashes(state), *_unfinished(state)]
    for rendering in state.renderings:
        own = [*of_files(state, rendering), *of_orphans(state, rendering)]
        found += own
        if drift := _of_list(state, rendering, alone=not own):
            found.append(drift)
    return sorted(dict.fromkeys(found), key=lambda drift: (drift.path, drift.kind))


def clashes(state: Survey) -> Iterator[Drift]:
    """Yield artifacts that cannot coexist: equal paths, also if case is ignored, or a file as a folder."""
    takers: dict[str, list[tuple[PurePosixPath, PurePosixPath]]] = {}
    for rendering in state.renderings:
        for artifact in rendering.artifacts:
            takers.setdefault(fold(artifact.path), []).append((artifact.path, rendering.spec))
    hint = "give each its own path under `outputs` in the spec"
    for (first, first_spec), *others in takers.values():
        for path, spec in others:
            whose = f"`{spec}`" if spec == first_spec else f"`{first_spec}` and by `{spec}`"
            twice = f"`{path}` is rendered twice: by {whose}"
            alike = f"`{path}` and `{first}` are the same file on case-insensitive systems"
            yield Drift(path, DriftKind.CLASH, twice if path == first else alike, hint)
        for folder in first.parents[:-1]:
            if fold(folder) in takers:
                yield Drift(first, DriftKind.CLASH, f"`{first}` lies in `{folder}`, which is a file", hint)


def of_files(state: Survey, rendering: Rendering) -> Iterator[Drift]:
    """Yield the rendered files of a spec that differ from the disk, and any obstacle to its list."""
    path = list_path(rendering.spec)
    if reason := _obstacle(state.root, path):
        yield Drift(path, DriftKind.BLOCKED, f"cannot keep a list at `{path}`: it {reason}", _AWAY)
    for artifact in rendering.artifacts:
        if reason := _reserved(state, artifact.path) or _obstacle(state.root, artifact.path):
            yield Drift(
                artifact.path, DriftKind.BLOCKED, f"cannot generate `{artifact.path}`: it {reason}", _AWAY
            )
        elif claimant := state.claim(rendering.spec, artifact.path):
            message = f"`{artifact.path}` is rendered by `{rendering.spec}`, and listed for `{claimant}`"
            hint = f"choose another path for one of them; if it has moved, {_GENERATE} for all specs"
            yield Drift(artifact.path, DriftKind.CLAIMED, message, hint)
        elif drift := _of_file(state, rendering.spec, artifact):
            yield drift


def _of_file(state: Survey, spec: PurePosixPath, artifact: Artifact) -> Drift | None:
    path, rendered = artifact.path, artifact.text.encode()
    disk = read(state.root / path)
    if disk == rendered:
        return None
    if disk is None:
        return Drift(path, DriftKind.LOST, f"`{path}` is missing", _GENERATE)
    differing = partial(Drift, path, disk=disk, rendered=rendered)
    if path not in state.listed:
        hint = f"move it away, or {_GENERATE} with `--force` to replace it"
        return differing(DriftKind.FOREIGN, f"`{path}` is in the way: it is not listed as generated", hint)
    if (number := state.listing(spec).format) != FORMAT:
        return differing(DriftKind.FORMAT, *_other_format(f"`{path}` was generated", number))
    if disk.replace(b"\r\n", b"\n") == rendered:
        hint = f"{_GENERATE}, and keep it at LF in `.gitattributes`"
        return differing(DriftKind.DIFFERS, f"`{path}` has other line ends (CRLF)", hint)
    hint = f"{_GENERATE}: it replaces the file; an edit of it belongs in `{spec}`"
    return differing(DriftKind.DIFFERS, f"`{path}` is not what `{spec}` renders", hint)


def of_orphans(state: Survey, rendering: Rendering, *, force: bool = False) -> Iterator[Drift]:
    """Yield the files that were generated from a spec and are no longer rendered.

    An ORPHAN may be removed: git can restore it, or `force` says so. One that must not be removed is KEPT.
    """
    listing = f"`{list_path(rendering.spec)}`"
    present = []
    for path in state.orphans(rendering):
        reason = unfit(path) or _reserved(state, path)
        if not reason and (link := link_on(state.root, path)):
            reason = f"is reached through the link `{link}`"
        if reason:
            hint = f"remove it by hand if nothing else uses it, and its line in {listing}"
            yield Drift(path, DriftKind.KEPT, f"`{path}` is no longer rendered, but it {reason}", hint)
        elif read(state.root / path) is not None and not _is_also_rendered(state, path):
            present.append(path)
    safe = restorable(state.root, present)
    for path in present:
        if force or path in safe:
            hint = f"{_GENERATE}: it removes the file"
            yield Drift(path, DriftKind.ORPHAN, f"`{path}` is no longer rendered by `{rendering.spec}`", hint)
        else:
            message = f"`{path}` is no longer rendered, but git could not restore it if it were removed"
            hint = f"`git add` it or move it away to keep it, or {_GENERATE} with `--force` to remove it"
            yield Drift(path, DriftKind.KEPT, message, hint)


def _of_list(state: Survey, rendering: Rendering, *, alone: bool) -> Drift | None:
    """Return how the list of a spec differs from its expected content; None if it does not.

    A list that is only out of date is reported if it is `alone`, without other drift: a run rewrites the
    list together with the files.
    """
    path, listing = list_path(rendering.spec), state.listing(rendering.spec)
    disk, expected = state.contents.get(rendering.spec), state.expected(rendering)
    if rendering.gone:
        hint = f"restore the spec, or {_GENERATE} without `--spec`: it removes the spec's files"
        return Drift(path, DriftKind.GONE, f"the spec `{rendering.spec}` is gone, but not its list", hint)
    differing = partial(Drift, path, disk=disk, rendered=expected.content)
    if listing.damaged:
        message = f"`{path}` is damaged: {listing.damaged} of its lines cannot be read"
        return differing(DriftKind.DAMAGED, message, f"{_GENERATE}: it rewrites the list")
    if not alone or listing.agrees(expected) or not (disk or expected.paths):
        return None
    if listing.format not in (FORMAT, expected.format):
        return differing(DriftKind.FORMAT, *_other_format(f"`{path}` was written", listing.format))
    if set(expected.paths) - set(listing.paths):
        return differing(DriftKind.UNLISTED, f"`{path}` does not name every generated file", _GENERATE)
    return differing(DriftKind.UNFINISHED, f"`{path}` is not up to date: a run was interrupted", _GENERATE)


def _unfinished(state: Survey) -> Iterator[Drift]:
    """Yield the temporary files of runs that were interrupted."""
    for file in leftovers(state.folders()):
        path = PurePosixPath(file.relative_to(state.root).as_posix())
        hint = f"{_GENERATE}: it removes the file"
        yield Drift(path, DriftKind.UNFINISHED, f"`{path}` was left by a run that was interrupted", hint)


def _reserved(state: Survey, path: PurePosixPath) -> str:
    if path in state.specs:
        return "is a spec"
    own = fold(FOLDER) in map(fold, path.parents) or is_temporary(path.name)
    return "is reserved for victor-mon's own files" if own else ""


def _obstacle(root: Path, path: PurePosixPath) -> str:
    """Return the reason why `path` must not be written, as a predicate of it; empty if it may be."""
    if reason := unfit(path):
        return reason
    if link := link_on(root, path):
        return f"goes through the link `{link}`"
    return occupied(root, path)


def _other_format(done: str, number: int) -> tuple[str, str]:
    newer = "install the newer victor-mon, or " if number > FORMAT else ""
    return f"{done} in output format {number}; this victor-mon writes {FORMAT}", f"{newer}{_GENERATE}"


def _is_also_rendered(state: Survey, path: PurePosixPath) -> bool:
    """Return whether `path` is, on this file system, a rendered path in another case."""
    alike = (state.root / each for each in state.rendered if fold(each) == fold(path))
    with explained("read", state.root / path):
        return any(each.exists() and each.samefile(state.root / path) for each in alike)

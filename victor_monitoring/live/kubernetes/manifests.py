"""Kubernetes objects: as they are rendered, as they are read, and who set what in them.

Of an object only its body is ours, all but `metadata` and `status`, and in `metadata` our labels. An API
server adds defaults and others add annotations: an object is as rendered where it holds all that is rendered
and where nobody else owns anything in its body besides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import yaml

from victor_monitoring.language.model.fields import INSTANCE, MANAGED_BY, PART_OF

MANAGER: Final = "victor-mon"
Manifest: TypeAlias = Mapping[str, Any]
_KEPT: Final = ("name", "namespace", "labels", "annotations")  # of the metadata, to restore an object
_NO_BODY: Final = ("apiVersion", "kind", "metadata", "status")


@dataclass(frozen=True, slots=True)
class ForeignEdit:
    """A field of an object's body that somebody else set otherwise than it is rendered."""

    manager: str
    field: str


def is_manifest(value: object) -> bool:
    """Whether a value that was received has the shape of an object, as far as it is looked at."""
    match value:
        case {"apiVersion": str(), "kind": str(), "metadata": {"name": str()} as metadata}:
            managed = metadata.get("managedFields") or []
            return (
                isinstance(metadata.get("labels") or {}, dict)
                and isinstance(managed, list)
                and all(isinstance(each, dict) for each in managed)
            )
    return False


def name_of(manifest: Manifest, namespace: str | None) -> str:
    """The object's kind and name as they are printed, in the namespace that the spec names, if it does."""
    metadata = manifest["metadata"]
    place = f"{namespace}/" if namespace else ""
    return f"{manifest['kind']} {place}{metadata['name']}"


def namespace_of(manifest: Manifest) -> str:
    """The namespace that an object stands in; empty where it does not say."""
    return str(manifest["metadata"].get("namespace", ""))


def owner_of(manifest: Manifest) -> tuple[str | None, str | None]:
    """The service and the context that an object of ours is of; the service is None where it is not ours."""
    labels = manifest["metadata"].get("labels") or {}
    is_ours = labels.get(MANAGED_BY) == MANAGER
    return (labels.get(PART_OF) if is_ours else None), labels.get(INSTANCE)


def selector(service: str, context: str) -> str:
    """What selects the objects of a context by their labels."""
    return f"{MANAGED_BY}={MANAGER},{PART_OF}={service},{INSTANCE}={context}"


def text_of(there: Manifest, wanted: Manifest | None, rendered: str) -> str:
    """The rendered text where the object is as rendered, else what the object would be restored from."""
    if wanted is not None and is_as_rendered(there, wanted):
        return rendered
    metadata = {key: there["metadata"][key] for key in _KEPT if there["metadata"].get(key)}
    whole = {"apiVersion": there["apiVersion"], "kind": there["kind"], "metadata": metadata, **body_of(there)}
    return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=10**9)


def is_as_rendered(there: Manifest, wanted: Manifest) -> bool:
    """Whether the object holds all that is rendered, and nobody else owns anything in its body besides."""
    labels = there["metadata"].get("labels") or {}
    has_labels = _covers(labels, wanted["metadata"]["labels"])
    return has_labels and _covers(body_of(there), body_of(wanted)) and not any(edits(there, wanted))


def edits(there: Manifest, wanted: Manifest) -> Iterator[ForeignEdit]:
    """What others own in the object's body and is not as rendered, by the server's own books."""
    was, shall = body_of(there), body_of(wanted)
    for entry in there["metadata"].get("managedFields") or ():
        manager = str(entry.get("manager"))
        owned = {
            key: below
            for key, below in (entry.get("fieldsV1") or {}).items()
            if key.removeprefix("f:") not in _NO_BODY
        }
        if manager != MANAGER:
            yield from (ForeignEdit(manager, field) for field in _others(owned, was, shall, ""))


def removals(there: Manifest, wanted: Manifest) -> str | None:
    """A merge patch that leaves in the body what is rendered only; None where nothing is to go."""
    patch = _patch(body_of(there), body_of(wanted))
    return json.dumps(patch) if patch else None


def body_of(manifest: Manifest) -> Manifest:
    """All of an object that is not about the object."""
    return {key: value for key, value in manifest.items() if key not in _NO_BODY}


def _covers(there: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(
            key in there and _covers(there[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(there, list)
            and len(there) == len(wanted)
            and all(_covers(*pair) for pair in zip(there, wanted, strict=True))
        )
    return bool(there == wanted)


def _others(owned: Mapping[str, Any], there: Any, wanted: Any, path: str) -> Iterator[str]:
    """The paths that are owned and not alike, down to the first that `wanted` has not."""
    for key, below in owned.items():
        if key == ".":
            continue
        here = f"{path}{_step(key)}"
        has, inner_wanted = _at(wanted, key)
        _, inner_there = _at(there, key)
        if not has or (not below and inner_there != inner_wanted):
            yield here
        elif below:
            yield from _others(below, inner_there, inner_wanted, here)


def _at(value: Any, key: str) -> tuple[bool, Any]:
    """Whether there is something at a key of `fieldsV1`, and what."""
    kind, _, rest = key.partition(":")
    if kind == "f":
        return (rest in value, value.get(rest)) if isinstance(value, dict) else (False, None)
    items = value if isinstance(value, list) else []
    if kind == "k":
        named = json.loads(rest)
        found = [each for each in items if isinstance(each, dict) and named.items() <= each.items()]
    elif kind == "v":
        found = [each for each in items if each == json.loads(rest)]
    else:  # an index
        found = items[int(rest) : int(rest) + 1]
    return bool(found), found[0] if found else None


def _step(key: str) -> str:
    kind, _, rest = key.partition(":")
    return f".{rest}" if kind == "f" else f"[{rest}]"


def _patch(there: Manifest, wanted: Manifest) -> dict[str, Any]:
    patch: dict[str, Any] = {key: None for key in there if key not in wanted}
    for key, value in wanted.items():
        found = there.get(key)
        if isinstance(found, dict) and isinstance(value, dict):
            if inner := _patch(found, value):
                patch[key] = inner
        elif not _covers(found, value):
            patch[key] = value
    return patch

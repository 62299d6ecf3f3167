"""Kubernetes objects: comparison of live with rendered ones, and the managers of their fields.

The spec owns the body of an object (all but `metadata` and `status`) and the rendered labels. An API server
adds defaults, and other managers add annotations and labels. So an object is as rendered if it contains
everything rendered and no other manager owns a further field of its body.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import yaml

from victor_monitoring.language.model.fields import CONTEXT, MANAGED_BY, PART_OF

MANAGER: Final = "victor-mon"
_FORMER_CONTEXT: Final = "app.kubernetes.io/instance"  # of objects that were applied before `CONTEXT` was set
Manifest: TypeAlias = Mapping[str, Any]
_KEPT: Final = ("name", "namespace", "labels", "annotations")  # the metadata needed to restore an object
_NO_BODY: Final = ("apiVersion", "kind", "metadata", "status")


@dataclass(frozen=True, slots=True)
class ForeignEdit:
    """A field of an object's body that another manager set to a value that is not rendered."""

    manager: str
    field: str


def is_manifest(value: object) -> bool:
    """Return whether a received value has the shape of an object, in the fields that are used."""
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
    """Return the printed name of an object: kind, namespace if the spec sets one, and name."""
    metadata = manifest["metadata"]
    place = f"{namespace}/" if namespace else ""
    return f"{manifest['kind']} {place}{metadata['name']}"


def namespace_of(manifest: Manifest) -> str:
    """Return the namespace of an object; empty if it has none."""
    return str(manifest["metadata"].get("namespace", ""))


def owner_of(manifest: Manifest) -> tuple[str | None, str | None]:
    """Return the service and context of an object; the service is None unless victor-mon manages it.

    The context of an object without its label is that of the former label, if the object is named after it.
    """
    labels = manifest["metadata"].get("labels") or {}
    is_managed = labels.get(MANAGED_BY) == MANAGER
    former = labels.get(_FORMER_CONTEXT)
    is_former = former is not None and str(manifest["metadata"]["name"]).endswith(f"-{former}")
    context = labels.get(CONTEXT, former if is_former else None)
    return (labels.get(PART_OF) if is_managed else None), context


def selector(service: str) -> str:
    """Return the label selector for the objects of a service."""
    return f"{MANAGED_BY}={MANAGER},{PART_OF}={service}"


def label_changes(live: Manifest, wanted: Manifest) -> Iterator[str]:
    """Yield in words each rendered label that a live object does not have, or has with another value."""
    labels = live["metadata"].get("labels") or {}
    for label, value in wanted["metadata"]["labels"].items():
        if label not in labels:
            yield f"the label `{label}` is missing"
        elif labels[label] != value:
            yield f"the label `{label}` is `{labels[label]}`, not `{value}`"


def restorable_text(live: Manifest, wanted: Manifest | None, rendered: str) -> str:
    """Return the rendered text if the live object is as rendered, else the live object as YAML.

    Fields of the server are left out, so that applying the text restores the object.
    """
    if wanted is not None and is_as_rendered(live, wanted):
        return rendered
    metadata = {key: live["metadata"][key] for key in _KEPT if live["metadata"].get(key)}
    whole = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": metadata, **body_of(live)}
    return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=10**9)


def is_as_rendered(live: Manifest, wanted: Manifest) -> bool:
    """Return whether the object contains everything rendered, and others own no further field of its body."""
    labels = live["metadata"].get("labels") or {}
    has_labels = _covers(labels, wanted["metadata"]["labels"])
    return has_labels and _covers(body_of(live), body_of(wanted)) and not any(foreign_edits(live, wanted))


def foreign_edits(live: Manifest, wanted: Manifest) -> Iterator[ForeignEdit]:
    """Yield the fields of the object's body that other managers own and that are not as rendered."""
    found, rendered = body_of(live), body_of(wanted)
    for entry in live["metadata"].get("managedFields") or ():
        manager = str(entry.get("manager"))
        owned = {
            key: below
            for key, below in (entry.get("fieldsV1") or {}).items()
            if key.removeprefix("f:") not in _NO_BODY
        }
        if manager != MANAGER:
            yield from (ForeignEdit(manager, field) for field in _differing(owned, found, rendered, ""))


def removals(live: Manifest, wanted: Manifest) -> str | None:
    """Return a merge patch that removes additions and restores rendered values; None if it is empty."""
    patch = _patch(body_of(live), body_of(wanted))
    return json.dumps(patch) if patch else None


def body_of(manifest: Manifest) -> Manifest:
    """Return an object without `apiVersion`, `kind`, `metadata` and `status`."""
    return {key: value for key, value in manifest.items() if key not in _NO_BODY}


def _covers(live: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(
            key in live and _covers(live[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(live, list)
            and len(live) == len(wanted)
            and all(_covers(*pair) for pair in zip(live, wanted, strict=True))
        )
    return bool(live == wanted)


def _differing(owned: Mapping[str, Any], live: Any, wanted: Any, path: str) -> Iterator[str]:
    """Yield the paths of owned fields that differ; a field missing in `wanted` is not descended into."""
    for key, below in owned.items():
        if key == ".":
            continue
        field = f"{path}{_step(key)}"
        has, inner_wanted = _at(wanted, key)
        _, inner_live = _at(live, key)
        if not has or (not below and inner_live != inner_wanted):
            yield field
        elif below:
            yield from _differing(below, inner_live, inner_wanted, field)


def _at(value: Any, key: str) -> tuple[bool, Any]:
    """Return whether a value exists at a key of `fieldsV1`, and the value."""
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


def _patch(live: Manifest, wanted: Manifest) -> dict[str, Any]:
    patch: dict[str, Any] = {key: None for key in live if key not in wanted}
    for key, value in wanted.items():
        found = live.get(key)
        if isinstance(found, dict) and isinstance(value, dict):
            if inner := _patch(found, value):
                patch[key] = inner
        elif not _covers(found, value):
            patch[key] = value
    return patch

"""The objects of others in a cluster, as far as the user may read them."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from victor_monitoring.base.diagnostics import Pattern
from victor_monitoring.live.apply.patterns import UNREADABLE
from victor_monitoring.live.kubernetes.kubectl import Kubectl
from victor_monitoring.live.kubernetes.manifests import Manifest, namespace_of
from victor_monitoring.live.kubernetes.selection import SelectingObject, selecting_resources

_GROUP = "monitoring.coreos.com"


@dataclass(frozen=True, slots=True)
class ClusterProblem:
    """A difference between a cluster and the spec, reported for the target as a whole."""

    pattern: Pattern
    message: str
    hint: str


class Cluster:
    """A view of a cluster from the spec's namespace, with the resources that the user may not read."""

    def __init__(self, kubectl: Kubectl, namespace: str) -> None:
        self._kubectl, self.namespace = kubectl, namespace
        self._unreadable: dict[str, ClusterProblem] = {}  # by resource

    @property
    def unreadable(self) -> Iterator[ClusterProblem]:
        """The problems of resources that the user may not read, one for each."""
        yield from self._unreadable.values()

    @property
    def command(self) -> str:
        """The kubectl command on this cluster, for users to run."""
        return self._kubectl.command()

    def patch(self, selecting: SelectingObject, **spec: object) -> str:
        """Return the command that sets these fields of an operator's object, for users to run."""
        name, namespace = selecting.manifest["metadata"]["name"], namespace_of(selecting.manifest)
        patch = json.dumps({"spec": spec}, separators=(",", ":"))
        kind = selecting.manifest["kind"].lower()
        return f"{self.command} patch {kind} {name} --namespace={namespace} --type=merge --patch='{patch}'"

    def everywhere(self, resource: str, unknown: str) -> list[Manifest] | None:
        """Return every object of a resource; if that is forbidden, those of the own namespace, or None.

        `unknown` is the question that stays open then, for the message.
        """
        found = self._kubectl.listed(resource, "--all-namespaces")
        if found is None:
            self._note_unreadable(resource, unknown, "list", "in all namespaces")
            found = self._kubectl.listed(resource, f"--namespace={self.namespace}")
        return found

    def within(
        self, resource: str, namespace: str | None, unknown: str, selector: str = ""
    ) -> list[Manifest] | None:
        """Return the objects of a resource in a namespace, by default in all; None if forbidden."""
        place = f"--namespace={namespace}" if namespace else "--all-namespaces"
        found = self._kubectl.listed(resource, place, *([f"--selector={selector}"] if selector else []))
        if found is None:
            self._note_unreadable(
                resource, unknown, "list", f"in `{namespace}`" if namespace else "in all namespaces"
            )
        return found

    def keys_of_secret(self, name: str) -> set[str] | None:
        """Return the keys of a Secret in the own namespace, without values; None if forbidden.

        Raise LookupError if the Secret does not exist.
        """
        keys = self._kubectl.secret_keys(name, self.namespace)
        if keys is None:
            unknown = "whether the Secrets of receivers exist"
            self._note_unreadable("secrets", unknown, "get", f"in `{self.namespace}`")
        return keys

    def generated(self, alertmanager: SelectingObject) -> str | None:
        """Return the configuration that the operator generated, gzipped in base64; None without it."""
        name, namespace = alertmanager.manifest["metadata"]["name"], namespace_of(alertmanager.manifest)
        secret = f"alertmanager-{name}-generated"
        try:
            generated = self._kubectl.secret_value(secret, namespace, "alertmanager.yaml.gz")
        except LookupError:
            return None
        if generated is None:
            unknown = f"where `{alertmanager}` sends the alerts"
            self._note_unreadable(f"secrets of {namespace}", unknown, "get", f"in `{namespace}`")
        return generated

    @functools.cached_property
    def namespace_labels(self) -> Mapping[str, str] | None:
        """The labels of the own namespace; None if they may not be read."""
        found = self._kubectl.listed("namespaces", f"--field-selector=metadata.name={self.namespace}")
        if found is None:
            self._note_unreadable("namespaces", "whether namespace selectors match", "list", "")
            return None
        return (found[0]["metadata"].get("labels") or {}) if found else {}

    def selecting(self, kind: str) -> tuple[SelectingObject, ...]:
        """Return the operator's objects that may select objects of a kind, as far as they may be listed."""
        return tuple(
            SelectingObject(kind, resource, manifest)
            for resource in selecting_resources(kind)
            for manifest in self._of_operator(resource)
        )

    def knows_all(self, kind: str) -> bool:
        """Return whether all resources that may select objects of a kind may be listed."""
        return not any(f"{each}.{_GROUP}" in self._unreadable for each in selecting_resources(kind))

    @functools.cache  # noqa: B019 - the cache lives as long as the view
    def _of_operator(self, resource: str) -> tuple[Manifest, ...]:
        return tuple(self.everywhere(f"{resource}.{_GROUP}", "which objects select those of the spec") or ())

    def _note_unreadable(self, resource: str, unknown: str, verb: str, where: str) -> None:
        message = f"you may not {verb} `{resource}`, so it is not known {unknown}"
        hint = f"ask for permission to {verb} `{resource.partition(' ')[0]}` {where}".strip()
        self._unreadable.setdefault(resource, ClusterProblem(UNREADABLE, message, hint))

"""The selectors of the operator's objects, with the operator's semantics.

Source: the documentation of the `monitoring.coreos.com` API. A missing label selector selects nothing, an
empty one everything. A missing namespace selector selects the object's own namespace, an empty one all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from victor_monitoring.live.kubernetes.manifests import Manifest, namespace_of

ObjectLabels = Mapping[str, str]

# The resources that select each rendered kind, with the prefix of their selector keys.
_SELECTING: Final[Mapping[str, Mapping[str, str]]] = {
    "PrometheusRule": {"prometheuses": "rule", "thanosrulers": "rule"},
    "ServiceMonitor": {"prometheuses": "serviceMonitor", "prometheusagents": "serviceMonitor"},
    "AlertmanagerConfig": {"alertmanagers": "alertmanagerConfig"},
}
# The consequence for each kind if no object selects it.
UNSELECTED_EFFECT: Final = {
    "PrometheusRule": "no Prometheus and no ThanosRuler evaluates it",
    "ServiceMonitor": "no Prometheus scrapes by it",
    "AlertmanagerConfig": "no Alertmanager routes by it",
}


@dataclass(frozen=True, slots=True)
class SelectingObject:
    """An object of the operator that selects objects of the kind `of`."""

    of: str
    resource: str
    manifest: Manifest

    def __str__(self) -> str:
        return f"{self.manifest['kind']} {namespace_of(self.manifest)}/{self.manifest['metadata']['name']}"

    @property
    def by_labels(self) -> Any:
        """The label selector; None if it is missing."""
        return self._spec.get(self.selector_key)

    @property
    def by_namespace(self) -> Any:
        """The namespace selector; None if it is missing."""
        return self._spec.get(self.namespace_selector_key)

    def selects_namespace(self, namespace: str, labels: ObjectLabels | None) -> bool | None:
        """Return whether a namespace is selected; None if that depends on its unknown labels."""
        if self.by_namespace is None:
            return namespace == namespace_of(self.manifest)
        if labels is None and self.by_namespace:
            return None
        return not unmet(self.by_namespace, labels or {})

    def selects_labels(self, labels: ObjectLabels) -> bool:
        """Return whether objects with these labels are selected."""
        return self.by_labels is not None and not unmet(self.by_labels, labels)

    @property
    def strategy(self) -> str:
        """The strategy by which an Alertmanager limits an AlertmanagerConfig to alerts of its namespace."""
        written = self._spec.get("alertmanagerConfigMatcherStrategy") or {}
        return str(written.get("type") or "OnNamespace")

    @property
    def selector_key(self) -> str:
        """The key of the label selector."""
        return f"{self._key}Selector"

    @property
    def namespace_selector_key(self) -> str:
        """The key of the namespace selector."""
        return f"{self._key}NamespaceSelector"

    @property
    def _spec(self) -> Mapping[str, Any]:
        return self.manifest.get("spec") or {}

    @property
    def _key(self) -> str:
        return _SELECTING[self.of][self.resource]


def selecting_resources(kind: str) -> Sequence[str]:
    """Return the operator's resources that select objects of a kind; empty for other kinds."""
    return tuple(_SELECTING.get(kind, ()))


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement of a selector that labels do not satisfy.

    `wanted` is a value that satisfies it; None if the label must be removed or have another value.
    """

    label: str
    wanted: str | None


def unmet(selector: Mapping[str, Any], labels: ObjectLabels) -> list[Requirement]:
    """Return the requirements of a LabelSelector that the labels do not satisfy; empty if it selects them."""
    return list(_unmet(selector, labels))


def _unmet(selector: Mapping[str, Any], labels: ObjectLabels) -> Iterator[Requirement]:
    for label, value in (selector.get("matchLabels") or {}).items():
        if labels.get(label) != value:
            yield Requirement(label, str(value))
    for each in selector.get("matchExpressions") or ():
        label, values = str(each["key"]), [str(value) for value in each.get("values") or ()]
        has, value = label in labels, labels.get(label)
        match each["operator"]:
            case "In" if value not in values:
                yield Requirement(label, values[0])
            case "NotIn" if has and value in values:
                yield Requirement(label, None)
            case "Exists" if not has:
                yield Requirement(label, "true")
            case "DoesNotExist" if has:
                yield Requirement(label, None)

"""Which of the operator's objects select ours, with the operator's meaning of selectors.

Source: the documentation of the `monitoring.coreos.com` API. A selector of labels that is not given selects
nothing, an empty one selects all. A selector of namespaces that is not given selects the object's own
namespace, an empty one all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from victor_monitoring.live.kubernetes.manifests import Manifest, namespace_of

ObjectLabels = Mapping[str, str]

# The kinds that select each kind of ours, each with its selectors' key.
_SELECTING: Final[Mapping[str, Mapping[str, str]]] = {
    "PrometheusRule": {"prometheuses": "rule", "thanosrulers": "rule"},
    "ServiceMonitor": {"prometheuses": "serviceMonitor", "prometheusagents": "serviceMonitor"},
    "AlertmanagerConfig": {"alertmanagers": "alertmanagerConfig"},
}
# The consequence for each kind where nothing selects it.
SILENT: Final = {
    "PrometheusRule": "no Prometheus and no ThanosRuler evaluates it",
    "ServiceMonitor": "no Prometheus scrapes by it",
    "AlertmanagerConfig": "no Alertmanager routes by it",
}


@dataclass(frozen=True, slots=True)
class OperatorSelector:
    """An object of the operator that selects objects of the kind `of`."""

    of: str
    resource: str
    manifest: Manifest

    def __str__(self) -> str:
        return f"{self.manifest['kind']} {namespace_of(self.manifest)}/{self.manifest['metadata']['name']}"

    @property
    def by_labels(self) -> Any:
        """The selector of labels; None where none is given."""
        return self._spec.get(self.selector_key)

    @property
    def by_namespace(self) -> Any:
        """The selector of namespaces by their labels; None where none is given."""
        return self._spec.get(self.namespace_selector_key)

    def selects_namespace(self, namespace: str, labels: ObjectLabels | None) -> bool | None:
        """Whether objects of that namespace are looked at; None where its labels decide and are not known."""
        if self.by_namespace is None:
            return namespace == namespace_of(self.manifest)
        if labels is None and self.by_namespace:
            return None
        return not unmet(self.by_namespace, labels or {})

    def selects_labels(self, labels: ObjectLabels) -> bool:
        """Whether objects with these labels are selected."""
        return self.by_labels is not None and not unmet(self.by_labels, labels)

    @property
    def strategy(self) -> str:
        """By what an Alertmanager lets an AlertmanagerConfig see alerts of its namespace alone."""
        written = self._spec.get("alertmanagerConfigMatcherStrategy") or {}
        return str(written.get("type") or "OnNamespace")

    @property
    def selector_key(self) -> str:
        """The key of its selector of labels."""
        return f"{self._key}Selector"

    @property
    def namespace_selector_key(self) -> str:
        """The key of its selector of namespaces."""
        return f"{self._key}NamespaceSelector"

    @property
    def _spec(self) -> Mapping[str, Any]:
        return self.manifest.get("spec") or {}

    @property
    def _key(self) -> str:
        return _SELECTING[self.of][self.resource]


def selecting_resources(kind: str) -> Sequence[str]:
    """The operator's resources that select objects of a kind; none for a kind that is not the operator's."""
    return tuple(_SELECTING.get(kind, ()))


@dataclass(frozen=True, slots=True)
class Requirement:
    """A part of a selector that labels do not meet.

    `wanted` is a value that would meet it; None where the label must go, or have another value.
    """

    label: str
    wanted: str | None


def unmet(selector: Mapping[str, Any], labels: ObjectLabels) -> list[Requirement]:
    """Return what is missing for a LabelSelector to select these labels; nothing where it does."""
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

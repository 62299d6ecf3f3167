"""The Kubernetes objects that rules were read from, as a spec describes the ones that it renders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import TypeAdapter, ValidationError

from victor_monitoring.app.importing.documents import RuleDocument
from victor_monitoring.language.model.fields import ConfigKey, KubernetesValue, Namespace, ObjectLabel

_OBJECTS: Final = {"PrometheusRule": "operator", "ConfigMap": "configmap"}
_LABEL: Final = TypeAdapter[tuple[str, str]](tuple[ObjectLabel, KubernetesValue])
_NAMESPACE: Final = TypeAdapter[str](Namespace)
_KEY: Final = TypeAdapter[str](ConfigKey)


@dataclass(frozen=True, slots=True)
class RuleObjects:
    """The settings that objects with rules have in common, in words of the spec; empty texts are defaults."""

    objects: str
    rules_key: str = ""
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


def rule_objects(documents: Iterable[RuleDocument]) -> RuleObjects | None:
    """Return the common settings; None unless all rules are in objects of one kind.

    Labels that name the owner of an object are not among them: the rendered objects have their own.
    """
    found = [each for each in documents if each.groups]
    objects = {_OBJECTS.get(each.kind, "") for each in found}
    if len(objects) != 1 or objects == {""}:
        return None
    labels = (
        (name, value)
        for name, value in found[0].labels.items()
        if all(each.labels.get(name) == value for each in found) and _is_valid(_LABEL, (name, value))
    )
    return RuleObjects(
        objects.pop(),
        _common(_KEY, (each.key for each in found)),
        _common(_NAMESPACE, (each.namespace for each in found)),
        dict(labels),
    )


def _common(wanted: TypeAdapter[str], texts: Iterable[str]) -> str:
    """Return the text that all objects have, if the spec can have it; else an empty one."""
    found = set(texts)
    text = found.pop()
    return text if not found and _is_valid(wanted, text) else ""


def _is_valid(wanted: TypeAdapter[str] | TypeAdapter[tuple[str, str]], value: object) -> bool:
    try:
        wanted.validate_python(value)
    except ValidationError:
        return False
    return True

"""The check of the sizes of Kubernetes objects, which clusters and the Prometheus operator limit.

The limit of a ConfigMap is the API server's, that of a PrometheusRule the operator's: it puts the rules of
each into a ConfigMap, and leaves half of that free.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from victor_monitoring.checks.check import Check
from victor_monitoring.checks.oversized_object import OVERSIZED_OBJECT
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.promql.printer import text
from victor_monitoring.renderers.yaml_text import yaml_text

_LIMITS: Final = {"ConfigMap": 2**20, "PrometheusRule": 2**19}  # bytes
_GROWTH: Final = 6  # the most bytes that a character becomes in YAML, with its indentation
_FEW: Final = 100  # panels, their signals and the alerts: each is a few kB of JSON
_SHORT: Final = 2**17  # characters of the expressions of panels


def oversized_object(spec: Resolved) -> Iterator[Finding]:
    """Yield a finding for each rendered object that is too large to be applied."""
    if spec.context is None and spec.as_written.contexts:
        return  # base itself is not deployed
    if spec.kubernetes.objects is None or "kubernetes" not in spec.outputs or _is_surely_small(spec):
        return
    from victor_monitoring.renderers.kubernetes import objects  # noqa: PLC0415 - slow, and only for large specs

    for path, manifest in objects(spec):
        size, limit = _size(manifest), _LIMITS.get(str(manifest["kind"]))
        if limit is not None and size > limit:
            section = "dashboard" if path.parent.name else "alerts"
            message = f"`{_name(manifest)}` is of {size} bytes, and a cluster takes {limit}"
            content = "panels" if section == "dashboard" else "alerts"
            hint = (
                f"move some {content} to another spec, or render plain files: `kubernetes: {{objects: null}}`"
            )
            yield Finding((section,), message, hint, on_key=True)


OBJECT_SIZES: Final = Check(OVERSIZED_OBJECT, oversized_object)


def _is_surely_small(spec: Resolved) -> bool:
    """Return whether no object can be too large, without the cost of rendering."""
    drawn = [signal for panel in spec.panels for signal in panel.signals]
    items = sum(1 for _ in spec.panels) + len(drawn) + len(spec.alerts)
    if items > _FEW or sum(len(text(signal.value())) for signal in drawn) > _SHORT:
        return False
    return len(str(rule_file(spec).data())) * _GROWTH <= min(_LIMITS.values())


def _name(manifest: Mapping[str, Any]) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def _size(manifest: Mapping[str, Any]) -> int:
    """Return the size of the content that is limited, in bytes; 0 for kinds without a limit."""
    match manifest:
        case {"kind": "ConfigMap", **rest}:
            entries = [*rest.get("data", {}).items(), *rest.get("binaryData", {}).items()]
            return sum(len(key.encode()) + len(value.encode()) for key, value in entries)
        case {"kind": "PrometheusRule", "spec": rules, "metadata": {"name": name}}:
            return len(yaml_text(rules, generated_from=name).encode())
    return 0

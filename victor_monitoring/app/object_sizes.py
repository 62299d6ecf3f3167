"""The check of the sizes of Kubernetes objects, which clusters and the Prometheus operator limit.

The limit of a ConfigMap is the API server's, that of a PrometheusRule the operator's: it puts the rules of
each into a ConfigMap, and leaves half of that free.
"""

from __future__ import annotations

import json
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
_AROUND: Final = 1_500  # the most bytes of a dashboard around a text in it
_EACH: Final = 12  # the most bytes for a character of such a text, which is repeated, escaped and narrowed
_INDENT: Final = 8  # the most bytes that a line has more in YAML than in JSON
_OVERHEAD: Final = 20_000  # the most bytes of a dashboard or a rules file without content


def oversized_object(spec: Resolved) -> Iterator[Finding]:
    """Yield a finding for each rendered object that is too large to be applied."""
    if spec.context is None and spec.as_written.contexts:
        return  # base itself is not deployed
    if spec.kubernetes.objects is None or "kubernetes" not in spec.outputs:
        return
    rules = "PrometheusRule" if spec.kubernetes.objects == "operator" else "ConfigMap"
    if _most_of_rules(spec) <= _LIMITS[rules] and _most_of_dashboard(spec) <= _LIMITS["ConfigMap"]:
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


def _most_of_rules(spec: Resolved) -> int:
    """Return a size that the rules do not exceed in YAML, from their JSON, which is written much faster."""
    written = json.dumps(rule_file(spec).data())
    lines = written.count('": ') + written.count("\\n")
    return _OVERHEAD + len(written) + written.count("'") + _INDENT * lines


def _most_of_dashboard(spec: Resolved) -> int:
    """Return a size that the dashboard does not exceed, from the texts that it draws."""
    return _OVERHEAD + sum(_AROUND + _EACH * len(each) for each in _drawn_texts(spec))


def _drawn_texts(spec: Resolved) -> Iterator[str]:
    """Yield the texts of the panels, their signals and the alerts on these, as often as they are drawn."""
    alerts: dict[str, list[str]] = {}
    for alert in spec.alerts:
        alerts.setdefault(alert.signal.name, []).append(f"{alert.name}{alert.id}{alert.when}{alert.runbook}")
    if spec.dashboard is not None:
        yield from (row.title for row in spec.dashboard.rows)
    for panel in spec.panels:
        yield panel.title
        for signal in panel.signals:
            yield from (signal.title, text(signal.value()), *alerts.get(signal.name, ()))


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

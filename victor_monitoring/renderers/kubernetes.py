"""The rules and the dashboard as Kubernetes objects, for `kubectl apply -f`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from victor_monitoring.artifacts import Artifact
from victor_monitoring.renderers.yaml_text import yaml_text
from victor_monitoring.resolved.spec import Dashboard, Resolved

from .dashboard import dashboard_text
from .paths import overlay_path
from .rules import rule_data, rules_text

OUTPUT = "kubernetes"
SIDECAR = {"grafana_dashboard": "1"}  # the label by which Grafana's sidecar finds dashboards


def render(spec: Resolved) -> Iterator[Artifact]:
    """Base: ConfigMaps. A context: the objects of its component, or none where it names no component."""
    folder = overlay_path(spec) if spec.context else PurePosixPath(spec.outputs[OUTPUT])
    component = spec.component if spec.context else "configmap"
    if folder is None or component is None:
        return
    rules = spec.outputs.get("rules")
    if rules is not None:
        build = _prometheus_rule if component == "operator" else _rules_map
        yield _artifact(spec, folder / PurePosixPath(rules).name, build(spec))
    dashboard = spec.outputs.get("dashboard")
    if dashboard is not None and spec.dashboard is not None:
        name = PurePosixPath(dashboard).name
        path = folder / "dashboards" / PurePosixPath(name).with_suffix(".yaml")
        yield _artifact(spec, path, _dashboard_map(spec, spec.dashboard, name))


def _artifact(spec: Resolved, path: PurePosixPath, manifest: Mapping[str, object]) -> Artifact:
    return Artifact(path, yaml_text(manifest, generated_from=spec.service.name), OUTPUT, spec.context)


def _rules_map(spec: Resolved) -> Mapping[str, object]:
    return _object(spec, "alerts", {"data": {spec.kubernetes.rules_key: rules_text(spec)}})


def _dashboard_map(spec: Resolved, dashboard: Dashboard, file_name: str) -> Mapping[str, object]:
    body = {"data": {file_name: dashboard_text(spec, dashboard)}}
    return _object(spec, "dashboard", body, labels=SIDECAR)


def _prometheus_rule(spec: Resolved) -> Mapping[str, object]:
    body = {"spec": rule_data(spec)}
    return _object(spec, "alerts", body, kind="PrometheusRule", version="monitoring.coreos.com/v1")


def _object(
    spec: Resolved,
    suffix: str,
    body: Mapping[str, object],
    *,
    kind: str = "ConfigMap",
    version: str = "v1",
    labels: Mapping[str, str] | None = None,
) -> Mapping[str, object]:
    """An object of the service, labelled as ours."""
    namespace = {"namespace": spec.service.namespace} if spec.service.namespace else {}
    ours = {"app.kubernetes.io/managed-by": "victor-mon", "app.kubernetes.io/part-of": spec.service.name}
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {
            "name": f"{spec.service.name}-{suffix}",
            **namespace,
            "labels": {**ours, **(labels or {})},
        },
        **body,
    }

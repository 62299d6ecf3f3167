"""The rules, the dashboard, the scrape configuration and the routes, as Kubernetes objects.

Each object is one file. The objects of a context are complete: `kubectl kustomize` builds them, and
`victor-mon apply` sends each file unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.language.model.fields import DASHBOARD_LABEL
from victor_monitoring.language.resolved.outputs import overlay_path
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.resolved.spec import Dashboard, Resolved
from victor_monitoring.renderers.dashboard import dashboard_text
from victor_monitoring.renderers.kubernetes.manifest import manifest
from victor_monitoring.renderers.kubernetes.routing import alertmanager_configs
from victor_monitoring.renderers.kubernetes.service_monitor import service_monitor
from victor_monitoring.renderers.rules import rules_text
from victor_monitoring.renderers.yaml_text import yaml_text

OUTPUT = "kubernetes"
KUSTOMIZATION = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}


def render(spec: Resolved) -> Iterator[Artifact]:
    """Yield the objects of base or a context, of the kind that `kubernetes.objects` names, if any."""
    folder, found = _folder(spec), dict(objects(spec))
    if folder is None or not found:
        return
    for path, content in found.items():
        yield _artifact(spec, folder / path, content)
    if spec.context:
        listed = {**KUSTOMIZATION, "resources": [str(path) for path in found]}
        yield _artifact(spec, folder / "kustomization.yaml", listed)


def objects(spec: Resolved) -> Iterator[tuple[PurePosixPath, Mapping[str, object]]]:
    """Yield the objects of base or a context with their paths in its folder."""
    if _folder(spec) is None or spec.kubernetes.objects is None:
        return
    is_operator = spec.kubernetes.objects == "operator"
    rules = spec.outputs.get("rules")
    if rules is not None:
        build = _prometheus_rule if is_operator else _rules_map
        yield PurePosixPath(PurePosixPath(rules).name), build(spec)
    dashboard = spec.outputs.get("dashboard")
    if dashboard is not None and spec.dashboard is not None:
        name = PurePosixPath(PurePosixPath(dashboard).name)
        # A sidecar puts the dashboards of all ConfigMaps into one folder, each by its key.
        key = f"{name.stem}-{spec.context}.json" if spec.context else str(name)
        yield "dashboards" / name.with_suffix(".yaml"), _dashboard_map(spec, spec.dashboard, key)
    if is_operator:
        monitor = service_monitor(spec)
        if monitor is not None:
            yield PurePosixPath("service-monitor.yaml"), monitor
        if "alertmanager" in spec.outputs:
            for end, config in alertmanager_configs(spec).items():
                yield PurePosixPath("routing", f"{end}.yaml"), config


def _folder(spec: Resolved) -> PurePosixPath | None:
    return overlay_path(spec) if spec.context else PurePosixPath(spec.outputs[OUTPUT])


def _artifact(spec: Resolved, path: PurePosixPath, content: Mapping[str, object]) -> Artifact:
    return Artifact(path, yaml_text(content, generated_from=spec.service.name), OUTPUT, spec.context)


def _rules_map(spec: Resolved) -> Mapping[str, object]:
    return manifest(spec, "alerts", {"data": {spec.kubernetes.rules_key: rules_text(spec)}})


def _dashboard_map(spec: Resolved, dashboard: Dashboard, file_name: str) -> Mapping[str, object]:
    body = {"data": {file_name: dashboard_text(spec, dashboard)}}
    return manifest(spec, "dashboard", body, labels={DASHBOARD_LABEL: "1"})


def _prometheus_rule(spec: Resolved) -> Mapping[str, object]:
    body = {"spec": rule_file(spec).data()}
    return manifest(spec, "alerts", body, kind="PrometheusRule", version="monitoring.coreos.com/v1")

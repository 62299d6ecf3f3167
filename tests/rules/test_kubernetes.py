"""The Kubernetes objects with the rules and dashboards."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.rules.rendered import SPECS, Document, Place, artifacts, compiled_text, resolved
from tests.rules.test_goldens import SPEC
from victor_monitoring.app.pipeline import render
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.renderers.rules import rules_text

PLACES = {
    "ConfigMap": [Place("performance", None), Place("performance", "prod"), Place("checkout", None)],
    "PrometheusRule": [Place("checkout", "production"), Place("checkout", "staging")],
}


def named(place: Place, kind: str) -> str:
    """Return an object's name: the context's name comes last."""
    return "-".join(filter(None, (resolved(place).service.name, kind, place.context)))


def objects(place: Place) -> dict[str, Document]:
    """Return the objects of a place by their name."""
    found = [yaml.safe_load(each.text) for each in artifacts(place) if each.output == "kubernetes"]
    return {each["metadata"]["name"]: each for each in found if each["kind"] != "Kustomization"}


@pytest.mark.parametrize("place", PLACES["ConfigMap"], ids=str)
def test_configmap_holds_the_rules(place: Place) -> None:
    """A ConfigMap has the text of the rules file under the spec's key, and no other data."""
    spec = resolved(place)
    found = objects(place)[named(place, "alerts")]
    assert (found["apiVersion"], found["kind"]) == ("v1", "ConfigMap")
    assert found["data"] == {spec.kubernetes.rules_key: rules_text(spec)}


@pytest.mark.parametrize("place", PLACES["PrometheusRule"], ids=str)
def test_operator_object_holds_the_rules(place: Place) -> None:
    """An operator's object has the rules as its `spec`."""
    spec = resolved(place)
    found = objects(place)[named(place, "alerts")]
    assert (found["apiVersion"], found["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert found["spec"] == rule_file(spec).data()


@pytest.mark.parametrize("place", [place for each in PLACES.values() for place in each], ids=str)
def test_objects_are_labelled(place: Place) -> None:
    """Each object has the service's namespace and labels, and a dashboard also the label for the sidecar."""
    service = resolved(place).service
    owner = {"app.kubernetes.io/managed-by": "victor-mon", "app.kubernetes.io/part-of": service.name}
    if place.context:
        owner["victor-mon.dev/context"] = place.context
    found = objects(place)
    dashboard = named(place, "dashboard")
    assert {named(place, "alerts"), dashboard} <= found.keys()
    for name, each in found.items():
        sidecar = {"grafana_dashboard": "1"} if name == dashboard else {}
        labels = {**owner, **sidecar}
        assert each["metadata"] == {"name": name, "namespace": service.namespace, "labels": labels}


@pytest.mark.parametrize("place", [Place("performance", None), Place("performance", "prod")], ids=str)
def test_dashboard_is_that_of_the_place(place: Place) -> None:
    """The dashboard's ConfigMap of base has the text of base's file; that of a context has another one."""
    (file,) = [each for each in artifacts(Place("performance", None)) if each.output == "dashboard"]
    (text,) = objects(place)[named(place, "dashboard")]["data"].values()
    assert (text == file.text) is (place.context is None)


def test_places_do_not_clash() -> None:
    """Base and all contexts can share a namespace, a sidecar's folder and a Grafana."""
    places = [Place("performance", context) for context in (None, "prod", "staging", "fast")]
    names = [(each["kind"], name) for place in places for name, each in objects(place).items()]
    boards = [each for place in places for name, each in objects(place).items() if "-dashboard" in name]
    keys = [key for each in boards for key in each["data"]]
    contents = [json.loads(text) for each in boards for text in each["data"].values()]
    for found in (names, keys, [each["uid"] for each in contents], [each["title"] for each in contents]):
        assert len(set(found)) == len(found) >= len(places)


def test_no_namespace() -> None:
    """Without a namespace in the spec an object has none, so that kubectl's default applies."""
    text = SPEC.read_text(encoding="utf-8").replace("  namespace: monitoring\n", "")
    for artifact in render(compiled_text(text), outputs=["kubernetes"]):
        assert "namespace" not in yaml.safe_load(artifact.text).get("metadata", {})


def test_a_context_keeps_its_rules_where_objects_are_off() -> None:
    """With `kubernetes: null` a context with objects gets plain files, so that no rules are missing."""
    text = SPECS["performance"].read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("  kubernetes: deployment/"))
    compiled = compiled_text(text.replace(line, "  kubernetes: null"))
    found = {str(each.path): each for each in render(compiled, context="prod")}
    overlay = "deployment/kubernetes/overlays/prod"
    names = ("alertmanager.yaml", "performance-alerts.yaml", "victor-performance.json")
    assert found.keys() == {f"{overlay}/{name}" for name in names}
    assert found[f"{overlay}/performance-alerts.yaml"].text == rules_text(compiled.contexts["prod"])


KINDS = """
victor_mon: 1
service: {name: mill, title: Mill, owner: millers, metric_prefix: mill_, select: {job: mill}}
kubernetes: {objects: OBJECTS, app: {app: mill}, port: http}
outputs: {registry: null, docs: null, overlays: "{context}"}
contexts:
  same: {}
  configmap: {kubernetes: {objects: configmap}}
  operator: {kubernetes: {objects: operator}}
  files: {kubernetes: {objects: null}}
"""
OBJECTS = {
    "configmap": ["ConfigMap"],
    "operator": ["AlertmanagerConfig", "PrometheusRule", "ServiceMonitor"],
    "null": [],
}


@pytest.mark.parametrize("objects", OBJECTS)
def test_a_context_replaces_the_kind_of_objects(objects: str) -> None:
    """Base and each context that gives no kind have the spec's; null renders plain files instead."""
    compiled = compiled_text(KINDS.replace("OBJECTS", objects))
    found: dict[str | None, list[str]] = {}
    files: dict[str | None, list[str]] = {}
    for each in render(compiled):
        found.setdefault(each.context, [])
        if each.output == "kubernetes" and each.path.name != "kustomization.yaml":
            found[each.context].append(yaml.safe_load(each.text)["kind"])
        elif each.output == "rules":
            files.setdefault(each.context, []).append(str(each.path))
    kinds = {context: sorted(set(each)) for context, each in found.items()}
    assert kinds == {
        None: OBJECTS[objects],
        "same": OBJECTS[objects],
        "configmap": OBJECTS["configmap"],
        "operator": OBJECTS["operator"],
        "files": [],
    }
    plain = ["same", "files"] if objects == "null" else ["files"]
    assert files.pop(None) == ["generated/mill-alerts.yaml"]
    assert files == {context: [f"{context}/mill-alerts.yaml"] for context in plain}


def test_every_object_has_the_labels_of_the_spec() -> None:
    """A context's labels are added to base's; labels of the object's owner stay."""
    text = SPEC.read_text(encoding="utf-8")
    old = "kubernetes: {rules_key: mill.yaml}"
    assert old in text
    labelled = text.replace(old, "kubernetes: {rules_key: mill.yaml, labels: {release: kps, tier: one}}")
    labelled = labelled.replace(
        "kubernetes: {objects: operator}", "kubernetes: {objects: operator, labels: {tier: two, app: mill}}"
    )
    found: dict[str | None, set[tuple[str, ...]]] = {}
    for artifact in render(compiled_text(labelled)):
        document = yaml.safe_load(artifact.text) if artifact.output == "kubernetes" else {}
        if "metadata" in document:
            labels = document["metadata"]["labels"]
            assert labels["app.kubernetes.io/managed-by"] == "victor-mon"
            wanted = tuple(f"{name}={labels[name]}" for name in ("release", "tier", "app") if name in labels)
            found.setdefault(artifact.context, set()).add(wanted)
    assert found.pop(None) == {("release=kps", "tier=one")}
    assert found.pop("uphill") == {("release=kps", "tier=two", "app=mill")}
    assert set(map(frozenset, found.values())) <= {frozenset({("release=kps", "tier=one")})}

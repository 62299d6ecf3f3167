"""`victor-mon apply` where others change its objects, a step fails, or the API server is killed."""

from __future__ import annotations

import json
import re

import pytest

from tests.kubernetes.brewery import DASHBOARD, NOTHING, OPERATOR, RULES, Brewery, last_line


def test_somebody_elses_change(brewery: Brewery) -> None:
    """A foreign change is reported with its field manager, and overwritten only with `--force`."""
    assert brewery.apply("staging").status == 0
    text = brewery.objects("staging")[RULES]["data"]["brew.yaml"]
    changed = json.dumps({"data": {"brew.yaml": text.replace("> 0.6", "> 0.9")}})
    brewery.patch("staging", "configmap", "brew-alerts-staging", changed)
    before = brewery.versions("staging")
    found = brewery.verify("staging")
    assert found.status == 1
    assert "`kubectl-edit` has set .data.brew.yaml; alert ManySour: `> 60%` becomes `> 90%`" in found.out
    planned = brewery.plan("staging")
    assert "conflict: `kubectl-edit` manages .data.brew.yaml" in planned.out
    refused = brewery.apply("staging")
    assert (refused.status, brewery.versions("staging")) == (2, before)
    assert "`kubectl-edit` manages .data.brew.yaml" in refused.err
    forced = brewery.apply("staging", "--force")
    assert forced.status == 0, forced.err
    assert brewery.objects("staging")[RULES]["data"]["brew.yaml"] == text
    assert last_line(brewery.apply("staging").err) == NOTHING


pytestmark = pytest.mark.minutes(3)


@pytest.mark.parametrize(
    ("context", "kind", "name", "added", "field"),
    [
        (
            "staging",
            "ConfigMap",
            "brew-alerts-staging",
            {"data": {"more.yaml": "groups: []"}},
            ".data.more.yaml",
        ),
        (
            "prod",
            "AlertmanagerConfig",
            "brew-inhibitions-prod",
            {"spec": {"receivers": [{"name": "mine"}]}},
            ".spec.receivers",
        ),
        (
            "prod",
            "PrometheusRule",
            "brew-alerts-prod",
            {"spec": {"groups": [{"name": "mine", "rules": []}]}},
            '.spec.groups[{"name":"mine"}]',
        ),
    ],
)
def test_somebody_elses_addition(
    brewery: Brewery, context: str, kind: str, name: str, added: object, field: str
) -> None:
    """A foreign addition to an own object is reported, and removed only with `--force`."""
    assert brewery.apply(context).status == 0
    clean = brewery.bodies(context)
    brewery.add(context, kind, name, added, manager="handyman")
    assert f"`handyman` has set {field}" in brewery.verify(context).out
    refused = brewery.apply(context)
    assert (refused.status, f"`handyman` has set {field}" in refused.err) == (2, True)
    forced = brewery.apply(context, "--force")
    assert forced.status == 0, forced.err
    assert brewery.bodies(context) == clean
    brewery.edit('when: "> 60%"', 'when: "> 50%"')
    applied = brewery.apply(context)  # no field manager is left to conflict with
    assert applied.status == 0, applied.err


def test_additions_that_are_allowed(brewery: Brewery) -> None:
    """Annotations, labels and the defaults of a kind are no difference, and remain."""
    assert brewery.apply("prod").status == 0
    metadata = {"metadata": {"annotations": {"seen": "yes"}, "labels": {"tier": "1"}}}
    brewery.patch("prod", "servicemonitor", "brew-scrape-prod", json.dumps(metadata))
    monitor = brewery.objects("prod")["ServiceMonitor brew-scrape-prod"]
    is_defaulted = brewery.clusters.crds.is_file()  # the operator's own kinds have no defaults here
    assert ("scheme" in monitor["spec"]["endpoints"][0]) == is_defaulted
    before = brewery.versions("prod")
    assert brewery.verify("prod").status == 0
    assert last_line(brewery.apply("prod").err) == NOTHING
    assert brewery.versions("prod") == before


TRACKED = {
    "labels": {
        "app.kubernetes.io/instance": "brew-monitoring",
        "kustomize.toolkit.fluxcd.io/name": "brew",
        "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
    },
    "annotations": {
        "argocd.argoproj.io/tracking-id": "brew-monitoring:/ConfigMap:brewery/brew-alerts-staging",
        "meta.helm.sh/release-name": "brew",
    },
}


def test_marks_of_gitops_tools_are_left_alone(brewery: Brewery) -> None:
    """The labels and annotations by which such tools track objects are no difference, and remain."""
    assert brewery.apply("staging").status == 0
    brewery.patch("staging", "configmap", "brew-alerts-staging", json.dumps({"metadata": TRACKED}))
    assert brewery.verify("staging").status == 0
    assert last_line(brewery.apply("staging").err) == NOTHING
    brewery.edit('when: "> 60%"', 'when: "> 50%"')
    applied = brewery.apply("staging")
    assert applied.status == 0, applied.err
    metadata = brewery.objects("staging")[RULES]["metadata"]
    assert all(metadata[key].items() >= marks.items() for key, marks in TRACKED.items())


@pytest.mark.parametrize("label", ["app.kubernetes.io/part-of", "victor-mon.dev/context"])
def test_a_changed_label_is_named(brewery: Brewery, label: str) -> None:
    """A rendered label with another value is a difference that is named; an object of others is not taken."""
    assert brewery.apply("staging").status == 0
    changed = json.dumps({"metadata": {"labels": {label: "pub"}}})
    brewery.patch("staging", "configmap", "brew-alerts-staging", changed)
    own = {"app.kubernetes.io/part-of": "brew", "victor-mon.dev/context": "staging"}[label]
    found = brewery.verify("staging")
    assert f"is not as rendered: the label `{label}` is `pub`, not `{own}`\n" in found.out
    refused = brewery.apply("staging")
    assert (refused.status, "it is not an object of this spec and context" in refused.err) == (2, True)
    assert brewery.apply("staging", "--force").status == 0
    assert brewery.verify("staging").status == 0


def test_objects_with_the_former_label_of_the_context(brewery: Brewery) -> None:
    """Objects that were applied before are found by it: changed, or removed if they are not rendered."""
    former, context = "app.kubernetes.io/instance", "victor-mon.dev/context"
    assert brewery.apply("staging").status == 0
    labels = {**brewery.objects("staging")[RULES]["metadata"]["labels"], former: "staging"}
    del labels[context]
    brewery.clusters("staging", "delete", "configmap", "brew-alerts-staging", f"-n={brewery.namespace}")
    for name in ("brew-alerts-staging", "brew-old-staging", "brew-alerts"):
        metadata = {"name": name, "namespace": brewery.namespace, "labels": labels}
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        options = ["apply", "--server-side", "--field-manager=victor-mon", "--filename=-"]
        brewery.clusters("staging", *options, stdin=json.dumps(manifest))
    found = brewery.verify("staging").out
    assert f"is not as rendered: the label `{context}` is missing" in found
    assert f"`ConfigMap {brewery.namespace}/brew-old-staging` is no longer rendered" in found
    applied = brewery.apply("staging")
    assert applied.status == 0, applied.err
    objects = brewery.objects("staging")
    assert sorted(objects) == ["ConfigMap brew-alerts", RULES, DASHBOARD]  # the first is one of base
    assert former not in objects[RULES]["metadata"]["labels"]
    assert brewery.verify("staging").status == 0


def test_a_foreign_object_under_the_same_name(brewery: Brewery) -> None:
    """A foreign object under an own name is a conflict, even if no manager has the fields to be set."""
    options = [f"--namespace={brewery.namespace}", "--from-literal=else=1"]
    brewery.clusters("staging", "create", "configmap", "brew-alerts-staging", *options)
    refused = brewery.apply("staging")
    assert (refused.status, "it is not an object of this spec and context" in refused.err) == (2, True)
    assert brewery.objects("staging") == {}


@pytest.mark.parametrize(
    "number", [1, 2, 3]
)  # the rules, the dashboard, a new receiver; then an old one goes
def test_a_failure_is_undone(brewery: Brewery, number: int) -> None:
    """Whichever object fails, everything is undone, and a second run succeeds without a conflict."""
    brewery.edit("      pager:\n", "      night:\n")
    brewery.edit('when: "> 60%"', 'when: "> 50%"')
    assert brewery.apply("prod").status == 0
    before = brewery.bodies("prod")
    brewery.edit("      night:\n", "      pager:\n")
    brewery.edit('when: "> 50%"', 'when: "> 60%"')
    brewery.fail_at(number)
    failed = brewery.apply("prod")
    assert failed.status == 2
    assert "the disk is full" in failed.err
    assert failed.err.count(": undone, as before\n") == number
    assert brewery.bodies("prod") == before
    again = brewery.apply("prod")
    assert again.status == 0, again.err


def test_a_server_that_is_killed_in_the_middle(brewery: Brewery) -> None:
    """The state of a killed server is reported as unknown; once it is back, a second run succeeds."""
    brewery.fail_at(3, kills="prod")
    failed = brewery.apply("prod")
    server = brewery.clusters.servers["prod"]
    server.kill()
    server.start()
    assert failed.status == 2
    reported = re.findall(r"^  kubernetes prod: (\S+ \S+): (.*)", failed.err, re.MULTILINE)
    assert len(reported) == len(OPERATOR)
    for number, (_, status) in enumerate(reported, start=1):
        begun = number <= 3
        statuses = ("could not be undone", "not begun")
        assert status.startswith(f"{statuses[not begun]}, the live content cannot be read")
    assert "next: victor-mon apply --context prod --spec specs/brew.yaml\n" in failed.err
    names = [name.replace(f"{brewery.namespace}/", "") for name, _ in reported]
    assert sorted(brewery.objects("prod")) == sorted(names[:2])
    assert brewery.verify("prod").status == 1
    again = brewery.apply("prod")
    assert again.status == 0, again.err
    assert sorted(brewery.objects("prod")) == OPERATOR

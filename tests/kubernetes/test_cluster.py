"""`victor-mon apply` and `verify --context` with real Kubernetes API servers."""

from __future__ import annotations

import json
import re
import shlex

import pytest
import yaml

from tests.end_to_end.live import until
from tests.kubernetes.brewery import DASHBOARD, NOTHING, OPERATOR, PROD_DASHBOARD, RULES, Brewery, last_line
from tests.kubernetes.cluster import Clusters
from tests.rules.rendered import EXAMPLES, ROOT, Place, artifacts, compiled, resolved

pytestmark = pytest.mark.minutes(3)


def meanings(text: str) -> list[str]:
    """Return the lines of a plan that describe the effect of a step."""
    return [line.strip() for line in text.splitlines() if re.match(r" {4}\S", line)]


@pytest.mark.parametrize(("context", "names"), [("staging", [RULES, DASHBOARD]), ("prod", OPERATOR)])
def test_from_nothing(brewery: Brewery, context: str, names: list[str]) -> None:
    """Every object is created as in its file; a second run writes nothing."""
    planned = brewery.plan(context)
    assert (planned.status, brewery.objects(context)) == (1, {}), planned.err
    assert planned.out.endswith(f"{len(names)} to add\n")
    applied = brewery.apply(context)
    assert (applied.status, last_line(applied.err)) == (0, "applied; the live systems match the spec")
    assert sorted(brewery.objects(context)) == names
    assert brewery.verify(context).status == 0
    before = brewery.versions(context)
    again = brewery.apply(context)
    assert (again.status, last_line(again.err)) == (0, NOTHING)
    assert again.out.endswith(f"\n{len(names)} unchanged\n")
    assert brewery.versions(context) == before


@pytest.mark.parametrize("context", ["staging", "prod"])
def test_rendered_files_are_sent_unchanged(brewery: Brewery, context: str) -> None:
    """Each file of the overlay is sent once, unchanged, and after a dry run of all of them."""
    brewery.forget_calls()
    assert brewery.apply(context).status == 0
    sent = [(arguments, text) for arguments, text in brewery.calls() if arguments[0] == "apply"]
    assert "--dry-run=server" in sent[0][0]
    applied_files = [text for arguments, text in sent if "--dry-run=server" not in arguments]
    folder = brewery.overlay(context)
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    assert applied_files == [folder.joinpath(each).read_bytes() for each in listed]
    assert sent[0][1] == b"---\n".join(applied_files)
    others = {path.name for path in folder.rglob("*.yaml")} - {path.rpartition("/")[2] for path in listed}
    assert others == {"kustomization.yaml", "brew-alertmanager.yaml"}


def test_one_changed_threshold(brewery: Brewery) -> None:
    """A changed threshold is one line of the plan and kubectl's own diff; no other object is written."""
    assert brewery.apply("prod").status == 0
    before = brewery.versions("prod")
    brewery.edit('when: "> 1GiB"', 'when: "> 512MiB"')
    planned = brewery.plan("prod")
    meaning = "alert MuchFoam: `> 1024MiB` becomes `> 512MiB`: tightened"
    assert meanings(planned.out)[0] == meaning
    assert "      --- live\n      +++ rendered\n" in planned.out
    assert re.search(r"^ +- .*> 1073741824\n +\+ .*> 536870912$", planned.out, re.MULTILINE)
    assert "/tmp" not in planned.out
    applied = brewery.apply("prod")
    assert applied.status == 0, applied.err
    after = brewery.versions("prod")
    changed = {name for name in OPERATOR if before[name] != after[name]}
    rule = "PrometheusRule brew-alerts-prod"
    assert {rule} <= changed <= {rule, PROD_DASHBOARD}


def test_objects_no_longer_rendered(brewery: Brewery) -> None:
    """They are reported by `verify`, then removed; objects with other labels, or of other contexts, stay."""
    assert brewery.apply("prod").status == 0
    own = brewery.objects("prod")[PROD_DASHBOARD]["metadata"]["labels"]
    for name, labels in {
        "tasting": {**own, "victor-mon.dev/context": "tasting"},
        "mill": {**own, "app.kubernetes.io/part-of": "mill"},
    }.items():
        foreign = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}}
        options = ["create", f"--namespace={brewery.namespace}", "--filename=-"]
        brewery.clusters("prod", *options, stdin=json.dumps(foreign))
    brewery.edit("      day_shift:", "      night_shift:")
    assert f"`AlertmanagerConfig {brewery.namespace}/brew-receiver-day-shift-prod` is no longer rendered" in (
        brewery.verify("prod").out
    )
    applied = brewery.apply("prod")
    assert applied.status == 0, applied.err
    assert f"  remove    AlertmanagerConfig {brewery.namespace}/brew-receiver-day-shift-prod\n" in applied.out
    remaining = [each for each in OPERATOR if not each.endswith("day-shift-prod")]
    new = "AlertmanagerConfig brew-receiver-night-shift-prod"
    assert sorted(brewery.objects("prod")) == sorted([*remaining, new, "ConfigMap mill", "ConfigMap tasting"])


def test_a_namespace_that_is_left(brewery: Brewery) -> None:
    """Objects left in an old namespace are reported, with the command that removes them."""
    assert brewery.apply("prod").status == 0
    old, brewery.namespace = brewery.namespace, f"{brewery.namespace}-new"
    brewery.clusters("prod", "create", "namespace", brewery.namespace)
    brewery.create_surroundings("prod")
    brewery.edit(f"namespace: {old}", f"namespace: {brewery.namespace}")
    applied = brewery.apply("prod")
    assert (applied.status, sorted(brewery.objects("prod"))) == (0, OPERATOR), applied.err
    message = f"the namespace `{old}` too has objects of this spec and context, {len(OPERATOR)}\n"
    found = brewery.verify("prod")
    assert (found.status, message in applied.out, message in found.out) == (0, True, True)
    assert f"namespace `{brewery.namespace}`" not in found.out
    assert "too has objects" not in applied.err  # they are not waited for
    (command,) = re.findall(rf"`kubectl (.* -n {old} .*)`", found.out)
    brewery.clusters("prod", *shlex.split(command))
    assert message not in brewery.verify("prod").out


def test_two_contexts_in_one_namespace(brewery: Brewery) -> None:
    """Two contexts in one namespace do not write each other's objects."""
    brewery.edit("kube_context: staging", "kube_context: prod")
    assert brewery.apply("prod").status == 0
    before = brewery.versions("prod")
    applied = brewery.apply("staging")
    assert applied.status == 0, applied.err
    after = brewery.versions("prod")
    assert sorted(after) == sorted([*OPERATOR, RULES, DASHBOARD])
    assert before.items() <= after.items()
    assert brewery.verify("prod").status == 0
    brewery.edit("kubernetes: {rules_key", "outputs: {dashboard: null}\nkubernetes: {rules_key")
    assert brewery.apply("staging").status == 0
    assert sorted(brewery.objects("prod")) == sorted([*OPERATOR, RULES])


def test_prod_is_untouched_while_staging_is_applied(brewery: Brewery) -> None:
    """Creating, changing, forcing and removing in staging writes nothing in prod."""
    assert brewery.apply("prod").status == 0
    before = brewery.versions("prod")
    assert brewery.apply("staging").status == 0
    brewery.edit('when: "> 60%"', 'when: "> 50%"')
    brewery.patch("staging", "configmap", "brew-alerts-staging", '{"data": {"brew.yaml": "groups: []"}}')
    assert brewery.apply("staging", "--force").status == 0
    brewery.edit("kubernetes: {rules_key", "outputs: {dashboard: null}\nkubernetes: {rules_key")
    assert brewery.apply("staging").status == 0
    assert list(brewery.objects("staging")) == [RULES]
    assert brewery.versions("prod") == before


def test_a_kind_that_the_cluster_does_not_know(brewery: Brewery) -> None:
    """Without the operator's kinds nothing is applied, and the hint says what to install."""
    crds = str(brewery.clusters.crds)
    try:
        _delete_kinds(brewery, crds)
        refused = brewery.apply("prod")
    finally:
        brewery.clusters("prod", "apply", "--server-side", "--filename", crds)
        waiting = ["wait", "--for=condition=Established", "--timeout=60s", "--filename", crds]
        brewery.clusters("prod", *waiting)
    assert refused.status == 2
    assert 'no matches for kind "PrometheusRule"' in refused.err
    hint = "hint: install the Prometheus operator, or write `kubernetes: {objects: configmap}`\n"
    assert hint in refused.err
    assert brewery.objects("prod") == {}


def _delete_kinds(brewery: Brewery, crds: str) -> None:
    """Delete the kinds, which have no objects, without waiting for the controller that would delete those.

    That of kcp may not come to it for minutes.
    """
    kinds = brewery.clusters("prod", "get", "--output=name", "--filename", crds).split()
    brewery.clusters("prod", "delete", "--wait=false", "--filename", crds)
    bare = '--patch={"metadata": {"finalizers": null}}'
    for kind in kinds:  # one may be gone already
        brewery.clusters.run("prod", "patch", kind, "--type=merge", bare)
    until(lambda: brewery.clusters.run("prod", "get", "prometheusrules").returncode)


def test_a_context_of_plain_files(brewery: Brewery) -> None:
    """A context without objects is an error with the reason."""
    brewery.edit("objects: operator", "objects: null")
    refused = brewery.apply("prod")
    assert refused.status == 2
    assert "the context renders none\nhint: its `kubernetes.objects` and the outputs" in refused.err


def test_a_missing_namespace(brewery: Brewery) -> None:
    """A missing namespace is reported once, with the command that creates it, and nothing is applied."""
    brewery.edit(f"namespace: {brewery.namespace}", "namespace: nowhere")
    refused = brewery.apply("staging")
    assert refused.status == 2
    assert refused.err.count('namespaces "nowhere" not found') == 1  # for two objects
    assert "hint: create it: `kubectl --context=staging create namespace nowhere`, or name" in refused.err


def test_more_than_a_configmap_holds(brewery: Brewery) -> None:
    """The server refuses a ConfigMap that is too large in a dry run, and nothing is applied."""
    brewery.edit("kubernetes: {rules_key", "checks: {oversized-object: off}\nkubernetes: {rules_key")
    brewery.edit('summary: "{instance}: {value}"', f'summary: "{"foam " * 220_000}"')
    refused = brewery.apply("staging")
    assert refused.status == 2, refused.err[:2000]
    assert " 1048576 bytes" in refused.err
    assert "hint: a ConfigMap holds 1 MiB" in refused.err
    assert brewery.objects("staging") == {}


def test_the_guides_commands(cluster_pair: Clusters) -> None:
    """Plain kubectl can apply the objects of the monitoring folder, which contain the generated files."""
    folder = ROOT / "deployment" / "kubernetes" / "monitoring"
    cluster_pair("prod", "create", "namespace", "victor-monitoring")
    for each in ("performance-alerts.yaml", "dashboards/"):
        cluster_pair("prod", "apply", "--dry-run=server", "--filename", str(folder / each))
    held: dict[str, str] = {}
    for path in folder.rglob("*.yaml"):
        held.update(yaml.safe_load(path.read_text(encoding="utf-8"))["data"])
    generated = ROOT / "generated"
    assert held == {
        "performance_alerts.yml": generated.joinpath("performance-alerts.yaml").read_text(encoding="utf-8"),
        "victor-performance.json": generated.joinpath("victor-performance.json").read_text(encoding="utf-8"),
    }


@pytest.mark.parametrize("name", [name for name in EXAMPLES if compiled(name).contexts])
def test_the_api_server_accepts_the_examples(cluster_pair: Clusters, name: str) -> None:
    """The server validates every object of an example's contexts against its kind; no field is unknown."""
    for context in compiled(name).contexts:
        place = Place(name, context)
        documents = (each.text for each in artifacts(place) if each.output == "kubernetes")
        found = [yaml.safe_load(each) for each in documents]
        objects = [each for each in found if each["kind"] != "Kustomization"]
        if namespace := resolved(place).service.namespace:
            cluster_pair.run("prod", "create", "namespace", namespace)
        items = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        options = ("--server-side", "--dry-run=server", "--validate=strict", "--filename=-")
        printed = cluster_pair("prod", "apply", *options, stdin=items)
        assert len(printed.splitlines()) == len(objects) > 1

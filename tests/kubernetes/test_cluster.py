"""`victor-mon apply` and `verify --context` with real Kubernetes API servers."""

from __future__ import annotations

import json
import re
import shlex

import pytest
import yaml

from tests.kubernetes.brewery import Brewery
from tests.kubernetes.cluster import Clusters
from tests.rules.rendered import ROOT

RULES = "ConfigMap brew-alerts-staging"
DASHBOARD = "ConfigMap brew-dashboard-staging"
PROD_DASHBOARD = "ConfigMap brew-dashboard-prod"
OPERATOR = [
    "AlertmanagerConfig brew-inhibitions-prod",
    "AlertmanagerConfig brew-receiver-day-shift-prod",
    "AlertmanagerConfig brew-receiver-pager-prod",
    PROD_DASHBOARD,
    "PrometheusRule brew-alerts-prod",
    "ServiceMonitor brew-scrape-prod",
]
NOTHING = "nothing to do; the live systems match the spec"


def last_line(text: str) -> str:
    return text.splitlines()[-1]


def bodies(brewery: Brewery, cluster: str) -> dict[str, object]:
    """Return the data or the spec of every managed object, without the server's metadata."""
    return {name: each.get("data", each.get("spec")) for name, each in brewery.objects(cluster).items()}


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
        "tasting": {**own, "app.kubernetes.io/instance": "tasting"},
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
    clean = bodies(brewery, context)
    brewery.add(context, kind, name, added, manager="handyman")
    assert f"`handyman` has set {field}" in brewery.verify(context).out
    refused = brewery.apply(context)
    assert (refused.status, f"`handyman` has set {field}" in refused.err) == (2, True)
    forced = brewery.apply(context, "--force")
    assert forced.status == 0, forced.err
    assert bodies(brewery, context) == clean
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


def test_a_foreign_object_under_the_same_name(brewery: Brewery) -> None:
    """A foreign object under an own name is a conflict, even if no manager has the fields to be set."""
    options = [f"--namespace={brewery.namespace}", "--from-literal=else=1"]
    brewery.clusters("staging", "create", "configmap", "brew-alerts-staging", *options)
    refused = brewery.apply("staging")
    assert (refused.status, "it is not an object of this spec and context" in refused.err) == (2, True)
    assert brewery.objects("staging") == {}


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
        brewery.clusters("prod", "delete", "--filename", crds)
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
    brewery.edit('summary: "{instance}: {value}"', f'summary: "{"foam " * 220_000}"')
    refused = brewery.apply("staging")
    assert refused.status == 2, refused.err[:2000]
    assert " 1048576 bytes" in refused.err
    assert "hint: a ConfigMap holds 1 MiB" in refused.err
    assert brewery.objects("staging") == {}


@pytest.mark.parametrize(
    "number", [1, 2, 3]
)  # the rules, the dashboard, a new receiver; then an old one goes
def test_a_failure_is_undone(brewery: Brewery, number: int) -> None:
    """Whichever object fails, everything is undone, and a second run succeeds without a conflict."""
    brewery.edit("      pager:\n", "      night:\n")
    brewery.edit('when: "> 60%"', 'when: "> 50%"')
    assert brewery.apply("prod").status == 0
    before = bodies(brewery, "prod")
    brewery.edit("      night:\n", "      pager:\n")
    brewery.edit('when: "> 50%"', 'when: "> 60%"')
    brewery.fail_at(number)
    failed = brewery.apply("prod")
    assert failed.status == 2
    assert "the disk is full" in failed.err
    assert failed.err.count(": undone, as before\n") == number
    assert bodies(brewery, "prod") == before
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

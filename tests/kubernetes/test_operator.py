"""A context's objects processed by the real Prometheus operator, and the findings of `apply` and `verify`."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.cli.commands import edit
from tests.end_to_end.live import until
from tests.kubebuilder import operator_assets
from tests.kubernetes.brewery import SPEC, Brewery
from tests.kubernetes.cluster import Clusters
from tests.kubernetes.kcp import operator
from tests.kubernetes.stack import Stack
from tests.rules.rendered import PERFORMANCE
from tests.tables import row

TITLE = "findings about a context's objects, and the configuration that the operator generates"
PAGER = "AlertmanagerConfig brew-receiver-pager-prod"
RULES, MONITOR = "PrometheusRule brew-alerts-prod", "ServiceMonitor brew-scrape-prod"


@pytest.fixture(scope="module")
def operated(request: pytest.FixtureRequest) -> Iterator[Clusters]:
    """Yield two clusters, with the operator running in `prod`."""
    assets = operator_assets()
    if assets is None:
        pytest.skip("OPERATOR_ASSETS names no folder with kcp and the operator: see tests/kubebuilder.py")
    clusters = request.getfixturevalue("cluster_pair")
    with operator(assets, clusters, "prod"):
        yield clusters


def note(record_property, on: str, findings: str, generated: str) -> None:
    """Record a row of the table."""
    cells = {"on": on, "apply, verify": findings, "generated": generated}
    record_property(*row(TITLE, cells))


@pytest.fixture
def stacked(operated: Clusters, tmp_path: Path) -> Iterator[Callable[[str], Stack]]:
    """Yield a function that creates a repository with a spec, and a stack that is removed after the test."""
    with contextlib.ExitStack() as cleanup:

        def make(text: str) -> Stack:
            found = Stack(Brewery(tmp_path / "repository", operated, text))
            cleanup.callback(found.down)
            return found

        yield make


@pytest.fixture
def stack(stacked: Callable[[str], Stack]) -> Stack:
    """Return the stack of the brewery."""
    return stacked(SPEC.read_text(encoding="utf-8"))


def labelled(stack: Stack) -> None:
    edit(stack.brewery.spec, "port: http}", f"port: http, labels: {{release: {stack.release}}}}}")
    stack.brewery.generate()


def expressions(stack: Stack) -> None:
    labelled(stack)
    stack.prometheus["ruleSelector"] = {
        "matchExpressions": [
            {"key": "release", "operator": "In", "values": [stack.release]},
            {"key": "tier", "operator": "Exists"},
            {"key": "retired", "operator": "DoesNotExist"},
        ]
    }


def no_selector(stack: Stack) -> None:
    labelled(stack)
    del stack.prometheus["ruleSelector"]


def namespace_not_selected(stack: Stack) -> None:
    labelled(stack)
    stack.prometheus["ruleNamespaceSelector"] = {"matchLabels": {"monitored": stack.release}}


def own_namespace(stack: Stack) -> None:
    labelled(stack)
    del stack.alertmanager["alertmanagerConfigNamespaceSelector"]


def default_strategy(stack: Stack) -> None:
    labelled(stack)
    stack.alertmanager["alertmanagerConfigMatcherStrategy"] = {"type": "OnNamespace"}


def unlabelled(stack: Stack) -> None:
    stack.alertmanager["alertmanagerConfigMatcherStrategy"] = {"type": "None"}


UNSELECTED: list[tuple[str, Callable[[Stack], None], str, str, str]] = [
    ("label not selected", unlabelled, "VM912", RULES, "0 rule files, not scraped, receivers []"),
    ("namespace not selected", namespace_not_selected, "VM912", RULES, "0 rule files, scraped"),
    ("no selector", no_selector, "VM912", RULES, "0 rule files, scraped"),
    ("expressions", expressions, "VM912", RULES, "0 rule files, scraped"),
    ("own namespace alone", own_namespace, "VM912", PAGER, "1 rule files, scraped, receivers []"),
    (
        "default strategy",
        default_strategy,
        "VM914",
        "MuchFoam",
        "1 rule files, scraped, receivers ['day_shift', 'pager']",
    ),
]


@pytest.mark.parametrize(
    ("name", "change", "code", "about", "generated"), UNSELECTED, ids=[each[0] for each in UNSELECTED]
)
def test_objects_not_selected_or_routed(
    stack: Stack,
    record_property,
    name: str,
    change: Callable[[Stack], None],
    code: str,
    about: str,
    generated: str,
) -> None:
    """They are a warning before applying and an error afterwards; following the hints resolves both."""
    change(stack)
    if name != "default strategy":
        stack.alertmanager["alertmanagerConfigMatcherStrategy"] = {"type": "None"}
    stack.up()
    applied = stack.brewery.apply("prod")
    assert applied.status == 1, applied.err
    assert f"warning[{code}]" in applied.err
    found = stack.brewery.verify("prod")
    assert (found.status, f"error[{code}]" in found.out, about in found.out) == (1, True, True), found.out
    until(lambda: stack.generated().startswith(generated), 30)
    note(record_property, name, f"warning, error {code}", stack.generated())
    stack.follow(found)
    until(lambda: stack.brewery.verify("prod").status == 0, 60)


def test_an_object_selected_twice(stack: Stack) -> None:
    """Both selecting objects are named, and it is no error."""
    labelled(stack)
    stack.alertmanager["alertmanagerConfigMatcherStrategy"] = {"type": "None"}
    stack.up()
    stack.up("other")
    applied = stack.brewery.apply("prod")
    assert applied.status == 0, applied.out
    place = stack.namespace
    both = f"`{RULES}` is selected by 2: `Prometheus {place}/kps`, `Prometheus {place}/other`\n"
    assert f"note[VM913] selected-twice: {both}" in applied.err
    assert f"kubernetes prod: {both}" in stack.brewery.verify("prod").out


MISSING: list[tuple[str, list[str], str]] = [
    (
        "Secret missing",
        ["delete", "secret", "pager"],
        "refers to the Secret `NAMESPACE/pager`, which does not exist",
    ),
    (
        "key missing",
        [
            "patch",
            "secret",
            "pager",
            "--type=json",
            '--patch=[{"op": "move", "from": "/data/key", "path": "/data/other"}]',
        ],
        "refers to the key `key` of the Secret `NAMESPACE/pager`, which has `other`",
    ),
]


@pytest.mark.parametrize(("name", "command", "message"), MISSING, ids=[each[0] for each in MISSING])
def test_a_secret_that_a_receiver_refers_to(
    stack: Stack, record_property, name: str, command: list[str], message: str
) -> None:
    """Without it nothing is applied; if it is deleted later, `verify` names it and the lost receiver."""
    labelled(stack)
    stack.alertmanager["alertmanagerConfigMatcherStrategy"] = {"type": "None"}
    stack.up()
    namespace = f"--namespace={stack.brewery.namespace}"
    message = message.replace("NAMESPACE", stack.brewery.namespace)
    stack.kubectl(command[0], *command[1:], namespace)
    refused = stack.brewery.apply("prod")
    assert (refused.status, message in refused.err, stack.brewery.objects("prod")) == (2, True, {})
    stack.kubectl("delete", "secret", "pager", "--ignore-not-found", namespace)
    stack.kubectl("create", "secret", "generic", "pager", "--from-literal=key=canary-pager", namespace)
    assert stack.brewery.apply("prod").status == 0
    stack.kubectl(command[0], *command[1:], namespace)
    stack.kubectl("annotate", "alertmanagerconfig", "brew-receiver-pager-prod", "looked=at", namespace)
    until(lambda: "pager" not in stack.generated(), 30)
    found = stack.brewery.verify("prod")
    assert (found.status, message in found.out) == (1, True), found.out
    receiver = f"{stack.brewery.namespace}/brew-receiver-pager-prod/pager"
    assert f"does not reach the receiver `{receiver}` of `Alertmanager {stack.namespace}/kps`" in found.out
    note(record_property, name, "refused, error VM915", stack.generated())


SERVICES: list[tuple[str, str, str, str]] = [
    (
        "Service missing",
        "app.kubernetes.io/name: brewery}",
        "app.kubernetes.io/name: pub}",
        "in the namespace `brewery`, but none exist",
    ),
    ("wrong port", "port: http,", "port: metrics,", "scrapes the port `metrics`"),
]


@pytest.mark.parametrize(("name", "old", "new", "message"), SERVICES, ids=[each[0] for each in SERVICES])
def test_a_service_that_is_to_be_scraped(
    stack: Stack, record_property, name: str, old: str, new: str, message: str
) -> None:
    """Without the Service, its port or an endpoint nothing is applied: nothing would be scraped."""
    labelled(stack)
    stack.up()
    stack.brewery.edit(old, new)
    refused = stack.brewery.apply("prod")
    assert (refused.status, message in refused.err, stack.brewery.objects("prod")) == (2, True, {}), (
        refused.err
    )
    note(record_property, name, "refused", "nothing: nothing was sent")


def sidecar(stack: Stack, **env: str) -> None:
    """Create a Grafana whose sidecar loads the dashboards selected by these variables."""
    variables = [{"name": name, "value": value} for name, value in env.items()]
    container = {"name": "grafana-sc-dashboard", "image": "kiwigrid/k8s-sidecar:2", "env": variables}
    body = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "grafana", "namespace": stack.namespace},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }
    stack.kubectl("apply", "--server-side", "--filename=-", stdin=json.dumps(body))


def test_a_sidecar_that_looks_for_another_label(stack: Stack) -> None:
    """After the hint is followed the sidecar takes the dashboard; it must also watch the namespace."""
    labelled(stack)
    stack.alertmanager["alertmanagerConfigMatcherStrategy"] = {"type": "None"}
    stack.up()
    sidecar(stack, LABEL="grafana_dashboard", LABEL_VALUE="yes", NAMESPACE="ALL")
    applied = stack.brewery.apply("prod")
    owner = f"StatefulSet {stack.namespace}/grafana"
    taken = "`ConfigMap brew-dashboard-prod`: it selects by `grafana_dashboard`"
    message = f"the sidecar of `{owner}` does not load {taken}"
    assert (applied.status, message in applied.out) == (1, True), applied.out
    stack.follow(stack.brewery.verify("prod"))
    found = stack.brewery.verify("prod")
    assert found.status == 0, found.out
    sidecar(stack, LABEL="grafana_dashboard", NAMESPACE="elsewhere")
    found = stack.brewery.verify("prod")
    assert f"does not watch the namespace `{stack.brewery.namespace}`" in found.out
    stack.kubectl("delete", "statefulset", "grafana", f"--namespace={stack.namespace}")


RESOURCES = [
    "alertmanagers.monitoring.coreos.com",
    "prometheuses.monitoring.coreos.com",
    "secrets",
    "services",
]


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_missing_permission(stack: Stack, record_property, tmp_path: Path, resource: str) -> None:
    """A missing permission is a warning by resource; the checks that depend on it are skipped."""
    labelled(stack)
    stack.alertmanager["alertmanagerConfigMatcherStrategy"] = {"type": "None"}
    stack.up()
    kinds, group = resource.partition(".")[::2]
    others = [each for each in _resources(stack) if each != (group, kinds)]
    rules = [{"apiGroups": [each], "resources": [name], "verbs": ["*"]} for each, name in others]
    user, name = f"system:serviceaccount:{stack.brewery.namespace}:deployer", stack.brewery.namespace
    stack.kubectl("create", "serviceaccount", "deployer", f"--namespace={stack.brewery.namespace}")
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": rules,
    }
    stack.kubectl("apply", "--filename=-", stdin=json.dumps(role))
    account = f"--serviceaccount={stack.brewery.namespace}:deployer"
    stack.kubectl("create", "clusterrolebinding", name, f"--clusterrole={name}", account)
    stack.brewery.impersonate(user)
    applied = stack.brewery.apply("prod")
    assert applied.status == 0, applied.err + applied.out
    assert applied.out.count(f"`{resource}`, so it is not known") == 1
    found = stack.brewery.verify("prod")
    assert (found.status, found.out.count("warning[VM917]")) == (0, 1 + (resource == "secrets")), found.out
    assert "as far as you may read" in found.err
    note(record_property, f"no right to list {resource}", "warning VM917", stack.generated())


def _resources(stack: Stack) -> list[tuple[str, str]]:
    """Return the group and the name of every resource of the cluster."""
    names = stack.kubectl("api-resources", "--output=name").split()
    return [each.partition(".")[::2][::-1] for each in names]


def test_from_nothing_to_routed(
    stacked: Callable[[str], Stack], tmp_path: Path, promtool: Path, amtool: Path
) -> None:
    """This repository's own spec reaches a kube-prometheus-stack by following one hint after another."""
    text = PERFORMANCE.read_text(encoding="utf-8")
    for old, new in (
        ("namespace: victor-monitoring", "namespace: NAMESPACE"),
        ("    targets: [kubernetes: {kube_context: prod}]", OPERATOR_CONTEXT),
        ("kubernetes_namespace: victor-production", "kubernetes_namespace: brewery"),
        (
            "app: {app: victor-api}, port: http, path: /metrics}",
            "app: {app.kubernetes.io/name: brewery}, path: /metrics, port: http}",
        ),
    ):
        assert old in text
        text = text.replace(old, new)
    stack = stacked(text)
    stack.up()
    assert stack.brewery.apply("prod").status == 1
    for _ in range(2):  # the labels, then the strategy
        stack.follow(stack.brewery.verify("prod"))
    until(lambda: stack.brewery.verify("prod").status == 0, 60)

    def own_rules() -> str:
        named = (stack.rules() or {}).items()
        return next((text for name, text in named if name.startswith(stack.brewery.namespace)), "")

    rules = until(own_rules, 30)
    checked = subprocess.run(
        [promtool, "check", "rules"], input=rules, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    overlay = stack.brewery.folder / "deployment/kubernetes/overlays/prod"
    rendered = yaml.safe_load((overlay / "performance-alerts.yaml").read_text("utf-8"))
    assert yaml.safe_load(rules)["groups"] == rendered["spec"]["groups"]

    config = stack.routing()
    assert config is not None
    path = tmp_path / "alertmanager.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    names = [rule for group in rendered["spec"]["groups"] for rule in group["rules"] if "alert" in rule]
    assert len({each["alert"] for each in names}) == 26
    for rule in names:
        labels = [f"{name}={value}" for name, value in rule["labels"].items()]
        ran = subprocess.run(
            [
                amtool,
                "config",
                "routes",
                "test",
                f"--config.file={path}",
                f"alertname={rule['alert']}",
                *labels,
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        reached = {each.rpartition("/")[2] for each in ran.stdout.strip().split(",")}
        wanted = {"chat", "pager"} if rule["labels"]["severity"] == "critical" else {"chat"}
        assert reached == wanted, rule["alert"]
    fragment = yaml.safe_load((overlay / "routing/inhibitions.yaml").read_text("utf-8"))
    assert len(config["inhibit_rules"]) == len(fragment["spec"]["inhibitRules"])
    assert [each["equal"] for each in config["inhibit_rules"]] == [
        each["equal"] for each in fragment["spec"]["inhibitRules"]
    ]


OPERATOR_CONTEXT = """\
    kubernetes: {objects: operator}
    receivers:
      pager:
        severities: [critical]
        pagerduty_configs: [{routing_key_file: /etc/alertmanager/secrets/pager/key}]
      chat: {webhook_configs: [{url: "http://127.0.0.1:9/chat"}]}
    targets: [kubernetes: {kube_context: prod}]"""

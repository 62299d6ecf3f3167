"""The operator's objects: scraping, receivers and inhibition rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.live import Prometheus, running, target, until
from tests.rules.rendered import compiled_text
from victor_monitoring.app.pipeline import render
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.printer import text
from victor_monitoring.promql.tree import Vector

SPEC = """\
victor_mon: 1
service:
  name: shop
  title: Shop
  owner: sales
  namespace: monitoring
  metric_prefix: shop_
  select: {job: shop}
  scope: [namespace, kubernetes_pod_name, region]
kubernetes: {app: {app.kubernetes.io/name: shop}, port: http, path: /stats}
contexts:
  prod:
    kubernetes: {objects: operator}
    labels: {environment: prod}
    select: {kubernetes_namespace: shop-prod, container: api, price: 5$1}
    receivers:
      pager:
        severities: [critical]
        pagerduty_configs: [{routing_key_file: /etc/alertmanager/secrets/pd/key}]
      a_b: {webhook_configs: [{url: "http://hook/", send_resolved: false, max_alerts: 5}]}
      A_B:
        labels: {team: a}
        slack_configs: [{api_url_file: /etc/alertmanager/secrets/s/url, channel: "#a", icon_url: "http://i/"}]
      odd: {webhook_configs: [{url_file: /run/url}]}
"""
DISCOVERED = {  # as Kubernetes and the operator's own relabelings leave a target
    "__meta_kubernetes_namespace": "shop-prod",
    "__meta_kubernetes_pod_name": "shop-1",
    "__meta_kubernetes_pod_container_name": "api",
    "__meta_kubernetes_pod_label_region": "north",
    "job": "shop-service",
    "namespace": "shop-prod",
    "pod": "shop-1",
}


def objects(spec: str = SPEC) -> dict[str, dict[str, Any]]:
    """Return the bodies of the objects by their file names."""
    found = render(compiled_text(spec), context="prod", outputs=["kubernetes"])
    documents = {each.path.name: yaml.safe_load(each.text) for each in found}
    return {name: each.get("spec", each) for name, each in documents.items()}


def in_prod() -> Resolved:
    """Return the spec resolved in its context."""
    return compiled_text(SPEC).contexts["prod"]


def scraped(relabelings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return an operator's relabelings with the keys of Prometheus."""
    keys = {"sourceLabels": "source_labels", "targetLabel": "target_label"}
    return [{keys.get(key, key): value for key, value in each.items()} for each in relabelings]


def test_scraped_targets_have_every_selected_label(prometheus: Path, tmp_path: Path) -> None:
    """A real Prometheus gives a discovered target all select and scope labels, and drops other containers."""
    relabelings = objects()["service-monitor.yaml"]["endpoints"][0]["relabelings"]
    with target(lambda: "shop_x 1\n") as shop, target(lambda: "shop_x 2\n") as sidecar:
        scrape = {
            "job_name": "serviceMonitor/monitoring/shop-scrape/0",
            "scrape_interval": "200ms",
            "scrape_timeout": "200ms",
            "relabel_configs": scraped(relabelings),
            "static_configs": [
                {"targets": [f"127.0.0.1:{shop.port}"], "labels": DISCOVERED},
                {
                    "targets": [f"127.0.0.1:{sidecar.port}"],
                    "labels": {**DISCOVERED, "__meta_kubernetes_pod_container_name": "mesh"},
                },
            ],
        }
        with running(prometheus, tmp_path, [], [scrape]) as live:
            selected = text(Vector("shop_x", in_prod().service.select.matchers))
            until(lambda: live.query(selected), 60)
            assert labels(live) == {
                "instance": f"127.0.0.1:{shop.port}",
                "job": "shop",
                "kubernetes_namespace": "shop-prod",
                "container": "api",
                "price": "5$1",
                "namespace": "shop-prod",
                "pod": "shop-1",
                "kubernetes_pod_name": "shop-1",
                "region": "north",
            }


def labels(live: Prometheus) -> dict[str, str]:
    """Return the labels of the only series of the metric."""
    (found,) = live.query("shop_x")
    return {name: value for name, value in found["metric"].items() if name != "__name__"}


def test_scraped_service() -> None:
    """The Service is selected by its labels in the context's namespace, and scraped at the port and path."""
    monitor = objects()["service-monitor.yaml"]
    (endpoint,) = monitor.pop("endpoints")
    assert monitor == {
        "namespaceSelector": {"matchNames": ["shop-prod"]},
        "selector": {"matchLabels": {"app.kubernetes.io/name": "shop"}},
    }
    assert (endpoint["port"], endpoint["path"], endpoint["interval"]) == ("http", "/stats", "15s")


@pytest.mark.parametrize(
    ("old", "new", "key", "value"),
    [
        ("port: http", "port: 8080", "endpoints", {"targetPort": 8080}),
        ("kubernetes_namespace: shop-prod, ", "", "namespaceSelector", {"any": True}),
    ],
)
def test_port_number_and_any_namespace(old: str, new: str, key: str, value: dict[str, Any]) -> None:
    """A number is the pods' port; a select without a namespace finds the service in all namespaces."""
    found = objects(SPEC.replace(old, new))["service-monitor.yaml"][key]
    assert value.items() <= (found[0] if isinstance(found, list) else found).items()


@pytest.mark.parametrize(("select", "honors"), [("", True), ("select: {job: other}, ", None)])
def test_labels_are_honored_for_a_component_of_these_targets(select: str, honors: bool | None) -> None:
    """Series that bring labels such as `pod` keep them; components of other targets change nothing."""
    added = f"components: {{pods: {{external: true, honor_labels: true, {select}metrics: {{}}}}}}\n"
    (endpoint,) = objects(SPEC + added)["service-monitor.yaml"]["endpoints"]
    assert endpoint.get("honorLabels") is honors


@pytest.mark.parametrize(
    ("label", "source", "copied"),
    [
        ("job", "job", []),
        ("container", "__meta_kubernetes_pod_container_name", ["container"]),
        ("price", "__meta_kubernetes_pod_label_price", ["price"]),
        ("kubernetes_namespace", "__meta_kubernetes_namespace", ["kubernetes_namespace"]),
    ],
)
def test_a_pattern_keeps_the_targets_that_match(label: str, source: str, copied: list[str]) -> None:
    """Their label is as it was discovered; the operator has set `job` before."""
    text = SPEC.replace("select: {job: shop}", f"select: {{job: shop, {label}: '=~a|b.+'}}")
    text = text.replace("select: {job: shop, job:", "select: {job:")
    text = text.replace("kubernetes_namespace: shop-prod, container: api, price: 5$1", "zone: eu")
    monitor = objects(text)["service-monitor.yaml"]
    relabelings = monitor["endpoints"][0]["relabelings"]
    assert {"action": "keep", "sourceLabels": [source], "regex": "a|b.+"} in relabelings
    found = [each.get("targetLabel") for each in relabelings if each.get("sourceLabels") == [source]]
    assert found == [None, *copied] + ["namespace"] * (label == "kubernetes_namespace")
    assert monitor["namespaceSelector"] == {"any": True}


@pytest.mark.parametrize("gone", ["app: {app.kubernetes.io/name: shop}, ", "port: http, "])
def test_no_service_monitor(gone: str) -> None:
    """Without the Service's labels or port there is no ServiceMonitor, since it would select too much."""
    assert "service-monitor.yaml" not in objects(SPEC.replace(gone, ""))


def test_receivers() -> None:
    """Each receiver that the operator can express is an object with its own route."""
    found = objects()
    routing = {name: each for name, each in found.items() if name.startswith("receiver-")}
    assert routing.keys() == {"receiver-pager.yaml", "receiver-a-b.yaml", "receiver-a-b-2.yaml"}
    shared = [("service", "=", "shop"), ("environment", "=", "prod")]
    expected = {
        "receiver-pager.yaml": [*shared, ("severity", "=~", "critical")],
        "receiver-a-b.yaml": shared,
        "receiver-a-b-2.yaml": [*shared, ("team", "=", "a")],
    }
    for name, each in routing.items():
        matchers = [(m["name"], m["matchType"], m["value"]) for m in each["route"].pop("matchers")]
        assert matchers == expected[name]
        assert each["route"] == {
            "receiver": each["receivers"][0]["name"],
            "groupBy": ["alertname", *GROUPING],
            "groupWait": "30s",
            "groupInterval": "1m",
            "repeatInterval": "4h",
            "continue": True,
        }
    assert [each["receivers"] for each in routing.values()] == [
        [{"name": "pager", "pagerdutyConfigs": [{"routingKey": {"name": "pd", "key": "key"}}]}],
        [{"name": "a_b", "webhookConfigs": [{"url": "http://hook/", "sendResolved": False, "maxAlerts": 5}]}],
        [
            {
                "name": "A_B",
                "slackConfigs": [
                    {"apiURL": {"name": "s", "key": "url"}, "channel": "#a", "iconURL": "http://i/"}
                ],
            }
        ],
    ]


GROUPING = [
    "job",
    "kubernetes_namespace",
    "container",
    "price",
    "namespace",
    "kubernetes_pod_name",
    "region",
    "environment",
]


def test_inhibition_rules() -> None:
    """The inhibition rules are those of the fragment, matcher by matcher."""
    fragment = next(
        yaml.safe_load(each.text)
        for each in render(compiled_text(SPEC), context="prod", outputs=["alertmanager"])
    )
    found = [
        {
            "source_matchers": [matcher(m) for m in each["sourceMatch"]],
            "target_matchers": [matcher(m) for m in each["targetMatch"]],
            "equal": each["equal"],
        }
        for each in objects()["inhibitions.yaml"]["inhibitRules"]
    ]
    assert found == fragment["inhibit_rules"]


def matcher(data: dict[str, str]) -> str:
    return f'{data["name"]}{data["matchType"]}"{data["value"]}"'


def test_a_kustomization_lists_every_object() -> None:
    """The objects are in the order of their application; files that are no objects are left out."""
    found = objects()
    assert found["kustomization.yaml"]["resources"] == [
        "shop-alerts.yaml",
        "service-monitor.yaml",
        "routing/inhibitions.yaml",
        "routing/receiver-pager.yaml",
        "routing/receiver-a-b.yaml",
        "routing/receiver-a-b-2.yaml",
    ]

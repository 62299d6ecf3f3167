"""The operator's objects: how the service is scraped, and who is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.live import Prometheus, running, target, until
from tests.rules.rendered import compiled_text
from victor_monitoring.app.pipeline import render
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.tree import Vector, text

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
    component: operator
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
    """The bodies of the objects by their files."""
    found = render(compiled_text(spec), context="prod", outputs=["kubernetes"])
    documents = {each.path.name: yaml.safe_load(each.text) for each in found}
    return {name: each.get("spec", each) for name, each in documents.items()}


def in_prod() -> Resolved:
    """The spec as it is in its context."""
    return compiled_text(SPEC).contexts["prod"]


def scraped(relabelings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """An operator's relabelings in the words of Prometheus."""
    words = {"sourceLabels": "source_labels", "targetLabel": "target_label"}
    return [{words.get(key, key): value for key, value in each.items()} for each in relabelings]


def test_every_label_that_is_selected_is_on_what_is_scraped(prometheus: Path, tmp_path: Path) -> None:
    """A real Prometheus gives a discovered target every select and scope label; a foreign container none."""
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
            selected = text(Vector("shop_x", in_prod().service.select))
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
    """The labels of the one series of the metric."""
    (found,) = live.query("shop_x")
    return {name: value for name, value in found["metric"].items() if name != "__name__"}


def test_what_is_scraped() -> None:
    """The Service by its labels, in the namespace that the context selects, at the spec's port and path."""
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
def test_what_else_may_be_scraped(old: str, new: str, key: str, value: dict[str, Any]) -> None:
    """A number is the pods' port; a select without a namespace finds the service in every one."""
    found = objects(SPEC.replace(old, new))["service-monitor.yaml"][key]
    assert value.items() <= (found[0] if isinstance(found, list) else found).items()


@pytest.mark.parametrize("gone", ["app: {app.kubernetes.io/name: shop}, ", "port: http, "])
def test_nothing_says_what_to_scrape(gone: str) -> None:
    """Without the Service's labels or its port there is no ServiceMonitor: it would find too much."""
    assert "service-monitor.yaml" not in objects(SPEC.replace(gone, ""))


def test_who_is_told() -> None:
    """Each receiver that the operator has words for is an object with a route of its own."""
    found = objects()
    routing = {name: each for name, each in found.items() if name.startswith("receiver-")}
    assert routing.keys() == {"receiver-pager.yaml", "receiver-a-b.yaml", "receiver-a-b-2.yaml"}
    ours = [("service", "=", "shop"), ("environment", "=", "prod")]
    wanted = {
        "receiver-pager.yaml": [*ours, ("severity", "=~", "critical")],
        "receiver-a-b.yaml": ours,
        "receiver-a-b-2.yaml": [*ours, ("team", "=", "a")],
    }
    for name, each in routing.items():
        matchers = [(m["name"], m["matchType"], m["value"]) for m in each["route"].pop("matchers")]
        assert matchers == wanted[name]
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


def test_what_is_muted() -> None:
    """The inhibitions are those of the fragment, matcher by matcher."""
    fragment = next(
        yaml.safe_load(each.text)
        for each in render(compiled_text(SPEC), context="prod", outputs=["alertmanager"])
    )
    said = [
        {
            "source_matchers": [matcher(m) for m in each["sourceMatch"]],
            "target_matchers": [matcher(m) for m in each["targetMatch"]],
            "equal": each["equal"],
        }
        for each in objects()["inhibitions.yaml"]["inhibitRules"]
    ]
    assert said == fragment["inhibit_rules"]


def matcher(said: dict[str, str]) -> str:
    return f'{said["name"]}{said["matchType"]}"{said["value"]}"'


def test_a_kustomization_lists_every_object() -> None:
    """In the order in which they are applied; files that are no objects are not in it."""
    found = objects()
    assert found["kustomization.yaml"]["resources"] == [
        "shop-alerts.yaml",
        "service-monitor.yaml",
        "routing/inhibitions.yaml",
        "routing/receiver-pager.yaml",
        "routing/receiver-a-b.yaml",
        "routing/receiver-a-b-2.yaml",
    ]

"""Selection of objects by the operator's selectors."""

from __future__ import annotations

from typing import Any

import pytest

from victor_monitoring.live.kubernetes.operator import refusals
from victor_monitoring.live.kubernetes.selection import SelectingObject, unmet

LABELS = {"release": "kps", "tier": "1"}


def expression(operator: str, key: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def prometheus(**spec: Any) -> SelectingObject:
    metadata = {"name": "kps", "namespace": "monitoring"}
    return SelectingObject(
        "PrometheusRule", "prometheuses", {"kind": "Prometheus", "metadata": metadata, "spec": spec}
    )


@pytest.mark.parametrize(
    ("selector", "missing"),
    [
        ({}, []),
        ({"matchLabels": {"release": "kps"}}, []),
        ({"matchLabels": {"release": "other", "tier": "1"}}, [("release", "other")]),
        ({"matchLabels": {"team": "a"}}, [("team", "a")]),
        (expression("In", "release", "kps", "b"), []),
        (expression("In", "release", "a", "b"), [("release", "a")]),
        (expression("In", "team", "a"), [("team", "a")]),
        (expression("NotIn", "release", "kps"), [("release", None)]),
        (expression("NotIn", "team", "a"), []),  # a missing label is in no list
        (expression("Exists", "tier"), []),
        (expression("Exists", "team"), [("team", "true")]),
        (expression("DoesNotExist", "tier"), [("tier", None)]),
        (expression("DoesNotExist", "team"), []),
        ({"matchLabels": {"team": "a"}, **expression("Exists", "shift")}, [("team", "a"), ("shift", "true")]),
    ],
)
def test_labels_that_a_selector_requires(selector: Any, missing: list[tuple[str, str | None]]) -> None:
    """Each unmet requirement of a selector gives the label, and a value that would meet it."""
    assert [(each.label, each.wanted) for each in unmet(selector, LABELS)] == missing


@pytest.mark.parametrize(
    ("spec", "selects"), [({}, False), ({"ruleSelector": None}, False), ({"ruleSelector": {}}, True)]
)
def test_no_selector_selects_nothing_and_an_empty_one_all(spec: Any, selects: bool) -> None:
    """A missing selector and null select no rule, `{}` selects all rules."""
    assert prometheus(**spec).selects_labels(LABELS) is selects


@pytest.mark.parametrize(
    ("selector", "namespace", "labels", "selects"),
    [
        (None, "monitoring", {}, True),
        (None, "shop", {}, False),
        ({}, "shop", None, True),
        ({"matchLabels": {"a": "b"}}, "shop", {"a": "b"}, True),
        ({"matchLabels": {"a": "b"}}, "shop", {}, False),
        ({"matchLabels": {"a": "b"}}, "shop", None, None),  # its labels may not be read
    ],
)
def test_namespaces_are_selected(selector: Any, namespace: str, labels: Any, selects: bool | None) -> None:
    """No selector selects its own namespace only, an empty one all; unreadable labels leave it unknown."""
    found = prometheus(ruleNamespaceSelector=selector).selects_namespace(namespace, labels)
    assert found is selects


def test_refusals_of_the_operator() -> None:
    """Objects that the operator does not accept are reported with the message of their status conditions."""
    bindings = [
        {
            "resource": "prometheuses",
            "namespace": "monitoring",
            "name": name,
            "conditions": [{"type": "Accepted", "status": status, "reason": reason, "message": message}],
        }
        for name, status, reason, message in (
            ("kps", "True", "", ""),
            ("strict", "False", "InvalidConfiguration", "interval is too short"),
        )
    ]
    manifest = {"kind": "PrometheusRule", "metadata": {"name": "brew"}, "status": {"bindings": bindings}}
    (found,) = refusals([manifest, {"kind": "ConfigMap", "metadata": {"name": "other"}}])
    assert found.message == (
        "the operator refuses `PrometheusRule brew` for prometheuses monitoring/strict: "
        "InvalidConfiguration: interval is too short"
    )

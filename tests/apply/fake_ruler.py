"""A fake ruler: Mimir's API to configure rule groups by tenant, and Prometheus' API to read their state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.apply.fake import FakeServer, as_json
from tests.apply.server import Received, Reply
from victor_monitoring.promql.duration import duration_text, parse_duration

GROUP_KEYS = {"name", "interval", "rules"}
RULE_KEYS = {"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"}


class Ruler(FakeServer):
    """A fake ruler with groups by namespace and name; it normalises groups as a real one does."""

    def __init__(
        self, credentials: str, tenant: str, prefix: tuple[str, ...] = ("config", "v1", "rules")
    ) -> None:
        super().__init__(credentials)
        self.tenant, self._prefix = tenant, prefix
        self.groups: dict[str, dict[str, Any]] = {}
        self.health = "ok"
        self.most = 20  # rules in a group

    def answer(self, received: Received) -> Reply:
        if received.headers.get("x-scope-orgid") != self.tenant:
            return Reply(401, "no org id")
        size = len(self._prefix)
        if received.parts[:size] == self._prefix and len(received.parts) > size:
            return self._configured(received, *received.parts[size:])
        match received.method, received.parts[-1]:
            case "GET", "rules":
                return as_json(200, {"status": "success", "data": {"groups": list(self._loaded())}})
            case "GET", "query":
                series = {"metric": {}, "value": [0, "1"]}
                return as_json(
                    200, {"status": "success", "data": {"resultType": "vector", "result": [series]}}
                )
        return Reply(404, "404 page not found")

    def _configured(self, received: Received, namespace: str, group: str = "") -> Reply:
        match received.method:
            case "GET":
                return self._shown(namespace)
            case "POST":
                return self._given(received, namespace)
            case _:
                found = self.groups.get(namespace, {}).pop(group, None)
                return Reply(404, "group does not exist") if found is None else self._accepted()

    def _shown(self, namespace: str) -> Reply:
        groups = list(self.groups.get(namespace, {}).values())
        if not groups:
            return Reply(404, "no rule groups found")
        return Reply(200, yaml.safe_dump({namespace: groups}), {"Content-Type": "application/yaml"})

    def _given(self, received: Received, namespace: str) -> Reply:
        if received.headers.get("content-type") != "application/yaml":
            return Reply(415, "not YAML")
        group = yaml.safe_load(received.body)
        if reason := _reason_against(group):
            return Reply(400, reason)
        if (count := len(group["rules"])) > self.most:
            return Reply(
                400, f"per-user rules per rule group limit (limit: {self.most} actual: {count}) exceeded"
            )
        self.groups.setdefault(namespace, {})[group["name"]] = _normalised(group)
        return self._accepted()

    def _accepted(self) -> Reply:
        return as_json(202, {"status": "success", "data": None, "errorType": "", "error": ""})

    def _loaded(self) -> Iterator[Mapping[str, Any]]:
        for namespace, groups in self.groups.items():
            for group in groups.values():
                yield {
                    "name": group["name"],
                    "file": namespace,
                    "interval": _seconds(group.get("interval")),
                    "rules": [self._rule(rule) for rule in group["rules"]],
                }

    def _rule(self, rule: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "type": "alerting" if "alert" in rule else "recording",
            "name": rule.get("alert") or rule.get("record"),
            "query": rule["expr"],
            "duration": _seconds(rule.get("for")),
            "keepFiringFor": _seconds(rule.get("keep_firing_for")),
            "labels": rule.get("labels") or {},
            "annotations": rule.get("annotations") or {},
            "health": self.health,
            "lastError": "" if self.health == "ok" else "out of order",
            "lastEvaluation": "2026-01-01T00:00:00Z",
        }


def _reason_against(group: Any) -> str:
    """Return the reason why a body is no rule group; empty if it is one."""
    if not isinstance(group, dict) or group.keys() - GROUP_KEYS or not group.get("name"):
        return "this is no rule group"
    for rule in group.get("rules") or [{}]:
        if rule.keys() - RULE_KEYS or ("alert" in rule) == ("record" in rule) or not rule.get("expr"):
            return f"this is no rule: {rule}"
    return ""


def _normalised(group: Mapping[str, Any]) -> dict[str, Any]:
    """Return the group as a Go program serialises it: durations normalised, and zero where omitted."""
    rules = [{**rule, "for": _duration(rule.get("for"))} for rule in group["rules"]]
    return {
        "interval": _duration(group.get("interval")),
        "name": group["name"],
        "query_offset": "0s",
        "rules": rules,
    }


def _duration(text: str | None) -> str:
    return duration_text(parse_duration(text)) if text else "0s"


def _seconds(text: str | None) -> float:
    return parse_duration(text) / 1000 if text else 0.0

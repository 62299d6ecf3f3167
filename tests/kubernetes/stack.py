"""A Prometheus and an Alertmanager of the operator, and what it has made of our objects for them."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shlex
from typing import Any

import yaml

from tests.cli.commands import Outcome, edit
from tests.end_to_end.live import until
from tests.kubernetes.brewery import Brewery


class Stack:
    """A Prometheus and an Alertmanager as kube-prometheus-stack makes them, in another namespace."""

    def __init__(self, brewery: Brewery) -> None:
        self.brewery, self.release = brewery, brewery.namespace
        self.namespace = f"{brewery.namespace}-stack"
        own = f"--namespace={brewery.namespace}"
        brewery.clusters("prod", "delete", "prometheuses,alertmanagers", "--all", own)
        brewery.clusters("prod", "create", "namespace", self.namespace)
        by_release = {"matchLabels": {"release": self.release}}
        self.prometheus: dict[str, Any] = {
            "ruleSelector": by_release,
            "ruleNamespaceSelector": {},
            "serviceMonitorSelector": by_release,
            "serviceMonitorNamespaceSelector": {},
        }
        self.alertmanager: dict[str, Any] = {
            "alertmanagerConfigSelector": by_release,
            "alertmanagerConfigNamespaceSelector": {},
        }

    def up(self, name: str = "kps") -> None:
        """The objects are as `prometheus` and `alertmanager` say, and the operator has looked at them."""
        for kind, spec in (("Prometheus", self.prometheus), ("Alertmanager", self.alertmanager)):
            metadata = {"name": name, "namespace": self.namespace}
            body = {
                "apiVersion": "monitoring.coreos.com/v1",
                "kind": kind,
                "metadata": metadata,
                "spec": spec,
            }
            self.kubectl(
                "apply", "--server-side", "--force-conflicts", "--filename=-", stdin=json.dumps(body)
            )
        until(lambda: self.rules(name) is not None and self.routing(name) is not None, 60)

    def down(self) -> None:
        """Nothing selects or routes any more."""
        self.kubectl("delete", "prometheuses,alertmanagers", "--all", f"--namespace={self.namespace}")

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Kubectl on the cluster."""
        return self.brewery.clusters("prod", *arguments, stdin=stdin)

    def rules(self, name: str = "kps") -> dict[str, str] | None:
        """The rule files that the operator has made for the Prometheus, by their names."""
        found = self._made("configmap", f"prometheus-{name}-rulefiles-0")
        return None if found is None else found.get("data") or {}

    def routing(self, name: str = "kps") -> dict[str, Any] | None:
        """The configuration that the operator has made for the Alertmanager."""
        found = self._made("secret", f"alertmanager-{name}-generated")
        if found is None:
            return None
        packed = base64.b64decode(found["data"]["alertmanager.yaml.gz"])
        return dict(yaml.safe_load(gzip.decompress(packed)))

    def scrapes(self, name: str = "kps") -> bool:
        """Whether the Prometheus' configuration has a job of the brewery's ServiceMonitor."""
        found = self._made("secret", f"prometheus-{name}")
        assert found is not None
        text = gzip.decompress(base64.b64decode(found["data"]["prometheus.yaml.gz"])).decode()
        return f"serviceMonitor/{self.brewery.namespace}/" in text

    def made(self) -> str:
        """What the operator has made of the brewery's objects, in words."""
        rules, routing = self.rules() or {}, self.routing() or {}
        ours = [name for name in rules if name.startswith(f"{self.brewery.namespace}-")]
        receivers = [each["name"].rpartition("/")[2] for each in routing["receivers"] if "/" in each["name"]]
        return (
            f"{len(ours)} rule files, {'scraped' if self.scrapes() else 'not scraped'}, receivers {receivers}"
        )

    def _made(self, kind: str, name: str) -> dict[str, Any] | None:
        ran = self.brewery.clusters.run("prod", "get", kind, name, f"--namespace={self.namespace}", "-o=json")
        return json.loads(ran.stdout) if ran.returncode == 0 else None

    def follow(self, outcome: Outcome) -> None:
        """Do literally what the hints say, the first of several ways, until `verify` finds nothing."""
        for hint in re.findall(r"^hint: (.*)$", outcome.out, re.MULTILINE):
            first = hint.partition("; or ")[0]
            if labels := re.search(r"`kubernetes: \{labels: (\{.*?\})\}`", first):
                has_labels = "port: http, labels: {" in self.brewery.spec.read_text(encoding="utf-8")
                old = "port: http, labels: {" if has_labels else "port: http}"
                new = labels[1].replace("}", ", ") if has_labels else f"port: http, labels: {labels[1]}}}"
                edit(self.brewery.spec, old, f"port: http, labels: {new}" if has_labels else new)
                self.brewery.generate()
                self.brewery.apply("prod")
            elif command := re.search(r"`kubectl (.*)`", first):
                self.brewery.clusters.run("prod", *shlex.split(command[1])[1:])

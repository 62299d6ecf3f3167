"""The ConfigMaps of a cluster, read directly from its API server, without kubectl."""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.apply.faults import Sides, Store
from tests.kubernetes.cluster import Server

OWN_LABEL = ("app.kubernetes.io/managed-by", "victor-mon")
APPLIED = "application/apply-patch+yaml"


class ConfigMapStore(Store):
    """The ConfigMaps of a namespace, some foreign; the own one named `annotated` has a foreign annotation."""

    def __init__(self, server: Server, namespace: str, annotated: str) -> None:
        self.name = f"kubernetes {server.name}"
        self._namespace, self._annotated = namespace, annotated
        self._url = f"{server.url}/api/v1/namespaces/{namespace}/configmaps"
        self._token = server.token
        self._trust = ssl.create_default_context(cafile=server.authority)

    def steps(self) -> Mapping[str, Sides]:
        found: dict[str, Sides] = {}
        for each in self._present():
            if _is_managed(each):
                content = (each["metadata"]["labels"], each["data"])
                found[f"ConfigMap {self._namespace}/{each['metadata']['name']}"] = (content, content)
        return found

    def others(self) -> object:
        present = list(self._present())
        foreign = {each["metadata"]["name"]: each["data"] for each in present if not _is_managed(each)}
        notes = {each["metadata"]["name"]: each["metadata"].get("annotations") for each in present}
        return foreign, notes.get(self._annotated)

    def snapshot(self) -> Sequence[Mapping[str, Any]]:
        return [
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {key: each["metadata"][key] for key in ("name", "labels")},
                "data": each["data"],
            }
            for each in self._present()
            if _is_managed(each)
        ]

    def restore(self, snapshot: Sequence[Mapping[str, Any]]) -> None:
        for each in self._present():
            if _is_managed(each):
                self._ask("DELETE", each["metadata"]["name"])
        for manifest in snapshot:
            self.apply(manifest, "victor-mon")
        self.note()

    def note(self) -> None:
        """Annotate the object as another field manager."""
        metadata = {"name": self._annotated, "annotations": {"seen": "yes"}}
        self.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}, "handyman")

    def apply(self, manifest: Mapping[str, Any], manager: str) -> None:
        """Apply an object as this field manager."""
        name = manifest["metadata"]["name"]
        self._ask("PATCH", f"{name}?fieldManager={manager}&force=true", json.dumps(manifest).encode())

    def _present(self) -> Iterator[dict[str, Any]]:
        yield from self._ask("GET", "")["items"]

    def _ask(self, method: str, name: str, body: bytes | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": APPLIED}
        url = f"{self._url}/{name}" if name else self._url
        request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - of the test
        with urllib.request.urlopen(request, timeout=60, context=self._trust) as answer:  # noqa: S310 - of the test
            return json.load(answer)


def _is_managed(manifest: Mapping[str, Any]) -> bool:
    label, manager = OWN_LABEL
    return (manifest["metadata"].get("labels") or {}).get(label) == manager

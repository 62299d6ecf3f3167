"""What stands in for a Grafana: folders and dashboards with versions, as its HTTP API has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.apply.server import Received, Reply
from tests.apply.stand_in import StandIn, as_json

SAVED_KEYS = {"dashboard", "folderUid", "message", "overwrite"}


@dataclass
class Kept:
    """A dashboard, its folder, and who saved which version of it, the latest first."""

    content: dict[str, Any]
    folder: str
    versions: list[dict[str, Any]] = field(default_factory=list)
    provisioned: str = ""


class Grafana(StandIn):
    """It counts versions, and adds what a server adds; `adds` are defaults of its own for each panel."""

    def __init__(self, credentials: str) -> None:
        super().__init__(credentials)
        self.folders: dict[str, str] = {}
        self.dashboards: dict[str, Kept] = {}
        self.adds: dict[str, Any] = {}
        self.tells_versions = True

    def by_hand(self, uid: str, **changes: Any) -> None:
        """Somebody saves the dashboard in the browser, with some keys changed."""
        kept = self.dashboards[uid]
        self._keep(uid, {**kept.content, **changes}, kept.folder, "", "ann")

    def answer(self, received: Received) -> Reply:
        if received.is_write and received.body and received.headers.get("content-type") != "application/json":
            return as_json(415, {"message": "not JSON"})
        match received.method, received.parts[1:]:
            case "GET", ("dashboards", "uid", uid):
                return self._shown(uid)
            case "GET", ("dashboards", "uid", uid, "versions"):
                return self._told(uid, received.query)
            case "POST", ("dashboards", "db"):
                return self._saved(json.loads(received.body))
            case "DELETE", ("dashboards", "uid", uid):
                found = self.dashboards.pop(uid, None)
                return as_json(200, {"title": uid}) if found else _missing("Dashboard")
            case method, ("folders", *rest):
                return self._foldered(method, rest, received.body)
            case "GET", ("search",):
                (folder,) = received.query["folderUIDs"]
                return as_json(
                    200, [{"uid": uid} for uid, each in self.dashboards.items() if each.folder == folder]
                )
        return as_json(404, {"message": "Not found"})

    def _shown(self, uid: str) -> Reply:
        kept = self.dashboards.get(uid)
        if kept is None:
            return _missing("Dashboard")
        meta = {
            "folderUid": kept.folder,
            "folderTitle": self.folders.get(kept.folder, "General"),
            "provisioned": bool(kept.provisioned),
            "provisionedExternalId": kept.provisioned,
        }
        return as_json(200, {"dashboard": kept.content, "meta": meta})

    def _told(self, uid: str, query: Mapping[str, list[str]]) -> Reply:
        if not self.tells_versions:
            return as_json(403, {"message": "Access denied"})
        return as_json(200, {"versions": self.dashboards[uid].versions[: int(query["limit"][0])]})

    def _saved(self, payload: dict[str, Any]) -> Reply:
        dashboard = payload["dashboard"]
        if payload.keys() != SAVED_KEYS or payload["overwrite"] or "id" in dashboard:
            return as_json(400, {"message": "bad request data"})
        if payload["folderUid"] not in {"", *self.folders}:
            return as_json(400, {"message": "folder not found"})
        kept = self.dashboards.get(dashboard["uid"])
        if dashboard.get("version") != (kept.content["version"] if kept else None):
            told = "The dashboard has been changed by someone else"
            return as_json(412, {"status": "version-mismatch", "message": told})
        if kept and kept.provisioned:
            return as_json(400, {"message": "Cannot save provisioned dashboard"})
        self._keep(dashboard["uid"], dashboard, payload["folderUid"], payload["message"], "victor-mon")
        return as_json(200, {"status": "success", "uid": dashboard["uid"]})

    def _keep(self, uid: str, content: Mapping[str, Any], folder: str, message: str, by: str) -> None:
        kept = self.dashboards.setdefault(uid, Kept({}, folder))
        version = kept.content.get("version", 0) + 1
        panels = [{**self.adds, **panel} for panel in content["panels"]]
        kept.content = {**content, "panels": panels, "id": 7, "version": version, "schemaVersion": 99}
        kept.folder = folder
        told = {"version": version, "message": message, "createdBy": by, "created": "2026-01-01T00:00:00Z"}
        kept.versions.insert(0, told)

    def _foldered(self, method: str, rest: list[str], body: str) -> Reply:
        match method, rest:
            case "GET", []:
                return as_json(200, [{"uid": uid, "title": title} for uid, title in self.folders.items()])
            case "GET", [uid]:
                title = self.folders.get(uid)
                return _missing("folder") if title is None else as_json(200, {"uid": uid, "title": title})
            case "POST", []:
                given = json.loads(body)
                if given["uid"] in self.folders:
                    return as_json(409, {"message": "a folder with the same uid exists"})
                self.folders[given["uid"]] = given["title"]
                return as_json(200, given)
            case "DELETE", [uid]:
                return as_json(200, {}) if self.folders.pop(uid, None) else _missing("folder")
        return as_json(404, {"message": "Not found"})


def _missing(what: str) -> Reply:
    return as_json(404, {"message": f"{what} not found"})

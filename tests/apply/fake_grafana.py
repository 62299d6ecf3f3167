"""A fake Grafana: the part of its HTTP API for folders and for dashboards with versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.apply.fake import FakeServer, as_json
from tests.apply.server import Received, Reply

SAVED_KEYS = {"dashboard", "folderUid", "message", "overwrite"}


@dataclass
class StoredDashboard:
    """A dashboard, its folder, and its versions with their authors, the latest first."""

    content: dict[str, Any]
    folder: str
    versions: list[dict[str, Any]] = field(default_factory=list)
    provisioned: str = ""


class Grafana(FakeServer):
    """A fake Grafana that counts versions and adds a server's keys; it adds the keys `adds` to each panel."""

    def __init__(self, credentials: str) -> None:
        super().__init__(credentials)
        self.folders: dict[str, str] = {}
        self.dashboards: dict[str, StoredDashboard] = {}
        self.adds: dict[str, Any] = {}
        self.shows_versions = True

    def by_hand(self, uid: str, **changes: Any) -> None:
        """Save the dashboard with some keys changed, as a user does in the browser."""
        stored = self.dashboards[uid]
        self._store(uid, {**stored.content, **changes}, stored.folder, "", "ann")

    def answer(self, received: Received) -> Reply:
        if received.is_write and received.body and received.headers.get("content-type") != "application/json":
            return as_json(415, {"message": "not JSON"})
        match received.method, received.parts[1:]:
            case "GET", ("dashboards", "uid", uid):
                return self._shown(uid)
            case "GET", ("dashboards", "uid", uid, "versions"):
                return self._versions(uid, received.query)
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
        stored = self.dashboards.get(uid)
        if stored is None:
            return _missing("Dashboard")
        meta = {
            "folderUid": stored.folder,
            "folderTitle": self.folders.get(stored.folder, "General"),
            "provisioned": bool(stored.provisioned),
            "provisionedExternalId": stored.provisioned,
        }
        return as_json(200, {"dashboard": stored.content, "meta": meta})

    def _versions(self, uid: str, query: Mapping[str, list[str]]) -> Reply:
        if not self.shows_versions:
            return as_json(403, {"message": "Access denied"})
        return as_json(200, {"versions": self.dashboards[uid].versions[: int(query["limit"][0])]})

    def _saved(self, payload: dict[str, Any]) -> Reply:
        dashboard = payload["dashboard"]
        if payload.keys() != SAVED_KEYS or payload["overwrite"] or "id" in dashboard:
            return as_json(400, {"message": "bad request data"})
        if payload["folderUid"] not in {"", *self.folders}:
            return as_json(400, {"message": "folder not found"})
        stored = self.dashboards.get(dashboard["uid"])
        if dashboard.get("version") != (stored.content["version"] if stored else None):
            message = "The dashboard has been changed by someone else"
            return as_json(412, {"status": "version-mismatch", "message": message})
        if stored and stored.provisioned:
            return as_json(400, {"message": "Cannot save provisioned dashboard"})
        self._store(dashboard["uid"], dashboard, payload["folderUid"], payload["message"], "victor-mon")
        return as_json(200, {"status": "success", "uid": dashboard["uid"]})

    def _store(self, uid: str, content: Mapping[str, Any], folder: str, message: str, by: str) -> None:
        stored = self.dashboards.setdefault(uid, StoredDashboard({}, folder))
        version = stored.content.get("version", 0) + 1
        panels = [{**self.adds, **panel} for panel in content["panels"]]
        stored.content = {**content, "panels": panels, "id": 7, "version": version, "schemaVersion": 99}
        stored.folder = folder
        saved = {"version": version, "message": message, "createdBy": by, "created": "2026-01-01T00:00:00Z"}
        stored.versions.insert(0, saved)

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


def _missing(name: str) -> Reply:
    return as_json(404, {"message": f"{name} not found"})

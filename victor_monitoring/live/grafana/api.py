"""The HTTP API of Grafana: calls of grafana-client, sent through the project's HTTP client.

That client limits time and size, repeats failed requests and keeps credentials on their host. A repeated
request may fail because its first attempt took effect, or because of a concurrent edit: the state that is
read afterwards shows which.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.http.response import HttpError, printable

if TYPE_CHECKING:
    from victor_monitoring.live.http.client import HttpClient

try:
    from grafana_client.elements import Dashboard, DashboardVersions, Folder
except ImportError:
    raise UserError(
        "applying to Grafana needs a library that is not installed", 'pip install "victor-monitoring[apply]"'
    ) from None

_JSON: Final = {"Content-Type": "application/json"}
_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class DashboardVersion:
    """The latest version of a dashboard: its author, time and message."""

    version: int
    message: str
    by: str
    at: str

    def words(self) -> str:
        """Return the version as a phrase for users."""
        message = f" with the message `{self.message}`" if self.message else ""
        return printable(
            f"version {self.version} was saved by {self.by or 'an unknown user'} at {self.at}{message}"
        )


@dataclass(frozen=True, slots=True)
class LiveDashboard:
    """A live dashboard with its content and folder; the folder's uid is empty outside folders."""

    content: Mapping[str, Any] = field(repr=False)
    version: int
    folder: str
    folder_title: str
    provisioned: str = ""  # the file that provisions it


class GrafanaApi:
    """A Grafana behind an HTTP client."""

    def __init__(self, http: HttpClient) -> None:
        self.base = http.base
        self._wire = wire = _Wire(http)
        self._dashboards, self._folders = Dashboard(wire, None), Folder(wire)
        self._versions = DashboardVersions(wire)

    def dashboard(self, uid: str) -> LiveDashboard | None:
        """Return the dashboard with a uid; None if it does not exist."""
        try:
            answer = self._dashboards.get_dashboard(quote(uid, safe=""))
        except HttpError as error:
            if error.status != _NOT_FOUND:
                raise
            return None
        match answer:
            case {"dashboard": dict(content), "meta": dict(meta)}:
                place = str(meta.get("folderUid") or "")
                file = str(meta.get("provisionedExternalId") or "a file") if meta.get("provisioned") else ""
                version = int(content.get("version") or 0)
                return LiveDashboard(content, version, place, str(meta.get("folderTitle") or ""), file)
        raise self._unexpected(f"/dashboards/uid/{uid}")

    def saved(self, uid: str) -> DashboardVersion | None:
        """Return the latest version of a dashboard; None if Grafana does not reveal it."""
        try:
            answer = self._versions.get_dashboard_versions_by_uid(quote(uid, safe=""), limit=1)
        except HttpError as error:
            if error.status not in (403, _NOT_FOUND):
                raise
            return None
        # An old Grafana answers with the list itself.
        match answer.get("versions") if isinstance(answer, dict) else answer:
            case [dict(each), *_]:
                texts = (str(each.get(key) or "") for key in ("message", "createdBy", "created"))
                return DashboardVersion(int(each.get("version") or 0), *texts)
            case []:
                return None
        raise self._unexpected(f"/dashboards/uid/{uid}/versions")

    def save(self, content: Mapping[str, Any], folder: str, message: str, version: int | None) -> None:
        """Save over the live version, None if none exists; raise HttpError 412 if another version is live."""
        dashboard = {key: value for key, value in content.items() if key not in ("id", "version")}
        if version is not None:
            dashboard["version"] = version
        payload = {"dashboard": dashboard, "folderUid": folder, "message": message, "overwrite": False}
        self._dashboards.update_dashboard(payload)

    def delete(self, uid: str) -> None:
        """Delete the dashboard if it exists."""
        _delete(self._dashboards.delete_dashboard, uid)

    def folder(self, uid: str) -> str | None:
        """Return the title of the folder with a uid; None if it does not exist."""
        try:
            answer = self._folders.get_folder(quote(uid, safe=""))
        except HttpError as error:
            if error.status != _NOT_FOUND:
                raise
            return None
        if not isinstance(answer, dict) or "title" not in answer:
            raise self._unexpected(f"/folders/{uid}")
        return str(answer["title"])

    def folders(self, title: str) -> list[str]:
        """Return the uids of the top-level folders with a title."""
        answer = self._folders.get_all_folders()
        if not isinstance(answer, list) or not all(
            isinstance(each, dict) and "uid" in each for each in answer
        ):
            raise self._unexpected("/folders")
        return [str(each["uid"]) for each in answer if each.get("title") == title]

    def add_folder(self, uid: str, title: str) -> None:
        """Create the folder unless it exists with this title."""
        try:
            self._folders.create_folder(title, uid=uid)
        except HttpError as error:
            if error.status not in (409, 412) or self.folder(uid) != title:
                raise

    def remove_folder(self, uid: str) -> None:
        """Delete the folder if it exists; raise UserError if it is not empty, to keep its content."""
        if self._wire.GET("/search", {"folderUIDs": uid, "limit": 1}):
            message = f"the folder `{uid}` is no longer empty, so it is kept"
            raise UserError(message, "delete it by hand if it is not needed")
        _delete(self._folders.delete_folder, uid)

    def _unexpected(self, path: str) -> HttpError:
        message = f"`{self.base}/api{path}` did not answer like Grafana"
        return HttpError(message, "check that this is the address of a Grafana")


class _Wire:
    """The transport of grafana-client's elements. Every call is idempotent, so it may be repeated."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def GET(self, path: str, params: Any = None, data: Any = None) -> Any:  # noqa: N802 - the library's name
        given = params or data or {}  # the library sends the bounds of versions as a body
        query = {key: str(each) for key, each in given.items()}
        return self._http.get(f"/api{path}", query)

    def POST(self, path: str, json: Any) -> Any:  # noqa: N802 - the library's name
        answer = self._http.send("POST", f"/api{path}", content=_dumped(json), headers=_JSON, repeat=True)
        return answer.json()

    def DELETE(self, path: str, **_: object) -> None:  # noqa: N802 - the library's name
        self._http.send("DELETE", f"/api{path}", repeat=True)


def _delete(delete: Any, uid: str) -> None:
    try:
        delete(quote(uid, safe=""))
    except HttpError as error:
        if error.status != _NOT_FOUND:
            raise


def _dumped(data: object) -> str:
    return json.dumps(data, ensure_ascii=False)

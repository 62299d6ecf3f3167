"""Grafana's API, as grafana-client knows it, by our own way of sending.

The library names the calls; what is sent goes through the one client that bounds time and size, tries again
and keeps credentials on their host. A call that is repeated although it took effect is told from one that
somebody else came before by what is there afterwards.
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
_GONE: Final = 404


@dataclass(frozen=True, slots=True)
class DashboardVersion:
    """Who saved the latest version of a dashboard, when, and with what message."""

    version: int
    message: str
    by: str
    at: str

    def words(self) -> str:
        """The same for people."""
        said = f" with the message `{self.message}`" if self.message else ""
        return printable(f"version {self.version} was saved by {self.by or 'somebody'} at {self.at}{said}")


@dataclass(frozen=True, slots=True)
class LiveDashboard:
    """A dashboard that is there, all of it, and its folder: the uid is empty in none."""

    content: Mapping[str, Any] = field(repr=False)
    version: int
    folder: str
    folder_title: str
    provisioned: str = ""  # the file that it comes from


class GrafanaApi:
    """A Grafana behind an HTTP client."""

    def __init__(self, http: HttpClient) -> None:
        self.base = http.base
        self._wire = wire = _Wire(http)
        self._dashboards, self._folders = Dashboard(wire, None), Folder(wire)
        self._versions = DashboardVersions(wire)

    def dashboard(self, uid: str) -> LiveDashboard | None:
        """The dashboard of that uid, None where there is none."""
        try:
            answer = self._dashboards.get_dashboard(quote(uid, safe=""))
        except HttpError as error:
            if error.status != _GONE:
                raise
            return None
        match answer:
            case {"dashboard": dict(content), "meta": dict(meta)}:
                place = str(meta.get("folderUid") or "")
                file = str(meta.get("provisionedExternalId") or "a file") if meta.get("provisioned") else ""
                version = int(content.get("version") or 0)
                return LiveDashboard(content, version, place, str(meta.get("folderTitle") or ""), file)
        raise self._strange(f"/dashboards/uid/{uid}")

    def saved(self, uid: str) -> DashboardVersion | None:
        """The latest version of a dashboard, None where Grafana does not tell."""
        try:
            answer = self._versions.get_dashboard_versions_by_uid(quote(uid, safe=""), limit=1)
        except HttpError as error:
            if error.status not in (403, _GONE):
                raise
            return None
        found = (
            answer.get("versions") if isinstance(answer, dict) else answer
        )  # an old Grafana gives the list
        match found:
            case [dict(each), *_]:
                texts = (str(each.get(key) or "") for key in ("message", "createdBy", "created"))
                return DashboardVersion(int(each.get("version") or 0), *texts)
            case []:
                return None
        raise self._strange(f"/dashboards/uid/{uid}/versions")

    def save(self, content: Mapping[str, Any], folder: str, message: str, version: int | None) -> None:
        """It is saved upon the version that is there, None if none is; HttpError 412 where another is."""
        whole = {key: value for key, value in content.items() if key not in ("id", "version")}
        if version is not None:
            whole["version"] = version
        payload = {"dashboard": whole, "folderUid": folder, "message": message, "overwrite": False}
        self._dashboards.update_dashboard(payload)

    def delete(self, uid: str) -> None:
        """The dashboard is gone."""
        _gone(self._dashboards.delete_dashboard, uid)

    def folder(self, uid: str) -> str | None:
        """The title of the folder of that uid."""
        try:
            answer = self._folders.get_folder(quote(uid, safe=""))
        except HttpError as error:
            if error.status != _GONE:
                raise
            return None
        if not isinstance(answer, dict) or "title" not in answer:
            raise self._strange(f"/folders/{uid}")
        return str(answer["title"])

    def folders(self, title: str) -> list[str]:
        """The uids of the folders with that title, outside any other."""
        answer = self._folders.get_all_folders()
        if not isinstance(answer, list) or not all(
            isinstance(each, dict) and "uid" in each for each in answer
        ):
            raise self._strange("/folders")
        return [str(each["uid"]) for each in answer if each.get("title") == title]

    def add_folder(self, uid: str, title: str) -> None:
        """The folder exists; it may have been there already."""
        try:
            self._folders.create_folder(title, uid=uid)
        except HttpError as error:
            if error.status not in (409, 412) or self.folder(uid) != title:
                raise

    def remove_folder(self, uid: str) -> None:
        """The folder is gone; UserError where something is in it, which would go with it."""
        if self._wire.GET("/search", {"folderUIDs": uid, "limit": 1}):
            message = f"the folder `{uid}` is not empty any more, and stays"
            raise UserError(message, "remove it by hand, if nobody needs it")
        _gone(self._folders.delete_folder, uid)

    def _strange(self, path: str) -> HttpError:
        message = f"`{self.base}/api{path}` answered with something else than Grafana does"
        return HttpError(message, "is this the address of a Grafana?")


class _Wire:
    """What the elements of grafana-client send by. Every call sets a state, so it may be repeated."""

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


def _gone(delete: Any, uid: str) -> None:
    try:
        delete(quote(uid, safe=""))
    except HttpError as error:
        if error.status != _GONE:
            raise


def _dumped(data: object) -> str:
    return json.dumps(data, ensure_ascii=False)

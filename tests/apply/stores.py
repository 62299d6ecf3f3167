"""The content of each kind of target, read directly, past every proxy."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.apply.fake_grafana import Grafana
from tests.apply.fake_ruler import Ruler
from tests.apply.faults import Sides, Store
from tests.apply.world import reload
from tests.end_to_end.live import Prometheus

SERVER_KEYS = ("id", "version", "schemaVersion")  # keys of a dashboard that Grafana itself sets


class FileStore(Store):
    """A file, and the content that the program at `url` has loaded.

    `loaded` returns the loaded content of this spec, and that of others.
    """

    def __init__(self, name: str, path: Path, url: str, loaded: Callable[[], tuple[object, object]]) -> None:
        self.name, self.path = name, path
        self._url, self._loaded = url, loaded

    def steps(self) -> Mapping[str, Sides]:
        if not self.path.exists():
            return {}
        return {str(self.path): (self.path.read_text(encoding="utf-8"), self._loaded()[0])}

    def others(self) -> object:
        others = {path.name: path for path in self.path.parent.iterdir() if path.is_file()}
        others.pop(self.path.name, None)
        # The suffix excludes files that the program itself writes, such as its log.
        alike = {name: path.read_bytes() for name, path in others.items() if path.suffix == self.path.suffix}
        return self._loaded()[1], others.keys(), alike

    def snapshot(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def restore(self, snapshot: str) -> None:
        self.path.write_text(snapshot, encoding="utf-8")
        reload(self._url)


def rules(prometheus: Prometheus, path: Path) -> Callable[[], tuple[object, object]]:
    """Return a function that returns the rules that a Prometheus has loaded: from a file, and from others."""

    def loaded() -> tuple[object, object]:
        found = [(each["file"] == str(path), each["name"], each["query"]) for each in prometheus.rules()]
        own, others = (sorted(each[1:] for each in found if each[0] is side) for side in (True, False))
        return own, others

    return loaded


class GroupStore(Store):
    """The groups of a namespace of a ruler; the groups named in `others` belong to other owners."""

    def __init__(self, ruler: Ruler, url: str, namespace: str, *others: str) -> None:
        self.name = f"ruler {url}"
        self._ruler, self._namespace, self._others = ruler, namespace, others

    def steps(self) -> Mapping[str, Sides]:
        groups = self._ruler.groups.get(self._namespace, {})
        own = {name: copy.deepcopy(each) for name, each in groups.items() if name not in self._others}
        return {f"{self._namespace}/{name}": (each, each) for name, each in own.items()}

    def others(self) -> object:
        groups = copy.deepcopy(self._ruler.groups)
        shared = groups.pop(self._namespace, {})
        return groups, {name: each for name, each in shared.items() if name in self._others}

    def snapshot(self) -> Any:
        return copy.deepcopy(self._ruler.groups)

    def restore(self, snapshot: Any) -> None:
        self._ruler.groups = copy.deepcopy(snapshot)


class DashboardStore(Store):
    """A dashboard of a Grafana, and the folder of a title; all other dashboards and folders are of others."""

    def __init__(self, grafana: Grafana, url: str, uid: str, folder: str) -> None:
        self.name = f"grafana {url}"
        self._grafana, self._uid, self._folder = grafana, uid, folder

    def steps(self) -> Mapping[str, Sides]:
        found: dict[str, Sides] = {}
        if self._folder in self._grafana.folders.values():
            found[f"folder {self._folder}"] = (self._folder, self._folder)
        if (stored := self._grafana.dashboards.get(self._uid)) is not None:
            content = {key: value for key, value in stored.content.items() if key not in SERVER_KEYS}
            whole = (content, self._grafana.folders.get(stored.folder, ""), stored.versions[0]["message"])
            found[f"dashboard {self._uid}"] = (whole, whole)
        return found

    def others(self) -> object:
        folders = {uid: title for uid, title in self._grafana.folders.items() if title != self._folder}
        return folders, {
            uid: (each.content, each.folder, len(each.versions))
            for uid, each in self._grafana.dashboards.items()
            if uid != self._uid
        }

    def snapshot(self) -> Any:
        return copy.deepcopy((self._grafana.folders, self._grafana.dashboards))

    def restore(self, snapshot: Any) -> None:
        self._grafana.folders, self._grafana.dashboards = copy.deepcopy(snapshot)

"""What each kind of target keeps, by its own word and past every proxy."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.apply.faults import Kept, Sides
from tests.apply.grafana_stand_in import Grafana
from tests.apply.ruler_stand_in import Ruler
from tests.apply.world import reload
from tests.end_to_end.live import Prometheus

SERVERS = ("id", "version", "schemaVersion")  # what Grafana counts and rewrites in a dashboard


class KeptFile(Kept):
    """A file, and what a program at `url` works by; `loaded` tells ours and that of others."""

    def __init__(self, name: str, path: Path, url: str, loaded: Callable[[], tuple[object, object]]) -> None:
        self.name, self.path = name, path
        self._url, self._loaded = url, loaded

    def steps(self) -> Mapping[str, Sides]:
        if not self.path.exists():
            return {}
        return {str(self.path): (self.path.read_text(encoding="utf-8"), self._loaded()[0])}

    def others(self) -> object:
        beside = {path.name: path for path in self.path.parent.iterdir() if path.is_file()}
        beside.pop(self.path.name, None)
        # What a program writes there itself, such as its log, is another kind of file.
        alike = {name: path.read_bytes() for name, path in beside.items() if path.suffix == self.path.suffix}
        return self._loaded()[1], beside.keys(), alike

    def snapshot(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def restore(self, snapshot: str) -> None:
        self.path.write_text(snapshot, encoding="utf-8")
        reload(self._url)


def rules(prometheus: Prometheus, path: Path) -> Callable[[], tuple[object, object]]:
    """What tells the rules that a Prometheus has loaded from a file, and from all others."""

    def loaded() -> tuple[object, object]:
        found = [(each["file"] == str(path), each["name"], each["query"]) for each in prometheus.rules()]
        ours, others = (sorted(each[1:] for each in found if each[0] is side) for side in (True, False))
        return ours, others

    return loaded


class KeptGroups(Kept):
    """The groups of a namespace of a ruler; those that are named are of others."""

    def __init__(self, ruler: Ruler, url: str, namespace: str, *others: str) -> None:
        self.name = f"ruler {url}"
        self._ruler, self._namespace, self._others = ruler, namespace, others

    def steps(self) -> Mapping[str, Sides]:
        groups = self._ruler.groups.get(self._namespace, {})
        ours = {name: copy.deepcopy(each) for name, each in groups.items() if name not in self._others}
        return {f"{self._namespace}/{name}": (each, each) for name, each in ours.items()}

    def others(self) -> object:
        groups = copy.deepcopy(self._ruler.groups)
        ours = groups.pop(self._namespace, {})
        return groups, {name: each for name, each in ours.items() if name in self._others}

    def snapshot(self) -> Any:
        return copy.deepcopy(self._ruler.groups)

    def restore(self, snapshot: Any) -> None:
        self._ruler.groups = copy.deepcopy(snapshot)


class KeptDashboard(Kept):
    """A dashboard of a Grafana, and the folder of a title; all else there is of others."""

    def __init__(self, grafana: Grafana, url: str, uid: str, folder: str) -> None:
        self.name = f"grafana {url}"
        self._grafana, self._uid, self._folder = grafana, uid, folder

    def steps(self) -> Mapping[str, Sides]:
        found: dict[str, Sides] = {}
        if self._folder in self._grafana.folders.values():
            found[f"folder {self._folder}"] = (self._folder, self._folder)
        if (kept := self._grafana.dashboards.get(self._uid)) is not None:
            content = {key: value for key, value in kept.content.items() if key not in SERVERS}
            whole = (content, self._grafana.folders.get(kept.folder, ""), kept.versions[0]["message"])
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

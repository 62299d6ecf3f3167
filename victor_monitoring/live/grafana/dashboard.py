"""The dashboard of a context in Grafana: equality with the live one, and the message of saved versions."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from victor_monitoring.live.grafana.api import DashboardVersion

# The fields that Grafana increments or rewrites when it saves.
_SERVER_FIELDS: Final = frozenset({"id", "version", "schemaVersion", "iteration"})
_MARK: Final = re.compile(
    r"victor-mon: spec (?P<service>\S+), context (?P<context>\S+), sha256 (?P<digest>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class OwnDashboard:
    """The dashboard of a context, with None as content if none is rendered, and its version messages."""

    service: str
    context: str
    content: Mapping[str, Any] | None

    @property
    def message(self) -> str:
        """The version message of a save: service, context and digest of the content."""
        digest = self._digest(self.content or {})
        return f"victor-mon: spec {self.service}, context {self.context}, sha256 {digest}"

    def is_mark(self, saved: DashboardVersion | None) -> bool:
        """Return whether victor-mon saved a version for this spec and context."""
        found = _MARK.fullmatch(saved.message) if saved else None
        return found is not None and (found["service"], found["context"]) == (self.service, self.context)

    def is_same(self, live: Mapping[str, Any], saved: DashboardVersion | None) -> bool:
        """Return whether the live dashboard equals the rendered one.

        Defaults that the server added are no difference if the latest version is the one that was sent and
        contains everything rendered.
        """
        if self.content is None:
            return False
        wanted, found = shared(self.content), shared(live)
        is_sent = saved is not None and saved.message == self.message
        return wanted == found or (is_sent and _covers(found, wanted))

    def _digest(self, content: Mapping[str, Any]) -> str:
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def shared(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dashboard without the fields of the server."""
    return {key: value for key, value in content.items() if key not in _SERVER_FIELDS}


def placed_text(folder: str, content: Mapping[str, Any]) -> str:
    """Return a dashboard and its folder as a text for comparison."""
    data = {"folder": folder, "dashboard": shared(content)}
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _covers(live: object, wanted: object) -> bool:
    """Return whether a live value contains the wanted one; lists must have the same length."""
    if isinstance(live, dict) and isinstance(wanted, dict):
        return all(key in live and _covers(live[key], value) for key, value in wanted.items())
    if isinstance(live, list) and isinstance(wanted, list):
        return len(live) == len(wanted) and all(map(_covers, live, wanted))
    return live == wanted

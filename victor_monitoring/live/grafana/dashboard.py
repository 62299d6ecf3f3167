"""A dashboard of ours in Grafana: what of it is the server's, and who saved it last."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from victor_monitoring.live.grafana.api import DashboardVersion

# What Grafana itself counts or rewrites when it saves.
_SERVERS: Final = frozenset({"id", "version", "schemaVersion", "iteration"})
_MARK: Final = re.compile(
    r"victor-mon: spec (?P<service>\S+), context (?P<context>\S+), sha256 (?P<digest>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class OwnDashboard:
    """The dashboard that a context renders, None where it renders none, and how it is known again."""

    service: str
    context: str
    content: Mapping[str, Any] | None

    @property
    def message(self) -> str:
        """What a version that is saved by us says: whose it is, and what was sent."""
        digest = self._digest(self.content or {})
        return f"victor-mon: spec {self.service}, context {self.context}, sha256 {digest}"

    def is_mark(self, saved: DashboardVersion | None) -> bool:
        """Whether a version was saved by us, for this spec and context."""
        found = _MARK.fullmatch(saved.message) if saved else None
        return found is not None and (found["service"], found["context"]) == (self.service, self.context)

    def is_same(self, there: Mapping[str, Any], saved: DashboardVersion | None) -> bool:
        """Whether what is there is what is rendered.

        A server may have added defaults of its own: that is no difference where the latest version is the
        one that we sent, and all of ours is in it.
        """
        if self.content is None:
            return False
        wanted, found = shared(self.content), shared(there)
        is_sent = saved is not None and saved.message == self.message
        return wanted == found or (is_sent and _covers(found, wanted))

    def _digest(self, content: Mapping[str, Any]) -> str:
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def shared(content: Mapping[str, Any]) -> dict[str, Any]:
    """A dashboard without what is the server's alone."""
    return {key: value for key, value in content.items() if key not in _SERVERS}


def placed_text(folder: str, content: Mapping[str, Any]) -> str:
    """A dashboard and its folder as a text to be compared."""
    data = {"folder": folder, "dashboard": shared(content)}
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _covers(there: object, ours: object) -> bool:
    """Whether a value holds all of ours; lists have the same length."""
    if isinstance(there, dict) and isinstance(ours, dict):
        return all(key in there and _covers(there[key], value) for key, value in ours.items())
    if isinstance(there, list) and isinstance(ours, list):
        return len(there) == len(ours) and all(map(_covers, there, ours))
    return there == ours

"""A real Alertmanager with a spec's routes and inhibitions, and one receiver for all that it tells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from victor_monitoring.demo.answers import json_at
from victor_monitoring.demo.kept import kept
from victor_monitoring.renderers.alertmanager import alertmanager_data, route
from victor_monitoring.resolved.spec import Resolved

_RECEIVER = "demo"


@dataclass(frozen=True, slots=True)
class Held:
    """The labels of an alert, and of those that mute it."""

    labels: Mapping[str, str]
    muted_by: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """A running Alertmanager."""

    url: str

    def alerts(self) -> list[Held]:
        """Every alert that it holds now."""
        found = json_at(f"{self.url}/api/v2/alerts")
        names = {each["fingerprint"]: each["labels"] for each in found}
        return [
            Held(each["labels"], tuple(names[by] for by in each["status"]["inhibitedBy"] if by in names))
            for each in found
        ]


@contextmanager
def alertmanager(program: str, spec: Resolved, receiver: str) -> Iterator[Alertmanager]:
    """Alertmanager, ready, until the block ends; it posts to the URL `receiver`."""

    def command(folder: Path, port: int) -> list[str]:
        (folder / "alertmanager.yml").write_text(
            json.dumps(_alertmanager_config(spec, receiver)), encoding="utf-8"
        )
        return [
            program,
            f"--config.file={folder}/alertmanager.yml",
            f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",  # it has no peers
        ]

    with kept("alertmanager", command) as program_kept:
        yield Alertmanager(program_kept.url)


def _alertmanager_config(spec: Resolved, receiver: str) -> dict[str, object]:
    """What a host has around the spec's own: base names no receivers, so everything reaches the host's."""
    ours = route(spec)
    times = {key: ours[key] for key in ("group_wait", "group_interval", "repeat_interval")}
    return {
        "route": {"receiver": _RECEIVER, "routes": [ours], **times},
        "receivers": [{"name": _RECEIVER, "webhook_configs": [{"url": receiver}]}],
        "inhibit_rules": alertmanager_data(spec)["inhibit_rules"],
    }

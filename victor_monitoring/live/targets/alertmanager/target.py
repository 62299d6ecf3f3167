"""An Alertmanager: the routes, receivers and inhibitions of a context in the host's configuration."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from victor_monitoring.base import files
from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.base.file_state import FileState
from victor_monitoring.base.unified_diff import unified
from victor_monitoring.changes.documents import routing_changes
from victor_monitoring.language.resolved.routing import is_secret
from victor_monitoring.language.resolved.spec import Alert, Receiver
from victor_monitoring.language.syntax import tree
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.live.alertmanager.host_config import (
    ConfigPart,
    Ownership,
    config_of,
    covers,
    merged,
    part_of,
)
from victor_monitoring.live.apply.amtool import Amtool
from victor_monitoring.live.apply.files import (
    ReloadedFile,
    file_state,
    is_rendered_for,
    prepare,
    put,
    reload_by_hand,
    text_of,
)
from victor_monitoring.live.apply.patterns import LIVE_DIFFERENCE, NOT_APPLIED, UNLOADED, UNROUTED
from victor_monitoring.live.apply.target import Delivery, ObservedState, Step, Target, step

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.http.client import HttpClient
    from victor_monitoring.live.targets.alertmanager import AlertmanagerSettings

_RELOAD: Final = 30.0  # seconds
_PAUSE: Final = 0.1
_STATUS: Final = "/api/v2/status"


class AlertmanagerTarget(Target):
    """One Alertmanager. Only the context's part of its file is changed, unless the spec renders all of it."""

    def __init__(
        self,
        settings: AlertmanagerSettings,
        delivery: Delivery,
        environment: ApplyEnvironment,
        path: tree.Path,
    ) -> None:
        self.name = f"alertmanager {settings.url}"
        self._settings, self._delivery, self._environment, self._path = settings, delivery, environment, path
        self._file = files.resolved(environment.root / settings.config)
        self._planned: FileState | None = None
        self._fragment: Mapping[str, Any] = yaml.safe_load(delivery.routing or "") or {}
        self._is_whole = "route" in self._fragment
        other_contexts = tuple(
            yaml.safe_load(each.routing) for each in delivery.other_contexts if each.routing
        )
        service = delivery.spec.service
        own = Ownership(service.name, delivery.context, self._fragment, other_contexts, service.alert_labels)
        if self._is_whole:
            own = replace(own, fragment={**self._fragment, "routes": self._fragment["route"]["routes"]})
            own = replace(own, fragment=part_of(self._fragment, own))
        self._own = own
        self._amtool = Amtool(environment, self._remedy)

    @functools.cached_property
    def _http(self) -> HttpClient:
        return self._settings.client(self._environment)

    def preflight(self) -> None:
        if not self._fragment:
            message = f"{self.name} takes routes, and the spec renders none"
            raise UserError(message, "name a path for them: `outputs: {alertmanager: ..}`")
        prepare(self._file, self._environment)
        self._amtool.require()
        if text_of(self._file) is None and not self._is_whole:
            message = f"`{self._file}` does not exist, and the spec renders a part of it only"
            raise UserError(
                message, "write one with a route, or render all of it: `alertmanager: {standalone: true}`"
            )
        self._loaded()

    def read(self) -> Mapping[str, str]:
        text = text_of(self._file)
        if text is None:
            return {}
        for secret in _secrets(config_of(text, self._settings.config)):
            self._environment.redactor.learn(secret)
        return {self._settings.config: text}

    def plan(self, live: Mapping[str, str]) -> Sequence[Step]:
        name = self._settings.config
        before = live.get(name)
        self._planned = file_state(self._file)
        after = self._wanted(before)
        if after != before:
            self._require_accepted(before, after)
        is_stale = after == before and not self._has_loaded(after)
        old, new = self._part(before), self._part(after)
        meaning = [each.words() for each in routing_changes(old, new)]
        conflict = ""
        if self._is_whole and before is not None and not is_rendered_for(before, self._own.service):
            conflict = "it is not a file of this spec, and would be replaced whole"
        return [
            step(
                name,
                before,
                after,
                meaning=["Alertmanager has not loaded it"] if is_stale else meaning,
                diff=unified(_shown(old), _shown(new), name.lstrip("/")),  # without the host's part
                conflict=conflict,
                stale=is_stale,
            )
        ]

    def execute(self, step: Step) -> None:
        put(self._file, step.before, step.after)
        self._reload()
        deadline = time.monotonic() + self._environment.patience
        while not self._has_loaded(step.after):
            if time.monotonic() > deadline:
                message = f"{self.name} has reloaded, and not loaded `{self._file}`"
                hint = (
                    "is this the file that it was started with? a container that mounts this file alone keeps"
                )
                raise UserError(message, f"{hint} the old one after an editor has replaced it: restart it")
            time.sleep(_PAUSE)

    def undo(self, step: Step) -> None:
        self._reloaded.restore(step)

    def observed(self, step: Step) -> ObservedState:
        return self._reloaded.observed(step)

    @property
    def _reloaded(self) -> ReloadedFile:
        return ReloadedFile(
            self._file,
            "Alertmanager",
            reload_by_hand(self._settings.url),
            self._reload,
            self._has_loaded,
            self._planned,
        )

    def verify(self) -> Iterator[Finding]:
        text = text_of(self._file)
        apply = self._delivery.hint
        if text is None:
            yield self._found(NOT_APPLIED, f"`{self._file}` does not exist", apply)
            return
        part = self._part(text)
        if not part["routes"] and self._own.fragment["routes"]:
            yield self._found(NOT_APPLIED, f"`{self._file}` has no route of `{self._own.service}`", apply)
        elif part != self._own.fragment or (self._is_whole and text != self._delivery.routing):
            changes = "; ".join(each.words() for each in routing_changes(self._own.fragment, part))
            yield self._found(LIVE_DIFFERENCE, f"`{self._file}` is not as rendered: {changes}", apply)
        if not covers(part_of(self._loaded(), self._own), part):
            message = f"{self.name} has not loaded the content of `{self._file}`"
            yield self._found(UNLOADED, message, apply)
        yield from self._routed()

    def _routed(self) -> Iterator[Finding]:
        """Yield each receiver that an alert of the spec does not reach, as amtool routes it."""
        reported: set[str] = set()
        for alert in self._delivery.spec.alerts:
            wanted = {self._receiver(each): each for each in self._delivery.spec.routing.receivers}
            missing = {name for name, each in wanted.items() if name not in reported and _is_for(each, alert)}
            if missing:
                missing -= self._amtool.receivers(
                    self._file, {"alertname": alert.name, **dict(alert.labels)}, self._settings.config
                )
            for name in sorted(missing):
                reported.add(name)
                message = f"`{alert.name}` does not reach the receiver `{name}`"
                hint = f"look at the routes before those of `{self._own.service}` in `{self._file}`"
                yield Finding(wanted[name].path, message, hint, on_key=True, pattern=UNROUTED)

    def _receiver(self, receiver: Receiver) -> str:
        return f"{self._own.service}/{self._own.context}/{receiver.name}"

    def _wanted(self, before: str | None) -> str:
        if self._is_whole or before is None:
            return self._delivery.routing or ""
        return merged(before, self._own, self._settings.config)

    def _part(self, text: str | None) -> ConfigPart:
        if text is None:
            return {"routes": [], "receivers": [], "inhibit_rules": []}
        return part_of(config_of(text, self._settings.config), self._own)

    def _require_accepted(self, before: str | None, after: str) -> None:
        """Raise UserError if amtool refuses `after`, with another hint if it refuses `before`, too."""
        refusal = self._refusal(after)
        if not refusal:
            return
        name = self._settings.config
        if before is not None and (present := self._refusal(before)):
            message = f"amtool refuses `{name}` as it is now, without the rendered part: {present}"
            raise UserError(message, self._remedy())
        message = f"amtool refuses `{name}` with the rendered part, and accepts it as it is now: {refusal}"
        raise UserError(message, "correct the receivers and inhibitions of the spec")

    def _remedy(self) -> str:
        """Return the hint of a file that amtool refuses: another version of amtool, or a correction."""
        running, installed = self._status()[1], self._amtool.version()
        if running and installed and running.split(".")[:2] != installed.split(".")[:2]:
            return (
                f"this is amtool {installed}, and Alertmanager {running} runs at `{self._settings.url}`: put "
                f"the amtool of {running} first on PATH (https://github.com/prometheus/alertmanager/releases)"
            )
        return f"correct `{self._settings.config}`: Alertmanager will not load it either"

    def _refusal(self, text: str) -> str:
        """Return amtool's reason to refuse the text, ``""`` if it accepts it.

        The text is checked in its folder, for its relative paths.
        """
        with (
            files.explained("write", self._file),
            _draft_folder(self._file.parent) as folder,
            tempfile.NamedTemporaryFile(dir=folder, prefix=".victor-mon-", suffix=".yml") as file,
        ):
            file.write(text.encode())
            file.flush()
            return self._amtool.refusal(Path(file.name), self._settings.config)

    def _reload(self) -> None:
        self._http.send("POST", "/-/reload", repeat=False, patience=_RELOAD)

    def _loaded(self) -> dict[str, Any]:
        """Return the loaded configuration, as Alertmanager shows it."""
        return config_of(self._status()[0], f"{self._settings.url}{_STATUS}")

    def _status(self) -> tuple[str, str]:
        """Return the text of the loaded configuration, and the version of Alertmanager or ``""``."""
        answer = self._http.get(_STATUS)
        match answer:
            case {"config": {"original": str(text)}, "versionInfo": {"version": str(version)}}:
                return text, version
            case {"config": {"original": str(text)}}:
                return text, ""
        raise UserError(f"`{self._settings.url}` is no Alertmanager", "is this its address?")

    def _has_loaded(self, text: str | None) -> bool:
        """Return whether the context's part of the text is loaded: the same items, in the same number."""
        return covers(part_of(self._loaded(), self._own), self._part(text))


@contextlib.contextmanager
def _draft_folder(folder: Path) -> Iterator[Path]:
    """Yield the folder; if this user may not write to it, a temporary one with links to its entries."""
    if files.permits(folder, os.W_OK | os.X_OK):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="victor-mon-") as draft:
        for each in folder.iterdir():
            Path(draft, each.name).symlink_to(each)
        yield Path(draft)


def _is_for(receiver: Receiver, alert: Alert) -> bool:
    labels = dict(alert.labels)
    wants = not receiver.severities or alert.severity in receiver.severities
    return wants and all(labels.get(label) == value for label, value in receiver.labels)


def _shown(part: ConfigPart) -> bytes:
    return yaml.safe_dump(part, sort_keys=False, allow_unicode=True, width=10**9).encode()


def _secrets(config: object) -> Iterator[str]:
    """Yield every secret written in a configuration."""
    if isinstance(config, list):
        for each in config:
            yield from _secrets(each)
    elif isinstance(config, dict):
        for key, value in config.items():
            if isinstance(value, str) and is_secret(str(key)):
                yield value
            else:
                yield from _secrets(value)

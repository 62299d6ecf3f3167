"""A Grafana: the dashboard of a context in a folder, with its version history."""

from __future__ import annotations

import functools
import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.changes.documents import dashboard_changes
from victor_monitoring.language.syntax import tree
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.live.apply.patterns import LEFTOVER, LIVE_DIFFERENCE, NOT_APPLIED
from victor_monitoring.live.apply.target import Delivery, Step, Target, step
from victor_monitoring.live.grafana.dashboard import OwnDashboard, placed_text
from victor_monitoring.live.http.response import HttpError

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.grafana.api import DashboardVersion, GrafanaApi, LiveDashboard
    from victor_monitoring.live.targets.grafana import GrafanaSettings

_PAUSE: Final = 0.1  # seconds between two reads
_CHANGED: Final = 412  # HTTP status: the version to replace is not the current one
DashboardState: TypeAlias = (
    "tuple[LiveDashboard, DashboardVersion | None]"  # and its latest saved version, if known
)


class GrafanaTarget(Target):
    """One dashboard of a Grafana, and its folder. Only `undo` removes a folder: others may use it."""

    def __init__(
        self, settings: GrafanaSettings, delivery: Delivery, environment: ApplyEnvironment, path: tree.Path
    ) -> None:
        self.name = f"grafana {settings.url}"
        self._settings, self._delivery, self._environment, self._path = settings, delivery, environment, path
        content = json.loads(delivery.dashboard) if delivery.dashboard else None
        self._own = OwnDashboard(delivery.spec.service.name, delivery.context, content)
        self._uid = delivery.spec.place
        self._title = settings.folder if content is not None else None
        self._folder = ""  # its uid, once read
        self._planned_from: DashboardState | None = None  # as read by `plan`

    @functools.cached_property
    def _api(self) -> GrafanaApi:
        from victor_monitoring.live.grafana.api import GrafanaApi  # noqa: PLC0415 - an extra, like HTTP

        return GrafanaApi(self._settings.client(self._environment))

    def preflight(self) -> None:
        live = self._api.dashboard(self._uid)
        if live is not None and live.provisioned:
            message = (
                f"{self.name}: `{self._uid}` is provisioned from {live.provisioned}, and cannot be saved"
            )
            raise UserError(message, "remove it from the provisioning, or this target from the spec")

    def read(self) -> Mapping[str, str]:
        found = {}
        if self._title is not None:
            self._folder = self._folder_of(self._title)
            if self._api.folder(self._folder) is not None:
                found[self._folder_step] = f"{self._title}\n"
        seen = self._seen()
        is_owned = seen is not None and (self._own.content is not None or self._own.is_mark(seen[1]))
        if is_owned and (text := self._text(seen)) is not None:
            found[self._dashboard_step] = text
        return found

    def plan(self, live: Mapping[str, str]) -> Sequence[Step]:
        self._planned_from, steps = self._seen(), []
        if self._title is not None:
            name = self._folder_step
            steps.append(step(name, live.get(name), f"{self._title}\n"))
        before, after = live.get(self._dashboard_step), self._after()
        if before is not None or after is not None:
            conflict = self._conflict(self._planned_from) if before != after else ""
            meaning = self._meaning(before, after)
            steps.append(step(self._dashboard_step, before, after, meaning=meaning, conflict=conflict))
        return steps

    def execute(self, step: Step) -> None:
        if step.name == self._folder_step:
            self._api.add_folder(self._folder, self._title or "")
            return
        seen = self._seen()
        if self._text(seen) != step.after:
            self._refuse_unless(seen, step.before)
            if step.after is None:
                self._api.delete(self._uid)
            else:
                version = seen[0].version if seen else None
                self._save(step, self._own.content or {}, self._folder, self._own.message, version)
        self._await(step)

    def undo(self, step: Step) -> None:
        if step.name == self._folder_step:
            if self._api.folder(self._folder) is not None:
                self._api.remove_folder(self._folder)
            return
        seen = self._seen()
        if self._text(seen) == step.before:
            return
        self._refuse_unless(seen, step.after)
        if self._planned_from is None:
            self._api.delete(self._uid)
            return
        present, saved = self._planned_from
        restored = f"victor-mon: restored to version {present.version}"
        message = saved.message if saved and self._own.is_mark(saved) else restored
        version = seen[0].version if seen else None
        self._save(step, present.content, present.folder, message, version)

    def verify(self) -> Iterator[Finding]:
        apply = self._delivery.hint
        text, wanted = self.read().get(self._dashboard_step), self._after()
        if text == wanted:
            return
        if text is None:
            yield self._found(NOT_APPLIED, f"{self.name} has no dashboard `{self._uid}`", apply)
        elif wanted is None:
            message = f"{self.name}: the dashboard `{self._uid}` is no longer rendered"
            yield self._found(LEFTOVER, message, apply)
        else:
            conflict = self._conflict(self._seen())
            changes = "; ".join([*self._meaning(wanted, text), *([conflict] if conflict else [])])
            message = f"{self.name}: the dashboard `{self._uid}` is not as rendered: {changes}"
            yield self._found(LIVE_DIFFERENCE, message, apply)

    @property
    def _folder_step(self) -> str:
        return f"folder {self._title}"

    @property
    def _dashboard_step(self) -> str:
        return f"dashboard {self._uid}"

    def _folder_of(self, title: str) -> str:
        """Return the uid of the folder with the title; if it does not exist, a uid derived from the title."""
        own = f"victor-mon-{hashlib.sha256(title.encode()).hexdigest()[:16]}"
        if self._api.folder(own) is not None:
            return own
        found = self._api.folders(title)
        if len(found) > 1:
            raise UserError(f"{self.name} has {len(found)} folders `{title}`", "rename all but one")
        return found[0] if found else own

    def _seen(self) -> DashboardState | None:
        """Return the live dashboard and its latest saved version, None if that is not known."""
        live = self._api.dashboard(self._uid)
        if live is None:
            return None
        saved = self._api.saved(self._uid)
        is_latest = saved is not None and saved.version == live.version
        return live, saved if is_latest else None

    def _text(self, seen: DashboardState | None) -> str | None:
        """Return the live dashboard as text; without the server's additions if it equals the rendered one."""
        if seen is None:
            return None
        live, saved = seen
        is_here = live.folder == self._folder
        place = (self._title or "") if is_here else f"{live.folder_title} ({live.folder})"
        content = self._own.content
        is_same = content is not None and self._own.is_same(live.content, saved)
        return placed_text(place, content if is_same and content is not None else live.content)

    def _after(self) -> str | None:
        content = self._own.content
        return None if content is None else placed_text(self._title or "", content)

    def _conflict(self, seen: DashboardState | None) -> str:
        """Return the latest version in words unless it was saved for this spec and context; else ``""``."""
        if seen is None or self._own.is_mark(seen[1]):
            return ""
        saved = seen[1]
        return saved.words() if saved else "its latest author is not known"

    def _meaning(self, before: str | None, after: str | None) -> list[str]:
        if before is None or after is None or before == after:
            return []
        old, new = json.loads(before), json.loads(after)
        moved = (
            f"folder `{old['folder']}` becomes `{new['folder']}`" if old["folder"] != new["folder"] else ""
        )
        changes = [each.words() for each in dashboard_changes(old["dashboard"], new["dashboard"])]
        return [moved, *changes] if moved else changes

    def _refuse_unless(self, seen: DashboardState | None, text: str | None) -> None:
        if self._text(seen) != text:
            message = f"`{self._uid}` has changed since it was read"
            raise UserError(message, "another user is changing it: run the command again")

    def _save(
        self, step: Step, content: Mapping[str, object], folder: str, message: str, version: int | None
    ) -> None:
        """Save the dashboard, unless another user has saved a version since `version`."""
        try:
            self._api.save(content, folder, message, version)
        except HttpError as error:
            if error.status != _CHANGED:
                raise
            seen = self._seen()  # the first attempt of a repeated request may have saved it
            if seen is None or seen[1] is None or seen[1].message != message:
                reason = f"`{step.name}` was not saved: {error.message}"
                raise UserError(reason, "another user is changing it: run the command again") from None

    def _await(self, step: Step) -> None:
        """Wait until Grafana returns the saved dashboard; raise UserError after `patience` seconds."""
        deadline = time.monotonic() + self._environment.patience
        while self._text(self._seen()) != step.after:
            if time.monotonic() > deadline:
                message = f"{self.name} returns `{step.name}` otherwise than it was saved"
                raise UserError(message, "look at it in Grafana: does this version accept such a dashboard?")
            time.sleep(_PAUSE)

"""A Grafana: our dashboard, in a folder, with the history that Grafana keeps of it."""

from __future__ import annotations

import functools
import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.changes.documents import dashboard_changes
from victor_monitoring.language.model.fields import Text
from victor_monitoring.language.syntax import tree
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.live.apply.patterns import LEFTOVER, LIVE_DIFFERENCE, NOT_APPLIED
from victor_monitoring.live.apply.target import Delivery, HttpSettings, Step, Target, step
from victor_monitoring.live.grafana.dashboard import OwnDashboard, placed_text
from victor_monitoring.live.http.response import HttpError

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.grafana.api import DashboardVersion, GrafanaApi, LiveDashboard

_PAUSE: Final = 0.1  # seconds between two looks
_CHANGED: Final = 412  # another version is there than the one that was read
DashboardState: TypeAlias = (
    "tuple[LiveDashboard, DashboardVersion | None]"  # and the version that was saved last, if Grafana tells
)


class GrafanaSettings(HttpSettings):
    """A Grafana, and the title of the folder for the dashboard; without one it is in none."""

    takes: ClassVar = frozenset({"dashboard"})

    folder: Text | None = None

    def target(self, delivery: Delivery, environment: ApplyEnvironment, path: tree.Path) -> Target:
        """The Grafana at that address."""
        return GrafanaTarget(self, delivery, environment, path)


class GrafanaTarget(Target):
    """One dashboard of a Grafana, and the folder that it is in. A folder is never removed: others use it."""

    def __init__(
        self, settings: GrafanaSettings, delivery: Delivery, environment: ApplyEnvironment, path: tree.Path
    ) -> None:
        self.name = f"grafana {settings.url}"
        self._settings, self._delivery, self._environment, self._path = settings, delivery, environment, path
        content = json.loads(delivery.dashboard) if delivery.dashboard else None
        self._own = OwnDashboard(delivery.spec.service.name, delivery.context, content)
        self._uid = delivery.spec.place
        self._title = settings.folder if content is not None else None
        self._folder = ""  # its uid, once it is looked for
        self._was: DashboardState | None = None  # as it was planned upon

    @functools.cached_property
    def _api(self) -> GrafanaApi:
        from victor_monitoring.live.grafana.api import GrafanaApi  # noqa: PLC0415 - an extra, as HTTP is

        return GrafanaApi(self._settings.client(self._environment))

    def preflight(self) -> None:
        there = self._api.dashboard(self._uid)
        if there is not None and there.provisioned:
            message = (
                f"{self.name}: `{self._uid}` is provisioned from {there.provisioned}, and cannot be saved"
            )
            raise UserError(message, "take it out of the provisioning, or this target out of the spec")

    def read(self) -> Mapping[str, str]:
        found = {}
        if self._title is not None:
            self._folder = self._folder_of(self._title)
            if self._api.folder(self._folder) is not None:
                found[self._folder_step] = f"{self._title}\n"
        seen = self._look()
        is_concern = seen is not None and (self._own.content is not None or self._own.is_mark(seen[1]))
        if is_concern and (text := self._text(seen)) is not None:
            found[self._dashboard_step] = text
        return found

    def plan(self, there: Mapping[str, str]) -> Sequence[Step]:
        self._was, steps = self._look(), []
        if self._title is not None:
            name = self._folder_step
            steps.append(step(name, there.get(name), f"{self._title}\n"))
        before, after = there.get(self._dashboard_step), self._after()
        if before is not None or after is not None:
            conflict = self._conflict(self._was) if before != after else ""
            meaning = self._meaning(before, after)
            steps.append(step(self._dashboard_step, before, after, meaning=meaning, conflict=conflict))
        return steps

    def execute(self, step: Step) -> None:
        if step.name == self._folder_step:
            self._api.add_folder(self._folder, self._title or "")
            return
        there = self._look()
        if self._text(there) != step.after:
            self._refuse_unless(there, step.before)
            if step.after is None:
                self._api.delete(self._uid)
            else:
                version = there[0].version if there else None
                self._save(step, self._own.content or {}, self._folder, self._own.message, version)
        self._await(step)

    def undo(self, step: Step) -> None:
        if step.name == self._folder_step:
            if self._api.folder(self._folder) is not None:
                self._api.remove_folder(self._folder)
            return
        there = self._look()
        if self._text(there) == step.before:
            return
        self._refuse_unless(there, step.after)
        if self._was is None:
            self._api.delete(self._uid)
            return
        present, saved = self._was
        restored = f"victor-mon: taken back to version {present.version}"
        message = saved.message if saved and self._own.is_mark(saved) else restored
        version = there[0].version if there else None
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
            who = self._conflict(self._look())
            told = "; ".join([*self._meaning(wanted, text), *([who] if who else [])])
            message = f"{self.name}: the dashboard `{self._uid}` is not what is rendered: {told}"
            yield self._found(LIVE_DIFFERENCE, message, apply)

    @property
    def _folder_step(self) -> str:
        return f"folder {self._title}"

    @property
    def _dashboard_step(self) -> str:
        return f"dashboard {self._uid}"

    def _folder_of(self, title: str) -> str:
        """The uid of the folder that has the title, else of the one that we make: ours is always the same."""
        ours = f"victor-mon-{hashlib.sha256(title.encode()).hexdigest()[:16]}"
        if self._api.folder(ours) is not None:
            return ours
        found = self._api.folders(title)
        if len(found) > 1:
            raise UserError(f"{self.name} has {len(found)} folders `{title}`", "rename all but one")
        return found[0] if found else ours

    def _look(self) -> DashboardState | None:
        """The dashboard that is there, and the version that was saved last if it is known."""
        there = self._api.dashboard(self._uid)
        if there is None:
            return None
        saved = self._api.saved(self._uid)
        is_latest = saved is not None and saved.version == there.version
        return there, saved if is_latest else None

    def _text(self, seen: DashboardState | None) -> str | None:
        """What is there; where it is ours, without what the server added to it."""
        if seen is None:
            return None
        there, saved = seen
        is_here = there.folder == self._folder
        place = (self._title or "") if is_here else f"{there.folder_title} ({there.folder})"
        content = self._own.content
        is_same = content is not None and self._own.is_same(there.content, saved)
        return placed_text(place, content if is_same and content is not None else there.content)

    def _after(self) -> str | None:
        content = self._own.content
        return None if content is None else placed_text(self._title or "", content)

    def _conflict(self, seen: DashboardState | None) -> str:
        """Who else saved it last; empty where it was us, or nobody."""
        if seen is None or self._own.is_mark(seen[1]):
            return ""
        saved = seen[1]
        return saved.words() if saved else "who saved it last cannot be told"

    def _meaning(self, before: str | None, after: str | None) -> list[str]:
        if before is None or after is None or before == after:
            return []
        old, new = json.loads(before), json.loads(after)
        moved = (
            f"folder `{old['folder']}` becomes `{new['folder']}`" if old["folder"] != new["folder"] else ""
        )
        told = [each.words() for each in dashboard_changes(old["dashboard"], new["dashboard"])]
        return [moved, *told] if moved else told

    def _refuse_unless(self, there: DashboardState | None, text: str | None) -> None:
        if self._text(there) != text:
            message = f"`{self._uid}` has changed since it was read"
            raise UserError(message, "somebody else is at work there: run the command again")

    def _save(
        self, step: Step, content: Mapping[str, object], folder: str, message: str, version: int | None
    ) -> None:
        """It is saved; a version that was saved in between by somebody else is not overwritten."""
        try:
            self._api.save(content, folder, message, version)
        except HttpError as error:
            if error.status != _CHANGED:
                raise
            seen = self._look()  # a repeated call meets what its first attempt saved
            if seen is None or seen[1] is None or seen[1].message != message:
                told = f"`{step.name}` was not saved: {error.message}"
                raise UserError(told, "somebody else is at work there: run the command again") from None

    def _await(self, step: Step) -> None:
        """Returns once Grafana answers with what was saved."""
        deadline = time.monotonic() + self._environment.patience
        while self._text(self._look()) != step.after:
            if time.monotonic() > deadline:
                message = f"{self.name} keeps something else of `{step.name}` than it was given"
                raise UserError(message, "look at it in Grafana: does it take such a dashboard?")
            time.sleep(_PAUSE)

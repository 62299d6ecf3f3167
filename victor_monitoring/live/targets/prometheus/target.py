"""A Prometheus: rules files in a directory that it reads, and the rules that it has loaded."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from http import HTTPStatus
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Final

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.base.file_state import FileState, only_readers
from victor_monitoring.changes.documents import rule_changes
from victor_monitoring.language.syntax import tree
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.live.apply.files import (
    OwnFiles,
    ReloadedFile,
    file_state,
    is_rendered_for,
    prepare,
    put,
    reload_by_hand,
)
from victor_monitoring.live.apply.patterns import LEFTOVER, LIVE_DIFFERENCE, NOT_APPLIED, OTHER_VERSION
from victor_monitoring.live.apply.target import Delivery, ObservedState, Step, Target, step
from victor_monitoring.live.http.response import HttpError
from victor_monitoring.live.prometheus.api import LoadedRule, PrometheusApi, Reloading, rules_of
from victor_monitoring.live.prometheus.findings import live_findings, rule_findings
from victor_monitoring.live.prometheus.rules import document_of
from victor_monitoring.live.targets.prometheus import PrometheusSettings
from victor_monitoring.rule_tests.promtool import find_promtool

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment

_SERVER_INTERVAL: Final = 60.0  # seconds, of a server whose configuration does not give one
_PAUSE: Final = 0.25  # seconds between two reads
_ELSEWHERE: Final = "check how its rules are delivered: without `rules_dir` it is only queried"
_LOG: Final = "look into its log"
_RELOAD: Final = 60.0  # seconds that reading all rules may take


class PrometheusTarget(Target):
    """One Prometheus, and the directory of its rules files."""

    def __init__(
        self, settings: PrometheusSettings, delivery: Delivery, environment: ApplyEnvironment, path: tree.Path
    ) -> None:
        self.name = f"prometheus {settings.url}"
        self._settings, self._delivery, self._environment, self._path = settings, delivery, environment, path
        self._files = _own_files(settings, delivery, environment.root)
        self._planned: dict[str, FileState | None] = {}
        self._reloading = Reloading(on_request=True, interval=None)  # until `preflight` asks

    @functools.cached_property
    def _api(self) -> PrometheusApi:
        return PrometheusApi(self._settings.client(self._environment))

    def preflight(self) -> None:
        if self._files is None:
            self._api.query("vector(1)")  # every system with this API answers it
            return
        if self._delivery.rules is None:
            message = f"{self.name} takes rules, and the spec renders none"
            raise UserError(message, "name a path for them: `outputs: {rules: ..}`")
        directory = self._environment.root / self._files.directory
        if not directory.is_dir():
            message = f"`{directory}` is no directory"
            raise UserError(message, "create it, and name it under `rule_files` of prometheus.yml")
        if not os.access(directory, os.R_OK | os.X_OK):
            raise UserError(f"`{directory}` may not be read by you", "run this as a user who may")
        prepare(self._environment.root / self._files.path, self._environment)
        self._reloading = self._api.reloading()
        if not self._reloading.on_request and self._reloading.interval is None:
            message = f"{self.name} reloads neither on request nor by itself"
            hint = "start it with --web.enable-lifecycle, or --enable-feature=auto-reload-config from 3.0 on"
            raise UserError(message, hint)
        self._require_read(self._files)

    def _require_read(self, own: OwnFiles) -> None:
        """Raise UserError unless Prometheus reads files of that name, in any directory: it may be a mount."""
        if not any(fnmatchcase(own.name, PurePosixPath(each).name) for each in self._api.rule_files()):
            message = f"{self.name} reads no rule file `{own.name}`"
            hint = f"add it to `rule_files` of its configuration: {own.path}"
            raise UserError(message, hint)

    def read(self) -> Mapping[str, str]:
        return self._files.read() if self._files else {}

    def plan(self, live: Mapping[str, str]) -> Sequence[Step]:
        own, rules = self._files, self._delivery.rules
        if own is None or rules is None:
            return ()
        self._planned = {name: file_state(self._environment.root / name) for name in live}
        present = live.get(own.path)
        is_foreign = present is not None and not is_rendered_for(present, own.service)
        conflict = "it is not a file of this spec" if is_foreign else ""
        is_stale = present == rules and not self._has_loaded(own.name, rules)
        meaning = ["Prometheus has not loaded it"] if is_stale else self._meaning(present, rules)
        first = step(own.path, present, rules, meaning=meaning, conflict=conflict, stale=is_stale)
        leftovers = (step(name, text, None) for name, text in live.items() if name != own.path)
        return (first, *leftovers)

    def _meaning(self, before: str | None, after: str) -> list[str]:
        if before is None:
            return [f"{len(list(rules_of(after)))} rules"]
        if before == after:
            return []
        try:
            old, new = document_of(before), document_of(after)
        except ValueError:
            return ["the live content is no YAML"]
        return [each.words() for each in rule_changes(old, new, self._delivery.spec)]

    def execute(self, step: Step) -> None:
        path = self._environment.root / step.name
        put(path, step.before, step.after)
        self._reload(path, step.after)
        self._await(path, step.after)

    def undo(self, step: Step) -> None:
        self._reloaded(step).restore(step)

    def observed(self, step: Step) -> ObservedState:
        return self._reloaded(step).observed(step)

    def _reloaded(self, step: Step) -> ReloadedFile:
        path = self._environment.root / step.name
        is_asked = self._reloading.on_request
        return ReloadedFile(
            path,
            "Prometheus",
            reload_by_hand(self._settings.url) if is_asked else "once it runs again, it reloads by itself",
            lambda: self._load(path, step.before),
            lambda text: self._has_loaded(path.name, text),
            self._planned.get(step.name),
        )

    def verify(self) -> Iterator[Finding]:
        own, wanted = self._files, self._delivery.rules
        if own is not None and wanted is not None:
            live = own.read()
            yield from self._file(own, live.get(own.path), wanted)
            for name in live:
                if name != own.path:
                    yield self._found(LEFTOVER, f"`{name}` is no longer rendered", self._delivery.hint)
        yield from self._version()
        if wanted is not None:
            loaded = self._loaded(wanted)
            hint = self._delivery.hint if own is not None else _ELSEWHERE
            yield from rule_findings(self._delivery.spec, self.name, self._api, loaded, wanted, hint)
        yield from live_findings(self._delivery.spec, self._api.query)

    def _version(self) -> Iterator[Finding]:
        """Yield a finding if another version runs than the spec declares."""
        spec = self._delivery.spec
        declared = spec.service.prometheus
        running = self._api.version() if declared else None
        if declared is None or running is None or declared == running:
            return
        message = f"{self.name} is version {running}, and `prometheus` says {declared}"
        if declared.left_open != running.left_open:
            newer = max(declared, running)
            message += f": a sample exactly at the start of a window is not in it for {newer}"
        hint = f'write `prometheus: "{running}"`, then run `victor-mon generate`'
        yield Finding(spec.prometheus_path, message, hint, pattern=OTHER_VERSION)

    def _file(self, own: OwnFiles, present: str | None, wanted: str) -> Iterator[Finding]:
        apply = self._delivery.hint
        if present is None:
            yield self._found(NOT_APPLIED, f"`{own.path}` does not exist", apply)
        elif present != wanted:
            meaning = self._meaning(wanted, present)
            changes = f": {'; '.join(meaning)}" if meaning else ""
            yield self._found(LIVE_DIFFERENCE, f"`{own.path}` is not as rendered{changes}", apply)

    def _loaded(self, wanted: str) -> list[LoadedRule]:
        """Return the loaded rules of the context's file; without `rules_dir`, of the most similar file."""
        by_file = self._api.rules()
        if self._files is not None:
            return by_file.get(self._files.name, [])
        names = {(rule.group, rule.name) for rule in rules_of(wanted)}
        return max(
            by_file.values(), key=lambda found: len({(r.group, r.name) for r in found} & names), default=[]
        )

    def _has_loaded(self, name: str, text: str | None) -> bool:
        """Return whether Prometheus has loaded exactly this text from the file of that name."""
        loaded = self._api.rules().get(name, [])
        return not loaded if text is None else self._api.has_loaded(loaded, text)

    def _reload(self, path: Path, text: str | None) -> None:
        """Make Prometheus load the text of the file; raise UserError with the likely cause if it does not."""
        try:
            self._load(path, text)
        except HttpError as error:
            if error.status != HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            answer = self._environment.redactor(" ".join(error.body.split()))[:300]
            raise self._refusal(path, f"{self.name} refuses to reload", answer) from None

    def _load(self, path: Path, text: str | None) -> None:
        """Request a reload, or wait until the text is loaded without one; raise UserError if that fails."""
        if self._reloading.on_request:
            self._api.reload(_RELOAD)
            return
        patience = (self._reloading.interval or 0.0) + self._environment.patience
        self._environment.say(f"{self.name}: waiting until it reloads by itself, {patience:g} s at most")
        deadline = time.monotonic() + patience
        while not self._has_loaded(path.name, text):
            if time.monotonic() > deadline:
                message = f"{self.name} has not loaded the content of `{path}` by itself"
                raise self._refusal(path, message, f"within {patience:g} s")
            time.sleep(_PAUSE)

    def _refusal(self, path: Path, message: str, answer: str) -> UserError:
        """Return the error of a reload that failed: with the invalid or unreadable file, if one is found."""
        if culprit := self._culprit():
            return UserError(f"{message}: {culprit}", "correct that file, then run the command again")
        readers = only_readers(path) if path.exists() else ""
        hint = f"does it run as one of them? `{path}` may be read by {readers} only" if readers else _LOG
        return UserError(f"{message}: {answer}", hint)

    def _culprit(self) -> str:
        """Return the first foreign rules file that promtool refuses, with its message, or ``""``."""
        for path in self._files.others() if self._files else ():
            if refusal := find_promtool().refusal(path):
                return f"`{path}`, which is not of this spec, is invalid: {refusal}"
        return ""

    def _await(self, path: Path, text: str | None) -> None:
        """Wait until Prometheus has loaded the file and evaluated each rule; raise UserError if one fails."""
        intervals = [rule.interval or _SERVER_INTERVAL for rule in rules_of(text)] if text else []
        patience = max(
            [self._environment.patience, *(2 * each + self._environment.patience for each in intervals)]
        )
        deadline, reported = time.monotonic() + patience, ""
        while True:
            loaded = self._api.rules().get(path.name, [])
            is_loaded = self._api.has_loaded(loaded, text) if text else not loaded
            waiting = [rule for rule in loaded if not rule.is_evaluated]
            broken = [rule for rule in loaded if rule.error]
            if is_loaded and not waiting and not broken:
                return
            if time.monotonic() > deadline or (is_loaded and not waiting):
                raise self._failure(path, broken, is_loaded, patience)
            progress = f"{self.name}: {len(loaded)} rules loaded, {len(loaded) - len(waiting)} evaluated"
            if is_loaded and progress != reported:
                reported = progress
                self._environment.say(progress)
            time.sleep(_PAUSE)

    def _failure(
        self, path: Path, broken: Sequence[LoadedRule], is_loaded: bool, patience: float
    ) -> UserError:
        if not is_loaded:
            message = f"{self.name} has reloaded, without loading the content of `{path}`"
            return UserError(message, "does it read this directory, or another with the same name?")
        if broken:
            rule = broken[0]
            return UserError(
                f"{self.name} cannot evaluate `{rule.name}`: {rule.error}",
                "query the parts of its expression",
            )
        message = f"{self.name} has not evaluated every rule of `{path}` within {patience:g} s"
        return UserError(message, "is it overloaded? --timeout SECONDS waits longer")


def _own_files(settings: PrometheusSettings, delivery: Delivery, root: Path) -> OwnFiles | None:
    """Return the files of the context, without those of other contexts in the same directory."""
    if settings.rules_dir is None:
        return None
    service = delivery.spec.service.name
    other_contexts = {
        each.file_name(service, other.context)
        for other in delivery.other_contexts
        for each in other.settings
        if isinstance(each, PrometheusSettings)
    }
    name = settings.file_name(service, delivery.context)
    return OwnFiles(root, PurePath(settings.rules_dir), service, name, frozenset(other_contexts))

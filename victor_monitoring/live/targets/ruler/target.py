"""The HTTP API of a ruler, as in Mimir or Cortex: the rule groups of a context in a namespace."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import yaml

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.changes.documents import rule_changes
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.language.syntax import tree
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.live.apply.patterns import LEFTOVER, LIVE_DIFFERENCE, NOT_APPLIED
from victor_monitoring.live.apply.target import Delivery, Step, Target, step
from victor_monitoring.live.http.response import HttpError
from victor_monitoring.live.prometheus.api import PrometheusApi
from victor_monitoring.live.prometheus.findings import live_findings, rule_findings
from victor_monitoring.live.prometheus.rules import document_of, group_text, is_group, is_of
from victor_monitoring.live.targets.ruler import RulerSettings

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.http.client import HttpClient

_YAML: Final = {"Content-Type": "application/yaml", "Accept": "application/yaml"}
_READ: Final = frozenset({200, 404})  # 404: the namespace is empty
_REMOVED: Final = frozenset({200, 202, 204, 404})
_RULES_LIMIT: Final = re.compile(r"rules per rule group limit \(limit: ([1-9][0-9]*)")  # in a refusal
_PAUSE: Final = 0.1  # seconds between two reads


class RulerTarget(Target):
    """One namespace of a ruler. Its foreign groups are left as they are."""

    def __init__(
        self, settings: RulerSettings, delivery: Delivery, environment: ApplyEnvironment, path: tree.Path
    ) -> None:
        self.name = f"ruler {settings.url}"
        self._settings, self._delivery, self._environment, self._path = settings, delivery, environment, path
        self._service = delivery.spec.service.name
        *_, self._namespace = settings.place(self._service, delivery.context)
        groups = rule_file(delivery.spec).in_order() if delivery.rules else ()
        self._wanted = {self._step_name(each.name): group_text(each.data()) for each in groups}

    @functools.cached_property
    def _http(self) -> HttpClient:
        return self._settings.client(self._environment, self._tenant())

    @functools.cached_property
    def _api(self) -> PrometheusApi:
        url = f"{self._settings.url}{self._settings.query_path}"
        return PrometheusApi(
            self._settings.model_copy(update={"url": url}).client(self._environment, self._tenant())
        )

    def preflight(self) -> None:
        if self._delivery.rules is None:
            message = f"{self.name} takes rules, and the spec renders none"
            raise UserError(message, "name a path for them: `outputs: {rules: ..}`")
        if self._settings.namespace is not None and self._delivery.spec.service.alert_labels.service is None:
            message = f"{self.name}: without a label of the service, its groups in a `namespace` are unknown"
            raise UserError(message, "leave out `namespace`, or set `service.alert_labels.service`")
        place = self._settings.place(self._service, self._delivery.context)
        for other in self._delivery.other_contexts:
            for each in other.settings:
                if isinstance(each, RulerSettings) and each.place(self._service, other.context) == place:
                    message = f"{self.name}: `{other.context}` has the namespace `{self._namespace}` too"
                    raise UserError(message, "give each context a namespace, or a tenant, of its own")
        self._api.data("rules")  # the API exists, and the token is valid
        self._groups()

    def read(self) -> Mapping[str, str]:
        groups = {self._step_name(each["name"]): each for each in self._groups()}
        return {
            name: group_text(group)
            for name, group in groups.items()
            if name in self._wanted or self._is_own(group)
        }

    def plan(self, live: Mapping[str, str]) -> Sequence[Step]:
        wanted = [self._step(name, live.get(name), text) for name, text in self._wanted.items()]
        return (
            *wanted,
            *(step(name, text, None) for name, text in live.items() if name not in self._wanted),
        )

    def _step(self, name: str, before: str | None, after: str) -> Step:
        conflict = ""
        if before is not None and not self._is_own(yaml.safe_load(before)):
            conflict = f"its alerts do not belong to `{self._service}`"
        return step(name, before, after, meaning=self._meaning(before, after), conflict=conflict)

    def execute(self, step: Step) -> None:
        self._put(step, step.before, step.after)
        deadline = time.monotonic() + self._environment.patience
        while (live := self.read().get(step.name)) != step.after:
            if time.monotonic() > deadline:
                message = f"{self.name} accepted `{step.name}`, and returns "
                message += "another content" if live is not None else "no such group"
                raise UserError(message, "is another user changing it? run the command again")
            time.sleep(_PAUSE)

    def undo(self, step: Step) -> None:
        self._put(step, step.after, step.before)

    def _put(self, step: Step, before: str | None, after: str | None) -> None:
        """Replace the group, or delete it; raise UserError unless it is `before`, or already `after`."""
        live = self.read().get(step.name)
        if live == after:
            return
        if live != before:
            message = f"`{step.name}` has changed since it was read"
            raise UserError(message, "another user is changing it: run the command again")
        path = self._rules_path()
        # Each request carries the complete group, so that repeating it is harmless.
        if after is not None:
            try:
                self._http.send("POST", path, content=after, headers=_YAML, repeat=True)
            except HttpError as error:
                if limit := _RULES_LIMIT.search(error.body):
                    hint = f"name its limit at this target: `max_rules_per_group: {limit[1]}`"
                    raise UserError(error.message, hint) from None
                raise
        else:
            group = quote(self._group_name(step.name), safe="")
            self._http.send("DELETE", f"{path}/{group}", headers=_YAML, admit=_REMOVED, repeat=True)

    def verify(self) -> Iterator[Finding]:
        live = self.read()
        apply = self._delivery.hint
        for name, text in self._wanted.items():
            present = live.get(name)
            if present is None:
                yield self._found(NOT_APPLIED, f"{self.name} has no group `{name}`", apply)
            elif present != text:
                changes = "; ".join(self._meaning(text, present))
                yield self._found(LIVE_DIFFERENCE, f"`{name}` is not as rendered: {changes}", apply)
        for name in live:
            if name not in self._wanted:
                yield self._found(LEFTOVER, f"`{name}` is no longer rendered", apply)
        if self._delivery.rules is not None:
            loaded = self._api.rules().get(PurePosixPath(self._namespace).name, [])
            wanted, hint = self._delivery.rules, self._delivery.hint
            yield from rule_findings(self._delivery.spec, self.name, self._api, loaded, wanted, hint)
        yield from live_findings(self._delivery.spec, self._api.query)

    def _groups(self) -> list[dict[str, Any]]:
        """Return all groups of the namespace, including foreign ones."""
        answer = self._http.send("GET", self._rules_path(), headers=_YAML, admit=_READ)
        if answer.status == 404:
            return []
        try:
            found = document_of(answer.text)
        except ValueError:
            found = None
        groups = found.get(self._namespace, []) if isinstance(found, dict) else None
        if not isinstance(groups, list) or not all(map(is_group, groups)):
            message = f"`{answer.url}` did not answer with rule groups"
            raise HttpError(message, "is this the address of its API?", answer.status)
        return groups

    def _is_own(self, group: Mapping[str, Any]) -> bool:
        """Return whether the context owns the group: always in the default namespace, else by its alerts."""
        label = self._delivery.spec.service.alert_labels.service
        return self._settings.namespace is None or (label is not None and is_of(group, label, self._service))

    def _meaning(self, before: str | None, after: str) -> list[str]:
        """Return the changes between two texts of a group; for a new group, its number of rules."""
        new = yaml.safe_load(after)
        if before is None:
            return [f"{len(new['rules'])} rules"]
        old = yaml.safe_load(before)
        changes = [
            each.words() for each in rule_changes({"groups": [old]}, {"groups": [new]}, self._delivery.spec)
        ]
        return changes if changes or old == new else ["its evaluation options differ"]

    def _tenant(self) -> Mapping[str, str]:
        return {"X-Scope-OrgID": self._settings.tenant} if self._settings.tenant else {}

    def _rules_path(self) -> str:
        return f"{self._settings.rules_path}/{quote(self._namespace, safe='')}"

    def _step_name(self, group: str) -> str:
        return f"{self._namespace}/{group}"

    def _group_name(self, step_name: str) -> str:
        return step_name.removeprefix(f"{self._namespace}/")

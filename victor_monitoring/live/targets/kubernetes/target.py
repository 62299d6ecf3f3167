"""A Kubernetes cluster: the objects of a context, applied server-side by the user's own kubectl."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import yaml

from victor_monitoring.base.diagnostics import Severity, UserError
from victor_monitoring.changes.documents import rule_changes
from victor_monitoring.language.syntax import tree
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.live.apply.patterns import ELSEWHERE, LEFTOVER, LIVE_DIFFERENCE, NOT_APPLIED
from victor_monitoring.live.apply.target import Delivery, Step, StepKind, Target, step
from victor_monitoring.live.kubernetes.cluster import Cluster
from victor_monitoring.live.kubernetes.kubectl import Kubectl, KubectlError, conflict_words
from victor_monitoring.live.kubernetes.manifests import (
    MANAGER,
    Manifest,
    foreign_edits,
    is_as_rendered,
    label_changes,
    name_of,
    namespace_of,
    owner_of,
    removals,
    restorable_text,
    selector,
)
from victor_monitoring.live.kubernetes.operator import OperatorChecks
from victor_monitoring.live.prometheus.rules import document_of

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.targets.kubernetes import KubernetesSettings


@dataclass(frozen=True, slots=True)
class RenderedObject:
    """A rendered object: `text` is the file, byte for byte, and the text that is sent."""

    text: str
    manifest: Manifest


class KubernetesTarget(Target):
    """One cluster, and the objects of the context in the namespace of the spec."""

    def __init__(
        self, settings: KubernetesSettings, delivery: Delivery, environment: ApplyEnvironment, path: tree.Path
    ) -> None:
        self.name = f"kubernetes {settings.kube_context or 'as kubectl is set'}"
        self._delivery, self._environment, self._path = delivery, environment, path
        self._namespace = delivery.spec.service.namespace
        self._kubectl = Kubectl(environment, settings.kube_context, self._namespace, self.name)
        self._wanted = {self._name(each.manifest): each for each in _objects(delivery)}
        self._seen: dict[str, Manifest] = {}  # the live objects by name, as last read

    def preflight(self) -> None:
        if not self._wanted:
            message = f"{self.name} takes objects, and the context renders none"
            hint = "its `kubernetes.objects` and the outputs `kubernetes` and `overlays` must not be null"
            raise UserError(message, hint)
        self._kubectl.accepted(self._all)
        missing = list(self._operated().missing()) if self._is_operated else []
        if missing:
            messages = "; ".join(each.message for each in missing)
            raise UserError(
                f"{self.name}: {messages}", "; ".join(dict.fromkeys(each.hint for each in missing))
            )

    def predicted_findings(self) -> Iterator[Finding]:
        for each in self._operated().problems_before_apply() if self._is_operated else ():
            severity = min(each.pattern.severity, Severity.WARNING)
            yield self._found(replace(each.pattern, severity=severity), each.message, each.hint)

    def read(self) -> Mapping[str, str]:
        found = (*self._own(self._kubectl.owned(self._selector)), *self._kubectl.get(self._all))
        self._seen = {self._name(each): each for each in found}
        return {name: self._text(name, each) for name, each in self._seen.items()}

    def plan(self, live: Mapping[str, str]) -> Sequence[Step]:
        rendered = [self._step(name, live.get(name), each) for name, each in self._wanted.items()]
        leftovers = [name for name in live if name not in self._wanted]
        return (
            *rendered,
            *(step(name, live[name], None, meaning=["no longer rendered"]) for name in leftovers),
        )

    def execute(self, step: Step) -> None:
        self._require_unchanged(step)
        if step.after is None:
            assert step.before is not None  # an object to remove exists
            self._kubectl.delete(step.before)
            return
        self._kubectl.apply(step.after, force=self._environment.force)
        if self._environment.force:
            self._strip(self._wanted[step.name])

    def undo(self, step: Step) -> None:
        live = self._live_text(step)
        if live == step.before:
            return
        if live not in (step.after, None) and not step.conflict:
            message = f"{self.name}: {step.name} has changed since it was applied"
            raise UserError(message, "another user is changing it: look at it, then run the command again")
        if step.before is None:
            assert step.after is not None  # else the step had no effect
            self._kubectl.delete(step.after)
        else:
            self._kubectl.apply(step.before, force=True)

    def verify(self) -> Iterator[Finding]:
        live = self.read()
        apply = self._delivery.hint
        for name, wanted in self._wanted.items():
            if name not in live:
                yield self._found(NOT_APPLIED, f"{self.name}: `{name}` does not exist", apply)
            elif live[name] != wanted.text:
                changes = "; ".join(self._differences(name))
                message = f"{self.name}: `{name}` is not as rendered{f': {changes}' if changes else ''}"
                yield self._found(LIVE_DIFFERENCE, message, apply)
        for name in live:
            if name not in self._wanted:
                yield self._found(LEFTOVER, f"{self.name}: `{name}` is no longer rendered", apply)
        yield from self._elsewhere()
        rendered = [each for name, each in self._seen.items() if name in self._wanted]
        for problem in self._operated().problems_after_apply(rendered) if self._is_operated else ():
            yield self._found(problem.pattern, f"{self.name}: {problem.message}", problem.hint)

    @property
    def _is_operated(self) -> bool:
        """Whether the context's objects are for the Prometheus operator."""
        return self._delivery.spec.kubernetes.objects == "operator"

    def _operated(self) -> OperatorChecks:
        """Return a new view of the objects as the Prometheus operator treats them."""
        cluster = Cluster(self._kubectl, self._namespace or "default")
        manifests = [each.manifest for each in self._wanted.values()]
        return OperatorChecks(cluster, self._delivery, self._environment, manifests)

    def _elsewhere(self) -> Iterator[Finding]:
        """Yield a finding for every other namespace that contains objects of the context."""
        here = {namespace_of(each) for each in self._seen.values()} | {self._namespace}
        counted = Counter(namespace_of(each) for each in self._anywhere)
        for namespace, count in sorted(counted.items()):
            if namespace not in here:
                message = f"{self.name}: the namespace `{namespace}` too has objects of this spec and context"
                names = (_resource(each) for each in self._anywhere if namespace_of(each) == namespace)
                remove = self._kubectl.command("delete", "-n", namespace, *names)
                yield self._found(ELSEWHERE, f"{message}, {count}", f"if they are leftovers: `{remove}`")

    @functools.cached_property
    def _anywhere(self) -> Sequence[Manifest]:
        """The objects of the context in all namespaces; empty if the user may not list them."""
        try:
            return self._own(self._kubectl.owned_anywhere(self._selector))
        except KubectlError as error:
            self._environment.say(f"{error.message}; other namespaces are not checked")
            return ()

    @functools.cached_property
    def _selector(self) -> str:
        return selector(self._delivery.spec.service.name)

    def _own(self, found: Sequence[Manifest]) -> list[Manifest]:
        """Return those of the objects that belong to the context."""
        owner = (self._delivery.spec.service.name, self._delivery.context)
        return [each for each in found if owner_of(each) == owner]

    @functools.cached_property
    def _all(self) -> str:
        return "---\n".join(each.text for each in self._wanted.values())

    def _name(self, manifest: Manifest) -> str:
        return name_of(manifest, self._namespace)

    def _text(self, name: str, live: Manifest) -> str:
        wanted = self._wanted.get(name)
        return restorable_text(live, wanted.manifest if wanted else None, wanted.text if wanted else "")

    def _step(self, name: str, before: str | None, wanted: RenderedObject) -> Step:
        planned = step(name, before, wanted.text, meaning=self._meaning(name), diff="")
        if planned.kind is not StepKind.CHANGE:
            return planned if before is not None else step(name, None, wanted.text, meaning=planned.meaning)
        diff = self._kubectl.diff(wanted.text)
        conflict = "; ".join(self._conflicts(name, wanted))
        return step(name, before, wanted.text, meaning=planned.meaning, diff=diff, conflict=conflict)

    def _conflicts(self, name: str, wanted: RenderedObject) -> list[str]:
        """Return the reasons why the object, or a part of it, belongs to another owner."""
        live = self._seen.get(name)
        if live is None:
            return []
        service, context = owner_of(live)
        if service != self._delivery.spec.service.name or context not in (None, self._delivery.context):
            return ["it is not an object of this spec and context"]
        found = self._kubectl.conflicts(wanted.text)
        foreign = {manager: fields for manager, fields in found.items() if manager != MANAGER}
        if foreign:
            return conflict_words(foreign)
        return self._edited(name)

    def _edited(self, name: str) -> list[str]:
        """Return the field managers that changed rendered fields, with those fields."""
        by_manager: dict[str, list[str]] = {}
        for each in foreign_edits(self._seen[name], self._wanted[name].manifest):
            by_manager.setdefault(each.manager, []).append(each.field)
        return [f"`{manager}` has set {', '.join(fields)}" for manager, fields in by_manager.items()]

    def _meaning(self, name: str) -> list[str]:
        """Return the changes that applying makes: of labels, and rule by rule, if the object has rules."""
        live, wanted = self._seen.get(name), self._wanted[name].manifest
        rendered = self._rules(wanted)
        if live is None:
            return [f"{sum(len(group['rules']) for group in rendered['groups'])} rules"] if rendered else []
        changes = rule_changes(self._rules(live), rendered, self._delivery.spec) if rendered else ()
        return [*label_changes(live, wanted), *(each.words() for each in changes)]

    def _differences(self, name: str) -> list[str]:
        """Return the edited labels, the edited fields with their managers, and the changes of live rules."""
        live, wanted = self._seen[name], self._wanted[name].manifest
        rendered = self._rules(wanted)
        changes = rule_changes(rendered, self._rules(live), self._delivery.spec) if rendered else ()
        return [*label_changes(live, wanted), *self._edited(name), *(each.words() for each in changes)]

    def _rules(self, manifest: Manifest) -> Any:
        """Return the rules file in an object, or None if it contains none or invalid YAML."""
        if manifest["kind"] == "PrometheusRule":
            return manifest.get("spec")
        data = manifest.get("data")
        text = data.get(self._delivery.spec.kubernetes.rules_key) if isinstance(data, dict) else None
        try:
            return None if text is None else document_of(str(text))
        except ValueError:
            return None

    def _require_unchanged(self, step: Step) -> None:
        if self._live_text(step) != step.before:
            message = f"{self.name}: {step.name} has changed since it was read"
            raise UserError(message, "another user is changing it: run the command again")

    def _live_text(self, step: Step) -> str | None:
        """Return the current text of the step's object, or None if it does not exist."""
        found = self._kubectl.get(step.after or step.before or "")
        return self._text(step.name, found[0]) if found else None

    def _strip(self, wanted: RenderedObject) -> None:
        """Remove the fields that others have added to the object."""
        for live in self._kubectl.get(wanted.text):
            patch = None if is_as_rendered(live, wanted.manifest) else removals(live, wanted.manifest)
            if patch is not None:
                self._kubectl.patch(wanted.text, patch)


def _resource(manifest: Manifest) -> str:
    return f"{manifest['kind'].lower()}/{manifest['metadata']['name']}"


def _objects(delivery: Delivery) -> Iterator[RenderedObject]:
    """Yield the context's objects, in the order of its kustomization."""
    for artifact in delivery.artifacts:
        if artifact.output == "kubernetes" and artifact.path.name != "kustomization.yaml":
            yield RenderedObject(artifact.text, yaml.safe_load(artifact.text))

"""A Kubernetes cluster, through the user's own kubectl: the objects of a context, by server-side apply."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import yaml

from victor_monitoring.base.diagnostics import Severity, UserError
from victor_monitoring.changes.documents import rule_changes
from victor_monitoring.language.model.fields import Text
from victor_monitoring.language.syntax import tree
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.live.apply.patterns import ELSEWHERE, LEFTOVER, LIVE_DIFFERENCE, NOT_APPLIED
from victor_monitoring.live.apply.target import Delivery, Settings, Step, StepKind, Target, step
from victor_monitoring.live.kubernetes.cluster import Cluster
from victor_monitoring.live.kubernetes.kubectl import Kubectl, KubectlError, conflict_words
from victor_monitoring.live.kubernetes.manifests import (
    MANAGER,
    Manifest,
    edits,
    is_as_rendered,
    name_of,
    namespace_of,
    owner_of,
    removals,
    selector,
    text_of,
)
from victor_monitoring.live.kubernetes.operator import OperatorView
from victor_monitoring.live.prometheus.rules import document_of

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment


class KubernetesSettings(Settings):
    """A cluster that kubectl reaches. Without `kube_context` it is the one that kubectl is set to."""

    takes: ClassVar = frozenset({"rules", "dashboard"})

    kube_context: Text | None = None

    def target(self, delivery: Delivery, environment: ApplyEnvironment, path: tree.Path) -> Target:
        """The cluster of that context."""
        return KubernetesTarget(self, delivery, environment, path)


@dataclass(frozen=True, slots=True)
class RenderedObject:
    """An object as it is rendered: `text` is the file, byte for byte, and what is sent."""

    text: str
    manifest: Manifest


class KubernetesTarget(Target):
    """One cluster, and the objects of the context in the spec's namespace."""

    def __init__(
        self, settings: KubernetesSettings, delivery: Delivery, environment: ApplyEnvironment, path: tree.Path
    ) -> None:
        self.name = f"kubernetes {settings.kube_context or 'as kubectl is set'}"
        self._delivery, self._environment, self._path = delivery, environment, path
        self._namespace = delivery.spec.service.namespace
        self._kubectl = Kubectl(environment, settings.kube_context, self._namespace, self.name)
        self._wanted = {self._name(each.manifest): each for each in _objects(delivery)}
        self._seen: dict[str, Manifest] = {}  # by name, as they were last read

    def preflight(self) -> None:
        if not self._wanted:
            message = f"{self.name} takes objects, and the context renders none"
            hint = "its `component` and the outputs `kubernetes` and `overlays` must not be null"
            raise UserError(message, hint)
        self._kubectl.accepted(self._all)
        missing = list(self._operated().missing()) if self._is_operated else []
        if missing:
            messages = "; ".join(each.message for each in missing)
            raise UserError(
                f"{self.name}: {messages}", "; ".join(dict.fromkeys(each.hint for each in missing))
            )

    def foresee(self) -> Iterator[Finding]:
        for each in self._operated().foreseen() if self._is_operated else ():
            severity = min(each.pattern.severity, Severity.WARNING)
            yield self._found(replace(each.pattern, severity=severity), each.message, each.hint)

    def read(self) -> Mapping[str, str]:
        there = (*self._kubectl.owned(self._ours), *self._kubectl.get(self._all))
        self._seen = found = {self._name(each): each for each in there}
        return {name: self._text(name, there) for name, there in found.items()}

    def plan(self, there: Mapping[str, str]) -> Sequence[Step]:
        rendered = [self._step(name, there.get(name), each) for name, each in self._wanted.items()]
        gone = [name for name in there if name not in self._wanted]
        return (*rendered, *(step(name, there[name], None, meaning=["no longer rendered"]) for name in gone))

    def execute(self, step: Step) -> None:
        self._unchanged_since(step)
        if step.after is None:
            assert step.before is not None  # what is to go is there
            self._kubectl.delete(step.before)
            return
        self._kubectl.apply(step.after, force=self._environment.force)
        if self._environment.force:
            self._strip(self._wanted[step.name])

    def undo(self, step: Step) -> None:
        there = self._now(step)
        if there == step.before:
            return
        if there not in (step.after, None) and not step.conflict:
            message = f"{self.name}: {step.name} has changed since it was applied"
            raise UserError(message, "somebody else is at work there: look, then run the command again")
        if step.before is None:
            assert step.after is not None  # else there was nothing to do
            self._kubectl.delete(step.after)
        else:
            self._kubectl.apply(step.before, force=True)

    def verify(self) -> Iterator[Finding]:
        there = self.read()
        apply = self._delivery.hint
        for name, wanted in self._wanted.items():
            if name not in there:
                yield self._found(NOT_APPLIED, f"{self.name}: `{name}` does not exist", apply)
            elif there[name] != wanted.text:
                told = "; ".join(self._parted(name))
                message = f"{self.name}: `{name}` is not what is rendered{f': {told}' if told else ''}"
                yield self._found(LIVE_DIFFERENCE, message, apply)
        for name in there:
            if name not in self._wanted:
                yield self._found(LEFTOVER, f"{self.name}: `{name}` is no longer rendered", apply)
        yield from self._elsewhere()
        live = [each for name, each in self._seen.items() if name in self._wanted]
        for problem in self._operated().found(live) if self._is_operated else ():
            yield self._found(problem.pattern, f"{self.name}: {problem.message}", problem.hint)

    @property
    def _is_operated(self) -> bool:
        """Whether the context's objects are the operator's."""
        return self._delivery.spec.component == "operator"

    def _operated(self) -> OperatorView:
        """A new look at what the operator makes of the objects."""
        cluster = Cluster(self._kubectl, self._namespace or "default")
        manifests = [each.manifest for each in self._wanted.values()]
        return OperatorView(cluster, self._delivery, self._environment, manifests)

    def _elsewhere(self) -> Iterator[Finding]:
        """The namespaces besides our own that hold objects of the context."""
        here = {namespace_of(each) for each in self._seen.values()} | {self._namespace}
        counted = Counter(namespace_of(each) for each in self._anywhere)
        kinds = ",".join(sorted({each["kind"].lower() for each in self._anywhere}))
        for namespace, count in sorted(counted.items()):
            if namespace not in here:
                message = f"{self.name}: the namespace `{namespace}` too has objects of this spec and context"
                remove = self._kubectl.command("delete", kinds, "-n", namespace, "-l", self._ours)
                yield self._found(ELSEWHERE, f"{message}, {count}", f"if they are left: `{remove}`")

    @functools.cached_property
    def _anywhere(self) -> Sequence[Manifest]:
        """The objects of the context in all namespaces; none where the user may not look into them."""
        try:
            return self._kubectl.owned_anywhere(self._ours)
        except KubectlError as error:
            self._environment.say(f"{error.message}; other namespaces are not looked into")
            return ()

    @functools.cached_property
    def _ours(self) -> str:
        return selector(self._delivery.spec.service.name, self._delivery.context)

    @functools.cached_property
    def _all(self) -> str:
        return "---\n".join(each.text for each in self._wanted.values())

    def _name(self, manifest: Manifest) -> str:
        return name_of(manifest, self._namespace)

    def _text(self, name: str, there: Manifest) -> str:
        wanted = self._wanted.get(name)
        return text_of(there, wanted.manifest if wanted else None, wanted.text if wanted else "")

    def _step(self, name: str, before: str | None, wanted: RenderedObject) -> Step:
        planned = step(name, before, wanted.text, meaning=self._meaning(name), diff="")
        if planned.kind is not StepKind.CHANGE:
            return planned if before is not None else step(name, None, wanted.text, meaning=planned.meaning)
        diff = self._kubectl.diff(wanted.text)
        conflict = "; ".join(self._conflicts(name, wanted))
        return step(name, before, wanted.text, meaning=planned.meaning, diff=diff, conflict=conflict)

    def _conflicts(self, name: str, wanted: RenderedObject) -> list[str]:
        """Why the object is not ours to change, or not all of it."""
        there = self._seen.get(name)
        if there is None:
            return []
        if owner_of(there) != (self._delivery.spec.service.name, self._delivery.context):
            return ["it is not an object of ours"]
        found = self._kubectl.conflicts(wanted.text)
        foreign = {manager: fields for manager, fields in found.items() if manager != MANAGER}
        if foreign:
            return conflict_words(foreign)
        return self._edited(name)

    def _edited(self, name: str) -> list[str]:
        """Who set what otherwise than it is rendered."""
        by_manager: dict[str, list[str]] = {}
        for each in edits(self._seen[name], self._wanted[name].manifest):
            by_manager.setdefault(each.manager, []).append(each.field)
        return [f"`{manager}` has set {', '.join(fields)}" for manager, fields in by_manager.items()]

    def _meaning(self, name: str) -> list[str]:
        """What applying changes in the rules, rule by rule, if they are what the object holds."""
        there, now = self._seen.get(name), self._rules(self._wanted[name].manifest)
        if now is None:
            return []
        if there is None:
            return [f"{sum(len(group['rules']) for group in now['groups'])} rules"]
        return [each.words() for each in rule_changes(self._rules(there), now, self._delivery.spec)]

    def _parted(self, name: str) -> list[str]:
        """How the rules there part from those that are rendered, and who set what."""
        there, shall = self._rules(self._seen[name]), self._rules(self._wanted[name].manifest)
        changes = rule_changes(shall, there, self._delivery.spec) if shall is not None else ()
        return [*self._edited(name), *(each.words() for each in changes)]

    def _rules(self, manifest: Manifest) -> Any:
        """The rules file that an object holds; None where it holds none, or no YAML."""
        if manifest["kind"] == "PrometheusRule":
            return manifest.get("spec")
        data = manifest.get("data")
        text = data.get(self._delivery.spec.kubernetes.rules_key) if isinstance(data, dict) else None
        try:
            return None if text is None else document_of(str(text))
        except ValueError:
            return None

    def _unchanged_since(self, step: Step) -> None:
        if self._now(step) != step.before:
            message = f"{self.name}: {step.name} has changed since it was read"
            raise UserError(message, "somebody else is at work there: run the command again")

    def _now(self, step: Step) -> str | None:
        """What is there of one object."""
        found = self._kubectl.get(step.after or step.before or "")
        return self._text(step.name, found[0]) if found else None

    def _strip(self, wanted: RenderedObject) -> None:
        """Takes out what others have added to the object."""
        for there in self._kubectl.get(wanted.text):
            patch = None if is_as_rendered(there, wanted.manifest) else removals(there, wanted.manifest)
            if patch is not None:
                self._kubectl.patch(wanted.text, patch)


def _objects(delivery: Delivery) -> Iterator[RenderedObject]:
    """The context's objects, in the order of its kustomization."""
    for artifact in delivery.artifacts:
        if artifact.output == "kubernetes" and artifact.path.name != "kustomization.yaml":
            yield RenderedObject(artifact.text, yaml.safe_load(artifact.text))

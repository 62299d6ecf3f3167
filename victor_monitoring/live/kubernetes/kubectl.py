"""The user's own kubectl, and what it says."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.base.interruption import unbroken
from victor_monitoring.live.http.response import printable
from victor_monitoring.live.kubernetes.manifests import MANAGER, Manifest, is_manifest

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment, ProcessResult

_OPERATOR_GROUP: Final = "monitoring.coreos.com"
_CONFLICT: Final = re.compile(
    r"conflicts? with \"(?P<manager>[^\"]+)\"[^\n]*?:(?P<fields>(?:\s+(?:- )?\.[^\n]+)+)"
)
_FIELD: Final = re.compile(r"^\s*(?:- )?(\..+)$", re.MULTILINE)
_HIDES_MANAGERS: Final = 21  # the minor version of kubectl from which it has to be asked for them
_NO_OPERATOR: Final = "install the Prometheus operator, or write `component: configmap`"
_TOO_LARGE: Final = "a ConfigMap holds 1 MiB: draw or watch less, or split the spec"
_UNKNOWN_CONTEXT: Final = re.compile(r"context .*(does not exist|not found)")
_FORBIDDEN: Final = re.compile(r"[Ff]orbidden")
_NO_RESOURCE: Final = re.compile(r"doesn't have a resource type")
_NOT_FOUND: Final = re.compile(r"NotFound|not found")
_HERE: Final = "KUBECTL"
_HINTS: Final = (  # by what kubectl says; `\1` is the first thing that it names
    (r"no matches for kind|could not find the requested resource", _NO_OPERATOR),
    (r"namespaces \"([^\"]*)\" not found", rf"create it: `{_HERE} create namespace \1`, or name another"),
    (r"Too long|too large", _TOO_LARGE),
    (r"[Ff]orbidden", f"ask for the right to do this: `{_HERE} auth can-i --list`"),
    (r"refused|timeout|deadline|EOF", f"is the cluster up, and this its address? `{_HERE} cluster-info`"),
)


class KubectlError(UserError):
    """What kubectl refused, in its own words; `conflicts` are the fields of others, by their managers."""

    def __init__(self, message: str, hint: str, conflicts: Mapping[str, Sequence[str]]) -> None:
        super().__init__(message, hint)
        self.conflicts = conflicts


class Kubectl:
    """kubectl on PATH, in one context of the user's own configuration and one namespace."""

    def __init__(
        self, environment: ApplyEnvironment, kube_context: str | None, namespace: str | None, name: str
    ) -> None:
        self._environment, self._name, self._context = environment, name, kube_context
        self._cluster = [f"--context={kube_context}"] if kube_context else []
        self._place = [*self._cluster, *([f"--namespace={namespace}"] if namespace else [])]

    def accepted(self, manifests: str) -> None:
        """Returns where the server would take all of them, were nobody else's fields in the way."""
        self._apply(manifests, _DRY, "--force-conflicts")

    def conflicts(self, manifest: str) -> Mapping[str, Sequence[str]]:
        """The fields that others own and an apply would change, by their managers."""
        try:
            self._apply(manifest, _DRY)
        except KubectlError as error:
            if not error.conflicts:
                raise
            return error.conflicts
        return {}

    def apply(self, manifest: str, *, force: bool = False) -> None:
        """The object holds what the manifest says. UserError where others own it, unless by force."""
        try:
            self._apply(manifest, *(["--force-conflicts"] if force else []))
        except KubectlError as error:
            if error.conflicts.keys() != {MANAGER}:
                raise
            self._apply(manifest, "--force-conflicts")  # over what we patched ourselves

    def patch(self, manifest: str, patch: str) -> None:
        """The object, changed by a merge patch."""
        options = ["--type=merge", f"--patch={patch}", f"--field-manager={MANAGER}", "--filename=-"]
        self._change("patch", *options, stdin=manifest)

    def delete(self, manifest: str) -> None:
        """The object is gone."""
        options = ["--ignore-not-found", "--timeout=30s", "--filename=-"]
        self._change("delete", *options, stdin=manifest)

    def get(self, manifests: str) -> list[Manifest]:
        """Those of the objects that exist, with who manages what."""
        return self._objects("get", "--ignore-not-found", "--filename=-", stdin=manifests)

    def owned(self, selector: str) -> list[Manifest]:
        """The objects of the kinds that are rendered, by their labels; a kind that is not there has none."""
        return self._objects("get", ",".join(self._kinds), f"--selector={selector}")

    def owned_anywhere(self, selector: str) -> list[Manifest]:
        """The same in all namespaces; KubectlError where the user may not look into them."""
        return self._objects("get", ",".join(self._kinds), "--all-namespaces", f"--selector={selector}")

    def listed(self, resource: str, *where: str) -> list[Manifest] | None:
        """The objects of a resource; none where the cluster does not know it, None where it is forbidden."""
        ran = self._run("get", resource, *where, "--output=json")
        if ran.status and _FORBIDDEN.search(ran.err):
            return None
        if ran.status and _NO_RESOURCE.search(ran.err):
            return []
        return self._items(ran)

    def secret_keys(self, name: str, namespace: str) -> set[str] | None:
        """The keys of a Secret; None where it may not be read, LookupError where there is none."""
        template = '{{range $key, $value := .data}}{{$key}}{{"\\n"}}{{end}}'
        keys = self._of_secret(name, namespace, template)
        return None if keys is None else set(keys.split())

    def secret_value(self, name: str, namespace: str, key: str) -> str | None:
        """A value of a Secret, in base64; None where it may not be read, LookupError where it is missing."""
        value = self._of_secret(name, namespace, f'{{{{index .data "{key}"}}}}')
        if value == "<no value>":
            raise LookupError(key)
        return value

    def _of_secret(self, name: str, namespace: str, template: str) -> str | None:
        """What a template makes of a Secret; None where it may not be read, LookupError without it."""
        ran = self._run("get", "secret", name, f"--namespace={namespace}", f"--output=go-template={template}")
        if ran.status and _FORBIDDEN.search(ran.err):
            return None
        if ran.status and _NOT_FOUND.search(ran.err):
            raise LookupError(name)
        self._done(ran)
        return ran.out

    def command(self, *arguments: str) -> str:
        """A command of kubectl on this cluster, for people."""
        return shlex.join(["kubectl", *self._cluster, *arguments])

    def diff(self, manifest: str) -> str:
        """What `kubectl diff` shows, without the names of its temporary files."""
        ran = self._run("diff", *_SERVER_SIDE, "--force-conflicts", "--filename=-", stdin=manifest)
        if ran.status > 1:
            raise self._refused(ran)
        lines = [line for line in ran.out.splitlines() if not line.startswith("diff ")]
        return "".join(f"{_unstamped(line)}\n" for line in lines)

    def _apply(self, manifest: str, *options: str) -> None:
        self._change("apply", *_SERVER_SIDE, *options, "--filename=-", stdin=manifest)

    def _change(self, verb: str, *arguments: str, stdin: str) -> None:
        with contextlib.nullcontext() if _DRY in arguments else unbroken():
            ran = self._run(verb, *arguments, stdin=stdin)
        self._done(ran)

    def _objects(self, *arguments: str, stdin: str | None = None) -> list[Manifest]:
        return self._items(self._run(*arguments, *self._with_managers, "--output=json", stdin=stdin))

    def _items(self, ran: ProcessResult) -> list[Manifest]:
        self._done(ran)
        document = self._document(ran) if ran.out.strip() else {"items": []}
        items = document.get("items", [document])
        if not isinstance(items, list) or not all(map(is_manifest, items)):
            raise self._strange(ran)
        return items

    @functools.cached_property
    def _kinds(self) -> list[str]:
        ran = self._run("api-resources", f"--api-group={_OPERATOR_GROUP}", "--output=name")
        self._done(ran)
        return ["configmaps", *(each for each in _OPERATOR_KINDS if each in ran.out.split())]

    @functools.cached_property
    def _with_managers(self) -> list[str]:
        ran = self._run("version", "--client", "--output=json")
        self._done(ran)
        match self._document(ran):
            case {"clientVersion": {"minor": str(text)}}:
                minor = re.match(r"\d+", text)
                is_asked = minor is None or int(minor[0]) >= _HIDES_MANAGERS
                return ["--show-managed-fields"] if is_asked else []
        raise self._strange(ran)

    def _document(self, ran: ProcessResult) -> dict[str, Any]:
        """The JSON that was printed."""
        try:
            found = json.loads(ran.out)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self._strange(ran)
        return found

    def _strange(self, ran: ProcessResult) -> KubectlError:
        said = printable(self._environment.redactor(" ".join(ran.out.split())), 80)
        message = f"{self._name}: kubectl printed something else than was asked for: {said}"
        return KubectlError(message, "is it kubectl that stands on PATH? `kubectl version --client`", {})

    def _run(self, verb: str, *arguments: str, stdin: str | None = None) -> ProcessResult:
        command = [
            self._environment.program("kubectl"),
            verb,
            *self._place,
            "--request-timeout=30s",
            *arguments,
        ]
        return self._environment.run(command, stdin=stdin, timeout=90.0)

    def _done(self, ran: ProcessResult) -> None:
        if ran.status:
            raise self._refused(ran)

    def _refused(self, ran: ProcessResult) -> KubectlError:
        if found := _conflicts(ran):
            told = "; ".join(conflict_words(found))
            return KubectlError(f"{self._name}: {told}", "look at the plan; --force overwrites it", found)
        lines = dict.fromkeys(" ".join(line.split()) for line in ran.err.splitlines())  # one for each object
        said = printable(" ".join(filter(None, lines)) or f"kubectl ended with status {ran.status}")
        if self._context and _UNKNOWN_CONTEXT.search(said):
            return self._unknown_context(self._context)
        marked = ((re.search(mark, said), hint) for mark, hint in _HINTS)
        hint = next((match.expand(hint) for match, hint in marked if match), "mend what it says")
        hint = hint.replace(_HERE, self.command())  # where it is set to may be another cluster
        return KubectlError(f"{self._name}: {said.removeprefix('error: ')}", hint, {})

    def _unknown_context(self, wanted: str) -> KubectlError:
        ran = self._environment.run(
            [self._environment.program("kubectl"), "config", "get-contexts", "--output=name"]
        )
        message = f"{self._name}: kubectl has no context `{wanted}`"
        if not (known := ran.out.split()):
            hint = "name the file of your clusters: KUBECONFIG=FILE"
            return KubectlError(f"{message}: its configuration has none at all", hint, {})
        names = ", ".join(f"`{each}`" for each in known)
        hint = f"name one of them in the context's `targets`: `kubernetes: {{kube_context: {known[0]}}}`"
        return KubectlError(f"{message}; it has {names}", hint, {})


_DRY: Final = "--dry-run=server"
_SERVER_SIDE: Final = ("--server-side", f"--field-manager={MANAGER}")
_OPERATOR_KINDS: Final = tuple(
    f"{each}.{_OPERATOR_GROUP}" for each in ("alertmanagerconfigs", "prometheusrules", "servicemonitors")
)


def conflict_words(conflicts: Mapping[str, Sequence[str]]) -> list[str]:
    """Who else manages which fields."""
    return [f"`{manager}` manages {', '.join(fields)}" for manager, fields in conflicts.items()]


def _conflicts(ran: ProcessResult) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for match in _CONFLICT.finditer(ran.err):
        found.setdefault(match["manager"], []).extend(_FIELD.findall(match["fields"]))
    return found


def _unstamped(line: str) -> str:
    """A line of a diff; of the two that name files only which of them it is."""
    if line.startswith("--- "):
        return "--- live"
    return "+++ rendered" if line.startswith("+++ ") else line

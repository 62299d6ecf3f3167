"""The user's own kubectl: its commands, their output, and its errors with hints."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import yaml

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
_HIDES_MANAGERS: Final = 21  # from this minor version kubectl omits managed fields by default
_NO_OPERATOR: Final = "install the Prometheus operator, or write `kubernetes: {objects: configmap}`"
_TOO_LARGE: Final = "a ConfigMap holds 1 MiB: remove panels or alerts, or split the spec"
_UNKNOWN_CONTEXT: Final = re.compile(r"context .*(does not exist|not found)")
_DUMP: Final = re.compile(r"(duplicate name \"[^\"]*\" in list).*")  # of users with their passwords
_FORBIDDEN: Final = re.compile(r"[Ff]orbidden")
_NO_RESOURCE: Final = re.compile(r"doesn't have a resource type")
_NOT_FOUND: Final = re.compile(r"NotFound|not found")
_KUBECTL: Final = "KUBECTL"  # replaced by the command with its context
_HINTS: Final = (  # by a pattern of kubectl's error; `\1` is the first name in it
    (r"no matches for kind|could not find the requested resource", _NO_OPERATOR),
    (r"namespaces \"([^\"]*)\" not found", rf"create it: `{_KUBECTL} create namespace \1`, or name another"),
    (r"Too long|too large", _TOO_LARGE),
    (r"[Ff]orbidden", f"ask for permission; list yours with `{_KUBECTL} auth can-i --list`"),
    (
        r"refused|timeout|deadline|EOF",
        f"check that the cluster is up at this address: `{_KUBECTL} cluster-info`",
    ),
)


class KubectlError(UserError):
    """An error of kubectl, with its message; `conflicts` are fields by the other managers that own them."""

    def __init__(self, message: str, hint: str, conflicts: Mapping[str, Sequence[str]]) -> None:
        super().__init__(message, hint)
        self.conflicts = conflicts


class Kubectl:
    """The kubectl on PATH, in one context of the user's own configuration and one namespace."""

    def __init__(
        self, environment: ApplyEnvironment, kube_context: str | None, namespace: str | None, name: str
    ) -> None:
        self._environment, self._name, self._context = environment, name, kube_context
        self._cluster = [f"--context={kube_context}"] if kube_context else []
        self._place = [*self._cluster, *([f"--namespace={namespace}"] if namespace else [])]

    def accepted(self, manifests: str) -> None:
        """Raise KubectlError unless the server would accept all objects, conflicts aside: a dry run."""
        self._apply(manifests, _DRY, "--force-conflicts")

    def conflicts(self, manifest: str) -> Mapping[str, Sequence[str]]:
        """Return the fields that an apply would change though others own them, by field manager."""
        try:
            self._apply(manifest, _DRY)
        except KubectlError as error:
            if not error.conflicts:
                raise
            return error.conflicts
        return {}

    def apply(self, manifest: str, *, force: bool = False) -> None:
        """Apply the manifest; raise KubectlError if other managers own its fields, unless by force."""
        try:
            self._apply(manifest, *(["--force-conflicts"] if force else []))
        except KubectlError as error:
            if error.conflicts.keys() != {MANAGER}:
                raise
            self._apply(manifest, "--force-conflicts")  # the conflict is with our own earlier patch

    def patch(self, manifest: str, patch: str) -> None:
        """Apply a merge patch to the object."""
        options = ["--type=merge", f"--patch={patch}", f"--field-manager={MANAGER}", "--filename=-"]
        self._change("patch", *options, stdin=manifest)

    def delete(self, manifest: str) -> None:
        """Delete the object if it exists."""
        options = ["--ignore-not-found", "--timeout=30s", "--filename=-"]
        self._change("delete", *options, stdin=manifest)

    def get(self, manifests: str) -> list[Manifest]:
        """Return the objects that exist, with their managed fields."""
        return self._objects("get", "--ignore-not-found", "--filename=-", stdin=manifests)

    def owned(self, selector: str) -> list[Manifest]:
        """Return the objects of all rendered kinds with these labels; unknown kinds have none."""
        return self._objects("get", ",".join(self._kinds), f"--selector={selector}")

    def owned_anywhere(self, selector: str) -> list[Manifest]:
        """Return the same from all namespaces; raise KubectlError if the user may not list them."""
        return self._objects("get", ",".join(self._kinds), "--all-namespaces", f"--selector={selector}")

    def listed(self, resource: str, *where: str) -> list[Manifest] | None:
        """Return the objects of a resource; empty if the cluster does not know it, None if forbidden."""
        ran = self._run("get", resource, *where, "--output=json")
        if ran.status and _FORBIDDEN.search(ran.err):
            return None
        if ran.status and _NO_RESOURCE.search(ran.err):
            return []
        return self._items(ran)

    def secret_keys(self, name: str, namespace: str) -> set[str] | None:
        """Return the keys of a Secret, None if forbidden; raise LookupError if it does not exist."""
        template = '{{range $key, $value := .data}}{{$key}}{{"\\n"}}{{end}}'
        keys = self._formatted_secret(name, namespace, template)
        return None if keys is None else set(keys.split())

    def secret_value(self, name: str, namespace: str, key: str) -> str | None:
        """Return a value of a Secret in base64, None if forbidden; raise LookupError if it does not exist."""
        value = self._formatted_secret(name, namespace, f'{{{{index .data "{key}"}}}}')
        if value == "<no value>":
            raise LookupError(key)
        return value

    def _formatted_secret(self, name: str, namespace: str, template: str) -> str | None:
        """Return a Secret formatted by a Go template, None if forbidden; raise LookupError without it."""
        ran = self._run("get", "secret", name, f"--namespace={namespace}", f"--output=go-template={template}")
        if ran.status and _FORBIDDEN.search(ran.err):
            return None
        if ran.status and _NOT_FOUND.search(ran.err):
            raise LookupError(name)
        self._check(ran)
        return ran.out

    def command(self, *arguments: str) -> str:
        """Return a kubectl command on this cluster, for users to run."""
        return shlex.join(["kubectl", *self._cluster, *arguments])

    def diff(self, manifest: str) -> str:
        """Return the output of `kubectl diff`, without the names of its temporary files."""
        ran = self._run("diff", *_SERVER_SIDE, "--force-conflicts", "--filename=-", stdin=manifest)
        if ran.status > 1:
            raise self._error(ran)
        lines = [line for line in ran.out.splitlines() if not line.startswith("diff ")]
        return "".join(f"{_unstamped(line)}\n" for line in lines)

    def _apply(self, manifest: str, *options: str) -> None:
        self._change("apply", *_SERVER_SIDE, *options, "--filename=-", stdin=manifest)

    def _change(self, verb: str, *arguments: str, stdin: str) -> None:
        with contextlib.nullcontext() if _DRY in arguments else unbroken():
            ran = self._run(verb, *arguments, stdin=stdin)
        self._check(ran)

    def _objects(self, *arguments: str, stdin: str | None = None) -> list[Manifest]:
        return self._items(self._run(*arguments, *self._with_managers, "--output=json", stdin=stdin))

    def _items(self, ran: ProcessResult) -> list[Manifest]:
        self._check(ran)
        document = self._document(ran) if ran.out.strip() else {"items": []}
        items = document.get("items", [document])
        if not isinstance(items, list) or not all(map(is_manifest, items)):
            raise self._unexpected(ran)
        return items

    @functools.cached_property
    def _kinds(self) -> list[str]:
        ran = self._run("api-resources", f"--api-group={_OPERATOR_GROUP}", "--output=name")
        self._check(ran)
        return ["configmaps", *(each for each in _OPERATOR_KINDS if each in ran.out.split())]

    @functools.cached_property
    def _with_managers(self) -> list[str]:
        ran = self._run("version", "--client", "--output=json")
        self._check(ran)
        match self._document(ran):
            case {"clientVersion": {"minor": str(text)}}:
                minor = re.match(r"\d+", text)
                is_needed = minor is None or int(minor[0]) >= _HIDES_MANAGERS
                return ["--show-managed-fields"] if is_needed else []
        raise self._unexpected(ran)

    def _document(self, ran: ProcessResult) -> dict[str, Any]:
        """Return the printed JSON object; raise KubectlError unless it is one."""
        try:
            found = json.loads(ran.out)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self._unexpected(ran)
        return found

    def _unexpected(self, ran: ProcessResult) -> KubectlError:
        output = printable(self._environment.redactor(" ".join(ran.out.split())), 80)
        message = f"{self._name}: kubectl printed unexpected output: {output}"
        return KubectlError(
            message, "check that kubectl on PATH is the real one: `kubectl version --client`", {}
        )

    def _run(self, verb: str, *arguments: str, stdin: str | None = None) -> ProcessResult:
        command = [
            self._environment.program("kubectl"),
            verb,
            *self._place,
            "--request-timeout=30s",
            *arguments,
        ]
        return self._environment.run(command, stdin=stdin, timeout=90.0)

    def _check(self, ran: ProcessResult) -> None:
        if ran.status:
            raise self._error(ran)

    def _error(self, ran: ProcessResult) -> KubectlError:
        if found := _conflicts(ran):
            managers = "; ".join(conflict_words(found))
            hint = "let one of both set these fields; only if the other may lose them, overwrite: --force"
            return KubectlError(f"{self._name}: {managers}", hint, found)
        # kubectl repeats a line for each object.
        lines = dict.fromkeys(" ".join(line.split()) for line in ran.err.splitlines())
        said = " ".join(_DUMP.sub(r"\1", line) for line in lines if line)
        message = printable(said or f"kubectl ended with status {ran.status}")
        if self._context and _UNKNOWN_CONTEXT.search(message):
            return self._unknown_context(self._context)
        marked = ((re.search(mark, message), hint) for mark, hint in _HINTS)
        hint = next(
            (match.expand(hint) for match, hint in marked if match), "fix the error that kubectl reports"
        )
        hint = hint.replace(_KUBECTL, self.command())  # the current context may be another cluster
        return KubectlError(f"{self._name}: {message.removeprefix('error: ')}", hint, {})

    def _unknown_context(self, wanted: str) -> KubectlError:
        ran = self._environment.run(
            [self._environment.program("kubectl"), "config", "get-contexts", "--output=name"]
        )
        message = f"{self._name}: kubectl has no context `{wanted}`"
        if not (known := sorted(ran.out.splitlines())):
            hint = "set the configuration file: KUBECONFIG=FILE"
            return KubectlError(f"{message}: its configuration has no contexts", hint, {})
        names = ", ".join(f"`{each}`" for each in known)
        setting = yaml.safe_dump({"kube_context": known[0]}, default_flow_style=True, width=10**9).strip()
        hint = f"name one of them in the context's `targets`: `kubernetes: {setting}`"
        return KubectlError(f"{message}; it has {names}", hint, {})


_DRY: Final = "--dry-run=server"
_SERVER_SIDE: Final = ("--server-side", f"--field-manager={MANAGER}")
_OPERATOR_KINDS: Final = tuple(
    f"{each}.{_OPERATOR_GROUP}" for each in ("alertmanagerconfigs", "prometheusrules", "servicemonitors")
)


def conflict_words(conflicts: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a sentence for each manager with the fields that it manages."""
    return [f"`{manager}` manages {', '.join(fields)}" for manager, fields in conflicts.items()]


def _conflicts(ran: ProcessResult) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for match in _CONFLICT.finditer(ran.err):
        found.setdefault(match["manager"], []).extend(_FIELD.findall(match["fields"]))
    return found


def _unstamped(line: str) -> str:
    """Return a line of a diff, with the file names in its header replaced by `live` and `rendered`."""
    if line.startswith("--- "):
        return "--- live"
    return "+++ rendered" if line.startswith("+++ ") else line

"""Kubeconfigs: the configured server is asked if kubectl reads one, and each error has a hint."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from tests.exposition.test_fetch import sends, target
from tests.fuzz import damage
from tests.fuzz.kind import SECRET, Input, Kind, is_secret_elsewhere, refusal, require
from tests.kubebuilder import assets
from victor_monitoring.live.apply.environment import ApplyEnvironment
from victor_monitoring.live.kubernetes.kubectl import Kubectl

CONFIG = "config"
CONTEXT = "prod"
_STATUS = b'{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403}'
_MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: rules, namespace: shop}\n"
CERTIFICATE = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="
SEEDS = (
    f"""\
apiVersion: v1
kind: Config
current-context: prod
contexts:
- name: prod
  context: {{cluster: c1, user: admin, namespace: shop}}
- name: "team a/staging: eu"
  context: {{cluster: c2, user: login}}
clusters:
- name: c1
  cluster:
    server: http://SERVER
- name: c2
  cluster:
    server: https://127.0.0.1:9
    certificate-authority-data: {CERTIFICATE}
    tls-server-name: example.org
users:
- name: admin
  user:
    token: {SECRET}-token
- name: login
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: /nonexistent/login
      args: [--region, eu]
      env: [{{name: A, value: b}}]
      interactiveMode: Never
preferences: {{}}
""",
    f"""\
apiVersion: v1
kind: Config
contexts:
- context:
    cluster: c1
    user: files
  name: prod
clusters:
- cluster:
    insecure-skip-tls-verify: true
    proxy-url: http://127.0.0.1:9
    server: https://127.0.0.1:9
  name: c1
users:
- name: files
  user:
    client-certificate: certificates/client.crt
    client-key-data: {CERTIFICATE}
    password: {SECRET}-password
    username: a
""",
    """\
{"kind": "Config", "apiVersion": "v1",
 "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
 "clusters": [{"name": "c", "cluster": {"server": "http://SERVER"}}], "users": [{"name": "u", "user": {}}]}
""",
)


def kubectl() -> Path:
    """Return the path of kubectl; LookupError if it is not found."""
    if on_path := shutil.which("kubectl"):
        return Path(on_path)
    return assets() / "kubectl"


class Kubeconfigs(Kind):
    """Configurations of kubectl, read through it."""

    name = "kubeconfigs"
    share = 1.0
    sample = 2
    batch = 10
    programs = ("kubectl",)

    def draw(self, random: Random) -> Input:
        content = random.choice(SEEDS).encode()
        return Input({CONFIG: damage.damaged(random, content)}, before={CONFIG: content})

    def examine(self, given: Input, folder: Path) -> bool:
        with _reached() as (address, requests), _environment(given, folder, address) as environment:
            error = refusal(lambda: _ask(environment), is_secret=not is_secret_elsewhere(given.files[CONFIG]))
            read = _view(folder, "--minify", f"--context={CONTEXT}")
            require(error is not None, "a server that answers nothing useful is taken for a cluster", read)
            assert error is not None
            if isinstance(read, str):
                named = re.search(r'loading config file "([^"]+)"', read)
                require(not named or named[1] in error.message, "the path of the file is not named", error)
                require(not named or not requests, "a server is asked though the file is not read", read)
            elif requests and _server(read):
                require(
                    f"http://{address}" in _server(read),
                    "a server is asked that the context does not name",
                    read,
                )
            if "it has " in error.message:
                _require_contexts(error.message, _view(folder))
        return False


@contextlib.contextmanager
def _reached() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a server that forbids everything, and the paths of the requests to it."""
    requests: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        requests.append(request.path)
        sends(_STATUS, "application/json", 403)(request)

    with target(answer) as url:
        yield url.removeprefix("http://"), requests


@contextlib.contextmanager
def _environment(given: Input, folder: Path, address: str) -> Iterator[ApplyEnvironment]:
    """Yield an environment in which kubectl reads the given configuration."""
    config = folder / CONFIG
    config.write_bytes(given.files[CONFIG].replace(b"SERVER", address.encode()))
    path = os.pathsep.join([str(kubectl().parent), os.environ["PATH"]])
    variables = {"PATH": path, "KUBECONFIG": str(config), "HOME": str(folder)}
    with contextlib.ExitStack() as held, mock.patch.dict(os.environ, variables):
        yield ApplyEnvironment(folder, print, held)


def _ask(environment: ApplyEnvironment) -> None:
    """Ask for the objects of the context, as `apply` and `verify` do first."""
    Kubectl(environment, CONTEXT, "shop", f"kubernetes {CONTEXT}").accepted(_MANIFEST)


def _view(folder: Path, *options: str) -> Any:
    """Return the configuration as kubectl shows it, or its error."""
    command = [str(kubectl()), "config", "view", "--raw", "--output=json", *options]
    environ = {**os.environ, "KUBECONFIG": str(folder / CONFIG), "HOME": str(folder)}
    run = subprocess.run(command, capture_output=True, check=False, env=environ)
    return run.stderr.decode("utf-8", "replace") if run.returncode else json.loads(run.stdout)


def _require_contexts(message: str, read: Any) -> None:
    """Raise Fault unless the message names the contexts of the configuration."""
    known = {each["name"] for each in read["contexts"]}
    names = ", ".join(f"`{each}`" for each in sorted(known))
    require(message.endswith(f"it has {names}"), "other contexts than those of kubectl", (message, known))


def _server(read: Any) -> str:
    clusters = read.get("clusters") or [{}]
    return str((clusters[0].get("cluster") or {}).get("server", ""))

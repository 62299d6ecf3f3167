"""Real Kubernetes API servers on free ports of 127.0.0.1: two on one etcd represent two clusters.

No controllers run: nothing is garbage-collected, and a deleted namespace remains.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.end_to_end.live import free_port, until

CRDS = Path(__file__).with_name("crds.yaml")
STARTUP = 180  # seconds that a busy machine may need
_TOKENS = 'tok,adm,adm,"system:masters"\n'


@dataclass
class Server:
    """An API server that can be killed and started again at its address."""

    name: str
    command: Sequence[str]
    port: int
    folder: Path
    kubectl: Path
    token: str = "tok"  # noqa: S105 - it opens nothing
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The address of its API."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def authority(self) -> Path:
        """The path of the certificate that verifies the server."""
        return self.folder / "certs" / "apiserver.crt"

    def start(self) -> None:
        """Start the server, and wait until it is ready."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, cwd=self.folder)
        until(self._is_ready, STARTUP)

    def kill(self) -> None:
        """Kill the server, as a power failure does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=60)
            self.process = None

    @property
    def kubeconfig(self) -> Mapping[str, Any]:
        """The cluster of this server, as in a kubeconfig."""
        cluster = {"server": self.url, "certificate-authority": str(self.authority)}
        return {"name": self.name, "cluster": cluster}

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "log").read_text(encoding="utf-8")[-3000:]
        ran = subprocess.run(
            [
                str(self.kubectl),
                f"--server=https://127.0.0.1:{self.port}",
                "--insecure-skip-tls-verify",
                "--token=tok",
                "--request-timeout=5s",
                "get",
                "--raw=/readyz",
            ],
            capture_output=True,
            check=False,
            env={**os.environ, "KUBECONFIG": "/dev/null"},
        )
        return ran.stdout == b"ok"


@dataclass
class Clusters:
    """Clusters by name, which is also the name of the kubectl context."""

    servers: Mapping[str, Server]
    kubeconfig: Path
    kubectl: Path
    crds: Path = CRDS

    @property
    def env(self) -> Mapping[str, str]:
        """The environment in which kubectl knows these clusters, with a separate home directory."""
        return {"KUBECONFIG": str(self.kubeconfig), "HOME": str(self.kubeconfig.parent)}

    def run(
        self, cluster: str, *arguments: str, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl on a cluster, and return the finished process."""
        command = [str(self.kubectl), f"--context={cluster}", *arguments]
        return subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env={**os.environ, **self.env},
        )

    def __call__(self, cluster: str, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl on a cluster, and return its output; AssertionError if it fails."""
        ran = self.run(cluster, *arguments, stdin=stdin)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def objects(self, cluster: str, namespace: str) -> dict[str, dict[str, Any]]:
        """Return the objects managed by the tool in a namespace, by kind and name."""
        kinds = "configmaps,prometheusrules,servicemonitors,alertmanagerconfigs"
        options = ["-l=app.kubernetes.io/managed-by=victor-mon", "-o=json", f"--namespace={namespace}"]
        found = json.loads(self(cluster, "get", kinds, *options))
        return {f"{each['kind']} {each['metadata']['name']}": each for each in found["items"]}


@contextlib.contextmanager
def clusters(assets: Path, names: Sequence[str]) -> Iterator[Clusters]:
    """Yield clusters of these names, ready and with the operator's kinds, until the block ends."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clusters-")))
        key = ["openssl", "genrsa", "-out", str(folder / "sa.key"), "2048"]
        subprocess.run(key, check=True, capture_output=True)
        (folder / "tokens.csv").write_text(_TOKENS, encoding="utf-8")
        etcd = stack.enter_context(_etcd(assets / "etcd", folder))
        servers = {}
        for name in names:
            servers[name] = server = _server(assets, folder, etcd, name)
            stack.callback(server.kill)
            server.start()
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(_kubeconfig(servers)), encoding="utf-8")
        found = Clusters(servers, kubeconfig, assets / "kubectl")
        for name in names:
            found(name, "apply", "--filename", str(CRDS))
            found(name, "wait", "--for=condition=Established", "--timeout=60s", "--filename", str(CRDS))
        yield found


@contextlib.contextmanager
def _etcd(program: Path, folder: Path) -> Iterator[str]:
    client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    command = [
        str(program),
        f"--data-dir={folder}/etcd",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
    ]
    with (folder / "etcd.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield client
    finally:
        process.kill()
        process.wait(timeout=60)


def _server(assets: Path, folder: Path, etcd: str, name: str) -> Server:
    own, port = folder / name, free_port()
    own.mkdir()
    command = [
        str(assets / "kube-apiserver"),
        f"--etcd-servers={etcd}",
        f"--etcd-prefix=/{name}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        f"--cert-dir={own}/certs",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder}/sa.key",
        f"--service-account-signing-key-file={folder}/sa.key",
        f"--token-auth-file={folder}/tokens.csv",
        "--authorization-mode=RBAC",
        "--disable-admission-plugins=ServiceAccount",
    ]
    return Server(name, command, port, own, assets / "kubectl")


def _kubeconfig(servers: Mapping[str, Server]) -> Mapping[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [dict(each.kubeconfig) for each in servers.values()],
        "users": [{"name": "adm", "user": {"token": "tok"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "adm"}} for name in servers],
        "current-context": next(iter(servers)),
    }

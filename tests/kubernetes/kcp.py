"""kcp, a current Kubernetes API in one process that a whole run shares, and the real Prometheus operator.

Each pair of clusters is a pair of workspaces, each behind a forwarder that can be killed like a server.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.end_to_end.live import free_port, until
from tests.kubernetes.cluster import STARTUP, Clusters, Server

SHARED = "TESTS_KCP"  # the environment variable with the folder
NUMBERS = itertools.count(1)
WORKSPACE = """
apiVersion: tenancy.kcp.io/v1alpha1
kind: Workspace
metadata: {{name: {}}}
spec: {{type: {{name: universal, path: root}}}}
"""
FORWARD = """
import asyncio, sys
port, target = map(int, sys.argv[1:])
async def pipe(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
async def serve(reader, writer):
    there, back = await asyncio.open_connection("127.0.0.1", target)
    await asyncio.gather(pipe(reader, back), pipe(there, writer))
async def main():
    async with await asyncio.start_server(serve, "127.0.0.1", port) as server:
        await server.serve_forever()
asyncio.run(main())
"""


@dataclass
class Workspace(Server):
    """A workspace of kcp behind a forwarder."""

    path: str = field(kw_only=True)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/clusters/{self.path}"

    def _is_ready(self) -> bool:
        assert self.process is not None
        with contextlib.suppress(OSError):
            ran = subprocess.run(
                ["curl", "--silent", "--insecure", f"https://127.0.0.1:{self.port}/livez"],
                capture_output=True,
                check=False,
            )
            return bool(ran.stdout)
        return False


@contextlib.contextmanager
def kcp_clusters(assets: Path, names: Sequence[str]) -> Iterator[Clusters]:
    """Yield clusters of these names, ready and with the operator's own kinds, until the block ends."""
    folder = started(assets)
    kubectl, port = assets / "kubectl", int((folder / "port").read_text(encoding="utf-8"))
    certificate, token = _access(folder / "root/admin.kubeconfig")
    with contextlib.ExitStack() as stack:
        servers = {}
        for name in names:
            workspace = f"{name}-{os.getpid()}-{next(NUMBERS)}"
            _root(
                kubectl, folder, "apply", "--server-side", "--filename=-", stdin=WORKSPACE.format(workspace)
            )
            ready = "--for=jsonpath={.status.phase}=Ready"
            _root(kubectl, folder, "wait", ready, "workspace", workspace, "--timeout=60s")
            own, at = folder / workspace, free_port()
            (own / "certs").mkdir(parents=True)
            (own / "certs/apiserver.crt").write_bytes(certificate)
            command = [sys.executable, "-c", FORWARD, str(at), str(port)]
            servers[name] = server = Workspace(
                name, command, at, own, kubectl, token, path=f"root:{workspace}"
            )
            stack.callback(server.kill)
            server.start()
        kubeconfig = folder / f"kubeconfig-{os.getpid()}-{next(NUMBERS)}"
        kubeconfig.write_text(yaml.safe_dump(_kubeconfig(servers, token)), encoding="utf-8")
        found = Clusters(servers, kubeconfig, kubectl, assets / "crds")
        for name in names:
            kinds = ("core-kinds.yaml", "crds")
            files = [f"--filename={assets / each}" for each in kinds]
            found(name, "apply", "--server-side", *files)
            found(name, "wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        yield found


@contextlib.contextmanager
def operator(assets: Path, clusters: Clusters, cluster: str) -> Iterator[None]:
    """Run the real operator in a cluster until the block ends."""
    kubeconfig = json.loads(clusters(cluster, "config", "view", "--raw", "--minify", "--output=json"))
    path = clusters.kubeconfig.with_suffix(".operator")
    path.write_text(json.dumps(kubeconfig), encoding="utf-8")
    command = [
        str(assets / "operator"),
        f"-web.listen-address=127.0.0.1:{free_port()}",
        "-kubelet-endpoints=false",
        "-feature-gates=StatusForConfigurationResources=true",
    ]
    with path.with_suffix(".log").open("wb") as log:
        env = {**os.environ, "KUBECONFIG": str(path)}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env)
    try:
        yield
    finally:
        process.kill()
        process.wait(timeout=60)


def started(assets: Path) -> Path:
    """Return the folder of the shared kcp of this run; the first caller starts it."""
    folder = Path(os.environ[SHARED])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            _start(assets, folder)
            (folder / "ready").touch()
    return folder


@contextlib.contextmanager
def one_kcp() -> Iterator[None]:
    """Create the folder of the kcp that all processes of a run share, and stop the kcp at the end."""
    with tempfile.TemporaryDirectory(prefix="kcp-", ignore_cleanup_errors=True) as folder:
        os.environ[SHARED] = folder
        try:
            yield
        finally:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                os.killpg(int(Path(folder, "pid").read_text(encoding="utf-8")), signal.SIGKILL)


def _start(assets: Path, folder: Path) -> None:
    port, client, peer = (free_port() for _ in range(3))
    here = f"https://127.0.0.1:{port}"
    command = [
        str(assets / "kcp"),
        "start",
        f"--root-directory={folder}/root",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--external-hostname=127.0.0.1",
        f"--shard-base-url={here}",
        f"--shard-virtual-workspace-url={here}",
        f"--embedded-etcd-client-port={client}",
        f"--embedded-etcd-peer-port={peer}",
        "--batteries-included=admin",
    ]
    # Detached: it serves the other processes after this one has ended.
    detached = 'setsid "$@" >log 2>&1 & echo $! >pid'
    subprocess.run(["sh", "-c", detached, "sh", *command], cwd=folder, check=True)
    (folder / "port").write_text(str(port), encoding="utf-8")

    def is_ready() -> bool:
        ran = _run(assets / "kubectl", folder, "get", "--raw=/readyz")
        return ran.returncode == 0 and ran.stdout == "ok"

    until(is_ready, STARTUP)


def _run(
    kubectl: Path, folder: Path, *arguments: str, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "KUBECONFIG": str(folder / "root/admin.kubeconfig"), "HOME": str(folder)}
    return subprocess.run(
        [str(kubectl), *arguments], env=env, input=stdin, capture_output=True, text=True, check=False
    )


def _root(kubectl: Path, folder: Path, *arguments: str, stdin: str | None = None) -> None:
    ran = _run(kubectl, folder, *arguments, stdin=stdin)
    assert ran.returncode == 0, ran.stderr


def _access(kubeconfig: Path) -> tuple[bytes, str]:
    """Return the certificate of the configuration's clusters, and the token of the administrator."""
    document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    (root,) = (each["cluster"] for each in document["clusters"] if each["name"] == "root")
    (token,) = (each["user"]["token"] for each in document["users"] if each["name"] == "kcp-admin")
    return base64.b64decode(root["certificate-authority-data"]), token


def _kubeconfig(servers: Mapping[str, Server], token: str) -> Mapping[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [dict(each.kubeconfig) for each in servers.values()],
        "users": [{"name": "adm", "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "adm"}} for name in servers],
        "current-context": next(iter(servers)),
    }

"""A repository whose contexts are applied to real clusters, and a kubectl that records its calls."""

from __future__ import annotations

import itertools
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.apply.world import paths
from tests.cli.commands import Outcome, edit, victor_mon
from tests.kubernetes.cluster import Clusters

SPEC = Path(__file__).with_name("spec.yaml")
SURROUNDINGS = Path(__file__).with_name("surroundings.yaml")
NUMBERS = itertools.count(1)
RULES = "ConfigMap brew-alerts-staging"
DASHBOARD = "ConfigMap brew-dashboard-staging"
PROD_DASHBOARD = "ConfigMap brew-dashboard-prod"
OPERATOR = [
    "AlertmanagerConfig brew-inhibitions-prod",
    "AlertmanagerConfig brew-receiver-day-shift-prod",
    "AlertmanagerConfig brew-receiver-pager-prod",
    PROD_DASHBOARD,
    "PrometheusRule brew-alerts-prod",
    "ServiceMonitor brew-scrape-prod",
]
NOTHING = "nothing to do; the live systems match the spec"
# Records arguments and input, then runs kubectl. A file `fault` gives the number of the applied object at
# which a server is killed, or kubectl fails.
RECORDING = """\
#!/bin/sh
notes='{notes}' number=999
[ -e "$notes/last" ] && read -r number <"$notes/last"
number=$((number + 1))
echo "$number" >"$notes/last"
printf '%s\\n' "$@" >"$notes/$number.args"
cat >"$notes/$number.stdin"
case "$*" in
*--dry-run*) ;;
apply\\ *)
    echo >>"$notes/applied"
    applied=$(wc -l <"$notes/applied")
    if [ -e "$notes/fault" ] && read -r at pid <"$notes/fault" && [ "$applied" -eq "$at" ]; then
        rm "$notes/fault"
        [ "$pid" ] || {{ echo 'error: the disk is full' >&2; exit 1; }}
        kill -9 "$pid"
    fi
    ;;
esac
exec '{kubectl}' "$@" <"$notes/$number.stdin"
"""


@dataclass
class Brewery:
    """The repository in `folder`, with its own namespace in every cluster."""

    folder: Path
    clusters: Clusters
    text: str = field(default_factory=lambda: SPEC.read_text(encoding="utf-8"), repr=False)
    env: dict[str, str] = field(default_factory=dict)
    namespace: str = field(default_factory=lambda: f"brewery-{os.getpid()}-{next(NUMBERS)}")

    def __post_init__(self) -> None:
        for each in (self.folder / ".git", self.folder / "specs", self.notes, self.notes.parent / "bin"):
            each.mkdir(parents=True)
        recorder = self.notes.parent / "bin" / "kubectl"
        recorder.write_text(
            RECORDING.format(notes=self.notes, kubectl=self.clusters.kubectl), encoding="utf-8"
        )
        recorder.chmod(0o755)
        for cluster in self.clusters.servers:
            self.clusters(cluster, "create", "namespace", self.namespace)
        self.create_surroundings("prod")
        self.spec.write_text(self.text.replace("NAMESPACE", self.namespace), "utf-8")
        self.generate()

    def create_surroundings(self, cluster: str) -> None:
        """Create the objects that the operator's context refers to, and objects that select its own."""
        versions = self.clusters(cluster, "api-versions").split()
        version = "v1" if "discovery.k8s.io/v1" in versions else "v1beta1"
        text = SURROUNDINGS.read_text(encoding="utf-8").replace("VERSION", version)
        text = text.replace("NAMESPACE", self.namespace)
        self.clusters(cluster, "apply", "--server-side", "--filename=-", stdin=text)

    @property
    def spec(self) -> Path:
        """The path of the spec."""
        return self.folder / "specs" / "brew.yaml"

    @property
    def notes(self) -> Path:
        """The folder of the recorded calls of kubectl."""
        return self.folder.with_name(f"{self.folder.name}-notes") / "calls"

    def run(self, *arguments: str) -> Outcome:
        """Run a command in the repository, and return the outcome."""
        path = os.pathsep.join([str(self.notes.parent / "bin"), paths()["PATH"]])
        # In its own home directory kubectl has no cache of other tests.
        env = {**self.clusters.env, **self.env, "PATH": path, "HOME": str(self.notes.parent)}
        return victor_mon(self.folder, *arguments, env=env)

    def generate(self) -> None:
        """Render everything."""
        outcome = self.run("generate", "--force")
        assert outcome.status == 0, outcome.err

    def edit(self, old: str, new: str) -> None:
        """Replace a text of the spec, and render everything."""
        edit(self.spec, old, new)
        self.generate()

    def apply(self, context: str, *arguments: str) -> Outcome:
        """Apply without a prompt, and return the outcome."""
        return self.run("apply", "--context", context, "--yes", *arguments)

    def plan(self, context: str) -> Outcome:
        """Plan without applying, and return the outcome."""
        return self.run("apply", "--context", context, "--dry-run")

    def verify(self, context: str) -> Outcome:
        """Verify the context, and return the outcome."""
        return self.run("verify", "--context", context)

    def objects(self, cluster: str) -> dict[str, dict[str, Any]]:
        """Return the objects managed by the tool in a cluster, by kind and name."""
        return self.clusters.objects(cluster, self.namespace)

    def bodies(self, cluster: str) -> dict[str, object]:
        """Return the data or the spec of every managed object, without the server's metadata."""
        return {name: each.get("data", each.get("spec")) for name, each in self.objects(cluster).items()}

    def versions(self, cluster: str) -> dict[str, str]:
        """Return the version of every managed object, which changes with each write."""
        return {name: each["metadata"]["resourceVersion"] for name, each in self.objects(cluster).items()}

    def impersonate(self, user: str) -> None:
        """Let commands act as this user from now on."""
        document = yaml.safe_load(self.clusters.kubeconfig.read_text(encoding="utf-8"))
        for each in document["users"]:
            each["user"]["as"] = user
        path = self.notes.parent / "kubeconfig"
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        self.env = {"KUBECONFIG": str(path)}

    def overlay(self, context: str) -> Path:
        """Return the folder of a context's files."""
        return self.folder / "deployment" / "kubernetes" / "overlays" / context / "brew"

    def patch(self, cluster: str, kind: str, name: str, patch: str, manager: str = "kubectl-edit") -> None:
        """Change an object as another field manager."""
        options = ["--type=merge", f"--patch={patch}", f"--field-manager={manager}"]
        self.clusters(cluster, "patch", kind, name, f"--namespace={self.namespace}", *options)

    def add(self, cluster: str, kind: str, name: str, body: object, manager: str) -> None:
        """Apply further fields of an object as another field manager."""
        version = self.objects(cluster)[f"{kind} {name}"]["apiVersion"]
        metadata = {"name": name, "namespace": self.namespace}
        assert isinstance(body, dict)
        whole = {"apiVersion": version, "kind": kind, "metadata": metadata, **body}
        options = ["--server-side", f"--field-manager={manager}", "--filename=-"]
        self.clusters(cluster, "apply", *options, stdin=json.dumps(whole))

    def calls(self) -> list[tuple[list[str], bytes]]:
        """Return the arguments and the input of each call of kubectl so far."""
        return [
            (each.read_text(encoding="utf-8").splitlines(), each.with_suffix(".stdin").read_bytes())
            for each in sorted(self.notes.glob("*.args"))
        ]

    def forget_calls(self) -> None:
        """Forget the recorded calls."""
        for each in self.notes.iterdir():
            each.unlink()

    def fail_at(self, number: int, *, kills: str = "") -> None:
        """Let the apply of the object of that number fail: in kubectl, or because a server is killed."""
        process = self.clusters.servers[kills].process if kills else None
        (self.notes / "applied").unlink(missing_ok=True)
        (self.notes / "fault").write_text(f"{number} {process.pid if process else ''}\n", encoding="utf-8")


def last_line(text: str) -> str:
    return text.splitlines()[-1]

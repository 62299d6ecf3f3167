"""This repository's own contexts, applied from a copy of it to clusters of the same names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.apply.world import paths
from tests.cli.commands import Outcome, edit, victor_mon
from tests.kubernetes.cluster import Clusters
from tests.rules.rendered import ROOT

NAMESPACE = "victor-monitoring"
OBJECTS = ["ConfigMap victor-performance-alerts-{}", "ConfigMap victor-performance-dashboard-{}"]


class Copy:
    """A copy of this repository's spec and rendered files, in which commands run."""

    def __init__(self, folder: Path, clusters: Clusters) -> None:
        self.folder, self.clusters = folder, clusters
        (folder / ".git").mkdir(parents=True)
        for name in ("specs", "generated", "deployment", "victor_monitoring/victor"):
            shutil.copytree(ROOT / name, folder / name)

    def run(self, *arguments: str) -> Outcome:
        """Run a command with the clusters' kubeconfig, and return the outcome."""
        spec = ("--spec", "specs/performance.yaml")
        env = {**self.clusters.env, "PATH": f"{self.clusters.kubectl.parent}:{paths()['PATH']}"}
        return victor_mon(self.folder, arguments[0], *spec, *arguments[1:], env=env)


@pytest.fixture
def copy(cluster_pair: Clusters, tmp_path: Path) -> Copy:
    return Copy(tmp_path / "repository", cluster_pair)


@pytest.mark.parametrize("context", ["staging", "prod"])
def test_a_copy_of_this_repository_is_applied(copy: Copy, context: str) -> None:
    """A context is refused without its namespace, then applied from nothing, again, and after an edit."""
    names = [each.format(context) for each in OBJECTS]
    for how in ("--dry-run", "--yes"):
        refused = copy.run("apply", "--context", context, how)
        assert refused.status == 2
        assert f'namespaces "{NAMESPACE}" not found' in refused.err
        create = f"create namespace {NAMESPACE}"
        assert f"hint: create it: `kubectl --context={context} {create}`, or name another" in refused.err
    copy.clusters(context, *create.split())
    try:
        planned = copy.run("apply", "--context", context, "--dry-run")
        assert (planned.status, copy.clusters.objects(context, NAMESPACE)) == (1, {}), planned.err
        assert planned.out.endswith("\n2 to add\n")
        applied = copy.run("apply", "--context", context, "--yes")
        assert applied.status == 0, applied.err
        assert sorted(copy.clusters.objects(context, NAMESPACE)) == names
        again = copy.run("apply", "--context", context, "--yes")
        assert (again.status, again.out.endswith("\n2 unchanged\n")) == (0, True)
        edit(copy.folder / "specs/performance.yaml", 'when: "> 100"', 'when: "> 90"')
        assert copy.run("generate").status == 0
        changed = copy.run("apply", "--context", context, "--yes")
        assert changed.status == 0, changed.err
        assert "alert HighThreadCount: `> 100` becomes `> 90`: tightened\n" in changed.out
        assert copy.run("verify", "--context", context).status == 0
    finally:
        copy.clusters(context, "delete", "configmaps", "--all", f"--namespace={NAMESPACE}")


@pytest.mark.parametrize("verb", ["apply", "verify"])
def test_a_configuration_without_the_context(copy: Copy, tmp_path: Path, verb: str) -> None:
    """A missing context is an error that names kubectl's contexts, with a hint to use one of them."""
    text = copy.clusters.kubeconfig.read_text(encoding="utf-8")
    known = tmp_path / "kubeconfig"
    known.write_text(text.replace("name: prod\n", "name: live\n"), encoding="utf-8")
    copy.clusters = Clusters(copy.clusters.servers, known, copy.clusters.kubectl)
    refused = copy.run(verb, "--context", "prod")
    assert refused.status == 2
    assert refused.err.endswith(
        "victor-mon: kubernetes prod: kubectl has no context `prod`; it has `live`, `staging`\n"
        "hint: name one of them in the context's `targets`: `kubernetes: {kube_context: live}`\n"
    )
    known.write_text("apiVersion: v1\nkind: Config\n", encoding="utf-8")
    refused = copy.run(verb, "--context", "prod")
    assert refused.err.endswith(
        "victor-mon: kubernetes prod: kubectl has no context `prod`: its configuration has no contexts\n"
        "hint: set the configuration file: KUBECONFIG=FILE\n"
    )

"""The commands of the page about live systems, on a real cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import edit
from tests.kubernetes.cluster import Clusters
from tests.pages.markdown import Shell, blocks, shown

PAGE = "deployment/README.md"
NAME, RULES = "shop-alerts-staging", "rules.yaml"


def test_a_context_is_applied_to_a_cluster(
    cluster_pair: Clusters, promtool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands print what the page shows: a namespace, `apply`, and `verify` after an edit by hand."""
    for name, value in cluster_pair.env.items():
        monkeypatch.setenv(name, value)
    shell = Shell.new(tmp_path, promtool, cluster_pair.kubectl)
    shell.run("victor-mon init --name shop")
    local = next(each for each in shown(PAGE) if each.command.startswith("cat >> specs/shop.yaml"))
    shell.run(local.command)
    service, context = blocks(PAGE, "yaml")[1].split("contexts:\n")
    spec = shell.folder / "specs/shop.yaml"
    edit(spec, "\nservice:\n", f"\n{service}")
    spec.write_text(spec.read_text(encoding="utf-8") + context, encoding="utf-8")
    shell.run("victor-mon generate")

    create, apply = (
        each for each in shown(PAGE) if " staging " in each.command and "verify" not in each.command
    )
    assert create.matches(shell.run(create.command))
    assert apply.matches(shell.run(apply.command))

    place = ["configmap", NAME, "--namespace=monitoring"]
    rules = json.loads(cluster_pair("staging", "get", *place, "--output=json"))["data"][RULES]
    patch = json.dumps({"data": {RULES: rules.replace("> 0.05\n", "> 0.9\n")}})
    cluster_pair("staging", "patch", *place, f"--patch={patch}", "--field-manager=kubectl-edit")
    verify = next(each for each in shown(PAGE) if each.command == "victor-mon verify --context staging")
    assert verify.matches(shell.run(verify.command))

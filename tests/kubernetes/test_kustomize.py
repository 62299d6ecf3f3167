"""Every overlay of Kubernetes objects is complete and can be built."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.cli.commands import victor_mon
from tests.conftest import needed
from tests.kubebuilder import debian_kubectl
from tests.rules.rendered import EXAMPLES, ROOT, SPECS, compiled

RENDERED = {name: path for name, path in {**SPECS, **EXAMPLES}.items() if compiled(name).contexts}
OVERLAYS = [(spec, context) for spec in RENDERED for context in compiled(spec).contexts]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the rendered files of each spec of this repository, in folders of their names."""
    folder = tmp_path_factory.mktemp("rendered")
    for name, path in RENDERED.items():
        generated = victor_mon(ROOT, "generate", "--spec", str(path), "--out", str(folder / name))
        assert generated.status == 0, generated.err
    return folder


@pytest.mark.parametrize(("spec", "context"), OVERLAYS)
def test_overlay_builds(rendered: Path, kubectl: list[Path], spec: str, context: str) -> None:
    """`kubectl kustomize` yields the objects of the overlay's folder."""
    outputs = compiled(spec).contexts[context].outputs
    folder = rendered / spec / outputs["overlays"].replace("{context}", context)
    documents = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in folder.rglob("*.yaml"))
    objects = [each for each in documents if each.get("kind", "Kustomization") != "Kustomization"]
    for program in kubectl:
        built = subprocess.run([program, "kustomize", folder], capture_output=True, check=True).stdout
        assert ordered(list(yaml.load_all(built, Loader))) == ordered(objects) != []


class Loader(yaml.SafeLoader):
    """A YAML loader that reads a bare `=`, as kubectl writes it, as a text."""


def plain(loader: Loader, node: yaml.ScalarNode) -> object:
    return loader.construct_scalar(node)


Loader.add_constructor("tag:yaml.org,2002:value", plain)


def ordered(objects: list[dict[str, object]]) -> list[str]:
    return sorted(yaml.safe_dump(each, sort_keys=True) for each in objects)


@pytest.fixture(scope="module")
def kubectl() -> list[Path]:
    """Return the kubectl on PATH, and Debian's if it is unpacked."""
    on_path = shutil.which("kubectl")
    found = [*([Path(on_path)] if on_path else []), *([each] if (each := debian_kubectl()) else [])]
    return found or [needed("kubectl")]

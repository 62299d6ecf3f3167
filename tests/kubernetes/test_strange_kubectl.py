"""A program of the name of kubectl that is another, too old, or has a bad day: told, and no traceback."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rules.rendered import compiled_text
from victor_monitoring.app.deliveries import delivery
from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.apply.environment import ApplyEnvironment
from victor_monitoring.live.apply.target import Target

SPEC = Path(__file__).with_name("spec.yaml")
SAYS = """\
#!/bin/sh
case "$*" in *--all-namespaces*) echo 'Error (Forbidden): not you' >&2; exit 1 ;; esac
case $1 in version) cat {folder}/version ;; get) cat {folder}/objects ;; esac
"""
VERSION = '{"clientVersion": {"minor": "30"}}'
OBJECT = '{"items": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": METADATA}]}'


@contextlib.contextmanager
def cluster(folder: Path, version: str, objects: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """A cluster behind a kubectl that prints these."""
    (folder / "version").write_text(version, encoding="utf-8")
    (folder / "objects").write_text(objects, encoding="utf-8")
    (folder / "kubectl").write_text(SAYS.format(folder=folder), encoding="utf-8")
    (folder / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), os.environ["PATH"]]))
    compiled = compiled_text(SPEC.read_text(encoding="utf-8").replace("NAMESPACE", "brewery"))
    (placed,) = compiled.targets["staging"]
    with contextlib.ExitStack() as held:
        yield placed.settings.target(
            delivery(compiled, "staging"), ApplyEnvironment(folder, print, held), placed.path
        )


@pytest.mark.parametrize(
    "objects",
    [
        "hello",
        "Warning: it is late\n{}",
        "null",
        "[]",
        '{"items": null}',
        '{"items": [5]}',
        "[" * 100_000,
        *(OBJECT.replace("METADATA", each) for each in ("null", "{}", '{"name": "a", "labels": 5}')),
        OBJECT.replace("METADATA", '{"name": "a", "managedFields": [5]}'),
    ],
)
def test_objects_of_another_shape(objects: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no list of objects is not taken for one."""
    with cluster(tmp_path, VERSION, objects, monkeypatch) as target:
        for ask in (target.read, lambda: list(target.verify())):
            with pytest.raises(UserError, match="kubectl printed something else than was asked for"):
                ask()


@pytest.mark.parametrize("version", ["v1.30", "", "null", "[]", "{}", '{"clientVersion": {"minor": 30}}'])
def test_a_version_of_another_shape(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that does not tell its version as kubectl does is none."""
    with (
        cluster(tmp_path, version, '{"items": []}', monkeypatch) as target,
        pytest.raises(UserError, match="kubectl printed something else") as told,
    ):
        target.read()
    assert "kubectl version --client" in told.value.hint


@pytest.mark.parametrize("minor", ["20", "27+", ""])
def test_a_version_that_is_told(minor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else stands in it, what is printed is read."""
    version = VERSION.replace("30", minor)
    with cluster(tmp_path, version, '{"items": []}', monkeypatch) as target:
        assert target.read() == {}


def test_a_user_who_may_look_into_one_namespace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is asked of the others is refused, which is said, and fails nothing."""
    with cluster(tmp_path, VERSION, '{"items": []}', monkeypatch) as target:
        for _ in range(2):
            assert {found.pattern.code for found in target.verify() if found.pattern} == {"VM901"}
    told = "kubernetes staging: Error (Forbidden): not you; other namespaces are not looked into"
    assert capsys.readouterr().out.splitlines() == [told]

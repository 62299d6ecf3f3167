"""A program named kubectl that is another one, too old or failing is reported without a traceback."""

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
    """Yield a cluster behind a kubectl that prints this version and these objects."""
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
    """Output that is no list of objects is an error."""
    with cluster(tmp_path, VERSION, objects, monkeypatch) as target:
        for ask in (target.read, lambda: list(target.verify())):
            with pytest.raises(UserError, match="kubectl printed unexpected output"):
                ask()


@pytest.mark.parametrize("version", ["v1.30", "", "null", "[]", "{}", '{"clientVersion": {"minor": 30}}'])
def test_a_version_of_another_shape(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that prints no version as kubectl does is an error."""
    with (
        cluster(tmp_path, version, '{"items": []}', monkeypatch) as target,
        pytest.raises(UserError, match="kubectl printed unexpected output") as error,
    ):
        target.read()
    assert "kubectl version --client" in error.value.hint


@pytest.mark.parametrize("minor", ["20", "27+", ""])
def test_unusual_versions(minor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old, unusual and empty minor versions are accepted."""
    version = VERSION.replace("30", minor)
    with cluster(tmp_path, version, '{"items": []}', monkeypatch) as target:
        assert target.read() == {}


def test_a_user_who_may_look_into_one_namespace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user without access to other namespaces gets one message about it, and no error."""
    with cluster(tmp_path, VERSION, '{"items": []}', monkeypatch) as target:
        for _ in range(2):
            assert {found.pattern.code for found in target.verify() if found.pattern} == {"VM901"}
    message = "kubernetes staging: Error (Forbidden): not you; other namespaces are not checked"
    assert capsys.readouterr().out.splitlines() == [message]


DUPLICATE = (
    'error loading config file "/c": error converting *[]NamedAuthInfo into *map[string]*api.AuthInfo: '
    'duplicate name "a" in list'
)
CONTEXTS = """\
#!/bin/sh
case $1 in config) printf 'c: d\\na b\\n' ;; *) cat {folder}/error >&2; exit 1 ;; esac
"""


@pytest.mark.parametrize(
    ("printed", "message", "hint"),
    [
        (
            f"error: {DUPLICATE}: [{{a {{canary-password}} {{a {{}}]",
            DUPLICATE,
            "fix the error that kubectl reports",
        ),
        (
            'error: context "staging" does not exist',
            "kubectl has no context `staging`; it has `a b`, `c: d`",
            "name one of them in the context's `targets`: `kubernetes: {kube_context: a b}`",
        ),
    ],
)
def test_errors_of_a_configuration(
    printed: str, message: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No user's password is printed, and names of contexts may have blanks."""
    with cluster(tmp_path, VERSION, "", monkeypatch) as target:
        (tmp_path / "error").write_text(printed, encoding="utf-8")
        (tmp_path / "kubectl").write_text(CONTEXTS.format(folder=tmp_path), encoding="utf-8")
        with pytest.raises(UserError) as error:
            target.preflight()
    assert (error.value.message, error.value.hint) == (f"kubernetes staging: {message}", hint)

"""Runs that are killed, fail or overlap: no file is partly written, and the next run finishes."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.outputs.conftest import track
from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.outputs import DriftKind, abandoned, compare, write

OLD = {"g/same": "same\n", "g/changed": "old\n" * 999, "g/gone": "gone\n", "x/y/gone": "gone\n"}
NEW = {"g/same": "same\n", "g/changed": "new\n" * 999, "g/new": "new\n", "n/o/new": "new\n"}
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
posix_only = pytest.mark.skipif(os.name == "nt", reason="signals and limits of POSIX")

# Writes texts into a folder. At the Nth file system operation, reads included, it is killed, or the operation
# fails with a full disk. With failures, reads of a file's status count as operations too.
RUN = """
import errno, json, os, signal, sys
from pathlib import Path, PurePosixPath
from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.outputs import Rendering, write

root, texts, at, how = Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
artifacts = tuple(Artifact(PurePosixPath(path), text, "rules") for path, text in texts.items())
events = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.listdir", "os.scandir"}
count = 0

def step():
    global count
    count += 1
    if count == at and how == "kill":
        os.kill(os.getpid(), signal.SIGKILL) if os.name != "nt" else os._exit(9)
    if count == at and how == "fail":
        raise OSError(errno.ENOSPC, "No space left on device")

def listen(event, arguments):
    if event in events and str(arguments[0]).startswith(str(root)):
        step()

def counted(function):
    def call(*arguments, **options):
        step()
        return function(*arguments, **options)
    return call

sys.addaudithook(listen)
os.fsync = counted(os.fsync)
if how == "fail":
    os.stat, os.lstat = counted(os.stat), counted(os.lstat)
try:
    report = write(root, [Rendering(PurePosixPath("specs/a.yaml"), artifacts)], complete=True)
except UserError as error:
    sys.exit(f"UserError: {error.message}; {error.hint}")
print("through" if count < at else "finished all the same", *report.findings)
"""


def run(root: Path, texts: dict[str, str], at: int, how: str) -> subprocess.CompletedProcess[str]:
    """Run RUN in a process of its own."""
    command = [sys.executable, "-c", RUN, str(root), json.dumps(texts), str(at), how]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def files(root: Path) -> dict[str, str]:
    """Return the files under `root` with their texts, without lists and temporary files."""
    found = (path for path in root.rglob("*") if path.is_file() and path.suffix not in (".list", ".tmp"))
    return {path.relative_to(root).as_posix(): path.read_bytes().decode() for path in found}


def assert_whole(root: Path) -> None:
    """Assert that every file is entirely old or entirely new, and that the unchanged file exists."""
    now = files(root)
    assert {path: text for path, text in now.items() if text not in (OLD.get(path), NEW.get(path))} == {}
    assert {"g/same", "g/changed"} <= now.keys()


def interrupted(root: Path, render, how: str) -> Iterator[subprocess.CompletedProcess[str]]:
    """Yield runs from OLD to NEW, each interrupted one step later, until one is not interrupted.

    Git can restore every file of both.
    """
    for texts in (NEW, OLD):
        write(root, [render(texts)], complete=True)
        track(root)
    at = 0
    while True:
        at += 1
        write(root, [render(OLD)], complete=True)
        process = run(root, NEW, at, how)
        if process.stdout == "through\n":
            assert at > 30  # otherwise the steps are not counted
            return
        assert at < 1000, process.stderr  # or it fails at something else, and never gets through
        yield process


def test_killed_anywhere(root, render):
    """A killed run leaves no partly written file, `compare` reports it, and the next run finishes it."""
    seen: set[object] = set()
    for process in interrupted(root, render, "kill"):
        assert process.returncode in (-9, 9), process.stderr
        assert_whole(root)
        drifts = compare(root, [render(NEW)], complete=True)
        seen.update(drift.kind for drift in drifts)
        left = files(root) != NEW or list(root.rglob("*.tmp")) != []
        assert drifts or not left
        assert DriftKind.FOREIGN not in seen
        assert write(root, [render(NEW)], complete=True).findings == ()
        assert (files(root), compare(root, [render(NEW)], complete=True)) == (NEW, [])
        assert list(root.rglob("*.tmp")) == []
    assert seen == {DriftKind.LOST, DriftKind.DIFFERS, DriftKind.ORPHAN, DriftKind.UNFINISHED}


def test_killed_then_changed(root, render):
    """If the spec changes again after a kill, the next run finishes, and no file is left over."""
    third = {"g/changed": "third\n", "z": "third\n"}
    write(root, [render(third)], complete=True)
    track(root)
    for _ in interrupted(root, render, "kill"):
        kinds = {drift.kind for drift in compare(root, [render(third)], complete=True)}
        assert kinds <= {DriftKind.LOST, DriftKind.DIFFERS, DriftKind.ORPHAN, DriftKind.UNFINISHED}
        assert write(root, [render(third)], complete=True).findings == ()
        assert files(root) == third
        assert list(root.rglob("*.tmp")) == []


def test_fails_anywhere(root, render):
    """Any failing system call becomes a `UserError` with a path; no temporary file remains."""
    for process in interrupted(root, render, "fail"):
        if process.returncode:
            assert process.stderr.startswith("UserError: cannot "), process.stderr
            assert f"`{root}" in process.stderr
            assert "free some space" in process.stderr
        else:
            assert process.stdout == "finished all the same\n"
            assert files(root) == NEW
        assert_whole(root)
        assert list(root.rglob("*.tmp")) == []
        write(root, [render(NEW)], complete=True)
        assert (files(root), compare(root, [render(NEW)], complete=True)) == (NEW, [])


@posix_only
def test_half_written(root, render):
    """A file that is too large for the limit leaves every file unchanged."""
    import resource  # noqa: PLC0415 - missing on Windows

    write(root, [render(OLD)], complete=True)
    before = files(root)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(UserError, match=r"cannot write `.*changed`: File too large"):
            write(root, [render(NEW)], complete=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert (files(root), list(root.rglob("*.tmp"))) == (before, [])


@pytest.mark.parametrize(
    ("number", "step"),
    [
        (errno.EACCES, "accessible to you"),
        (errno.EROFS, "accessible to you"),
        (errno.ENAMETOOLONG, "a shorter path"),
    ],
)
def test_hint(root, render, monkeypatch, number, step):
    """The hint fits the error of the system."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(UserError) as caught:
        write(root, [render(NEW)], complete=True)
    assert step in caught.value.hint
    assert os.strerror(number) in caught.value.message


@posix_only
def test_folder_without_permission(ordinary_folder, render):
    """A folder without write permission stops the run before any file has changed."""
    root = ordinary_folder
    write(root, [render(OLD)], complete=True)
    (root / "n").mkdir(mode=0o555)
    before = files(root)
    with pytest.raises(UserError, match="cannot write"):
        write(root, [render(NEW)], complete=True)
    assert files(root) == before


@pytest.mark.parametrize(
    ("vanishes", "times"), [("temporary file", 3), ("folder", 3), ("folder as it is made", 1)]
)
def test_taken_by_another_run(root, render, monkeypatch, vanishes, times):
    """A temporary file or a new folder that another run removes is created again."""
    rename, create, is_dir = Path.replace, Path.open, Path.is_dir
    taken: list[Path] = []

    def late_rename(self: Path, target: Path) -> Path:
        if vanishes == "temporary file" and len(taken) < times:
            taken.append(self)
            self.unlink()
        return rename(self, target)

    def late_open(self: Path, *arguments: Any, **options: Any) -> Any:
        if vanishes == "folder" and self.suffix == ".tmp" and len(taken) < times:
            taken.append(self)
            self.parent.rmdir()
        return create(self, *arguments, **options)

    def late_look(self: Path) -> bool:  # `mkdir` calls it after FileExistsError
        if vanishes == "folder as it is made" and self.name == "g" and len(taken) < times:
            taken.append(self)
            self.rmdir()
        return is_dir(self)

    if vanishes == "folder as it is made":
        (root / "g").mkdir()
        monkeypatch.setattr(Path, "is_dir", late_look)
    monkeypatch.setattr(Path, "replace", late_rename)
    monkeypatch.setattr(Path, "open", late_open)
    write(root, [render({"g/a": "1\n"})], complete=True)
    monkeypatch.undo()
    assert (len(taken), files(root)) == (times, {"g/a": "1\n"})
    assert compare(root, [render({"g/a": "1\n"})], complete=True) == []


def test_list_missed_in_its_folder(root, render, monkeypatch):
    """A run finds its spec's list by name, since listing a folder may miss a file that is being replaced."""
    write(root, [render(OLD)], complete=True)
    track(root)
    monkeypatch.setattr(os, "walk", lambda *_, **__: [])
    assert compare(root, [render(OLD)], complete=True) == []
    assert write(root, [render(NEW)], complete=True).findings == ()
    assert files(root) == NEW


MANY = """
import json, sys
from pathlib import Path, PurePosixPath
from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.outputs import Rendering, compare, write

root, versions = Path(sys.argv[1]), json.loads(sys.argv[2])
for texts in versions * 20:
    artifacts = tuple(Artifact(PurePosixPath(path), text, "rules") for path, text in texts.items())
    rendering = Rendering(PurePosixPath("specs/a.yaml"), artifacts)
    compare(root, [rendering], complete=True)
    assert not write(root, [rendering], complete=True).refused
"""


def test_many_at_once(root, render):
    """Simultaneous runs with two versions of a spec never fail and never leave a partly written file."""
    for texts in (NEW, OLD):
        write(root, [render(texts)], complete=True)
        track(root)
    command = [sys.executable, "-c", MANY, str(root), json.dumps([OLD, NEW])]
    writers = [
        subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    while any(writer.poll() is None for writer in writers):
        for path in ("g/same", "g/changed"):
            assert (root / path).read_bytes().decode() in (OLD[path], NEW[path])
    assert [writer.communicate()[1] for writer in writers] == [""] * 4
    write(root, [render(NEW)], complete=True)
    assert (files(root), compare(root, [render(NEW)], complete=True)) == (NEW, [])
    assert list(root.rglob("*.tmp")) == []
    assert [PurePosixPath("specs/a.yaml")] == [each.spec for each in abandoned(root, root)]

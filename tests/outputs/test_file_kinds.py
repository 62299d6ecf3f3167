"""Rendered files that have more than their text: attributes, links, mounts. A run keeps it, killed or not."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.file_kinds import KINDS, Kind, killed, made, mounted, open_folder, state
from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.base.file_state import FileState
from victor_monitoring.base.replacement import overwrite, recover
from victor_monitoring.outputs import compare, write

pytestmark = pytest.mark.skipif(os.name == "nt", reason="attributes and mounts of POSIX")
OLD, NEW = "old\n" * 99, "new\n" * 77


@pytest.fixture
def root(monkeypatch):
    """Yield an empty repository that any user may enter; copies that fit nowhere else are in `state`."""
    with open_folder() as folder:
        (folder / "state").mkdir()
        (folder / "state").chmod(0o777)
        monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
        yield folder


def prepared(root: Path, render) -> Path:
    """Return a rendered file with the text OLD."""
    write(root, [render({"g/a": OLD})], complete=True)
    path: Path = root / "g" / "a"
    return path


def assert_replaced(kind: Kind, was: FileState, path: Path, others: list[Path]) -> None:
    """Assert that the file has the text NEW and everything else as before, and so have its other paths."""
    now = state(path)
    kept = was.inode if kind.keeps_inode else now.inode
    assert now == replace(was, content=NEW.encode(), inode=kept)
    assert [each.read_text() for each in others] == [NEW] * len(others)
    assert list(path.parent.parent.rglob("*.tmp")) == []


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_written(root, render, kind) -> None:
    """A rendered file keeps mode, owner, group, ACL and attributes; links and mounts have the new text."""
    path = prepared(root, render)
    with made(kind, path) as others:
        was = state(path)
        assert write(root, [render({"g/a": NEW})], complete=True).findings == ()
        assert_replaced(kind, was, path, others)
        assert compare(root, [render({"g/a": NEW})], complete=True) == []


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_killed(root, render, kind) -> None:
    """After a kill in the middle of a write, the next run writes the file, with everything else as before."""
    path = prepared(root, render)
    with made(kind, path) as others:
        was = state(path)
        killed(lambda: write(root, [render({"g/a": NEW})], complete=True))
        assert (path.read_text() == OLD) == (not kind.keeps_inode)
        assert write(root, [render({"g/a": NEW})], complete=True).findings == ()
        assert_replaced(kind, was, path, others)


def test_list_written_in_part(root, render) -> None:
    """A list that a killed run wrote in part is restored: the paths of orphans are still removed."""
    prepared(root, render)
    listed = root / "generated/.victor-mon/specs/a.yaml.list"
    (root / "link").hardlink_to(listed)
    texts = {"another/path/of/a/file": NEW, "b": NEW}
    killed(lambda: write(root, [render(texts)], complete=True))
    assert "g/a" not in listed.read_text()
    write(root, [render(texts)], complete=True, force=True)
    assert not (root / "g/a").exists()
    assert listed.read_text() == "1\nanother/path/of/a/file\nb\n"


@pytest.mark.parametrize(("old", "new"), [(b"old: 1\n", b"new: 22\nx\n"), (b"new: 22\nx\n", b"old: 1\n")])
def test_recovered_at_every_byte(root, monkeypatch, old, new) -> None:
    """A file of which any number of bytes were written before the kill is restored as it was."""
    path = root / "a"
    for count in range(len(new) + 1):
        path.write_bytes(old)
        part = new[:count] + old[count:]
        killed(lambda: overwrite(path, new))
        path.write_bytes(part)
        assert recover(path) == (part not in (old, new))
        assert path.read_bytes() == (new if part == new else old)
        assert (recover(path), list(root.glob(".*"))) == (False, [])


def test_changed_since_the_kill(root) -> None:
    """A file that was edited after a kill is left alone, and the error names the copy with the old text."""
    path = root / "a"
    path.write_text(OLD)
    killed(lambda: overwrite(path, NEW.encode()))
    path.write_text("mine\n")
    with pytest.raises(UserError, match="has changed since") as caught:
        recover(path)
    copy = Path(caught.value.hint.split("`")[1])
    assert (path.read_text(), copy.read_text()) == ("mine\n", OLD)
    assert copy.stat().st_mode & 0o777 == 0o600


def test_full_disk_in_place(root, monkeypatch) -> None:
    """If a write in place fails, the old text is written back, and no copy remains."""
    path = root / "a"
    path.write_text(OLD)
    fsync, calls = os.fsync, []

    def full_at_the_file(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:  # after the two copies
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full_at_the_file)
    with pytest.raises(UserError, match="No space left"):
        overwrite(path, NEW.encode())
    assert (path.read_text(), list(root.glob(".*"))) == (OLD, [])


def test_read_only_mount(root, render) -> None:
    """A file that is mounted read-only is an error, and unchanged."""
    path = prepared(root, render)
    source = path.with_name("source")
    path.rename(source)
    path.touch()
    with mounted(source, path, "ro"), pytest.raises(UserError, match=r"cannot write `.*a`"):
        write(root, [render({"g/a": NEW})], complete=True)
    assert source.read_text() == OLD

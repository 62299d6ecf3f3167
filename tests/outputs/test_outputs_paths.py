"""Paths that are refused: outside the root, through links, taken by another file, or rendered twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from victor_monitoring.outputs import DriftKind, compare, write

posix_only = pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Return every path below `folder`, files with their content."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "g/../../x",
        "/tmp/x",
        ".",
        "..\\x",
        "C:/x",
        "a\tb",
        "a\nb",
        "a\0b",
        "a\udcffb",
        ".git/hooks/post-checkout",
        "sub/.GIT/config",
        "specs/a.yaml",
        "generated/.victor-mon/specs/b.yaml.list",
        "Generated/.Victor-mon/x",
        "g/.victor-mon-0123456789abcdef.tmp",
    ],
)
def test_unfit(tmp_path, root, render, path):
    """A path that leaves the root, is no valid file name or is reserved is refused; no file is written."""
    rendering = render({"good": "1\n", path: "1\n"})
    for force in (False, True):
        report = write(root, [rendering], complete=True, force=force)
        assert [finding.kind for finding in report.findings] == [DriftKind.BLOCKED]
    assert {drift.kind for drift in compare(root, [rendering], complete=True)} == {
        DriftKind.BLOCKED,
        DriftKind.LOST,
    }
    assert list(tmp_path.iterdir()) == [root]
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("path", ["x/y", "x"])
def test_something_there(root, render, path):
    """A folder at a file's path, or a file at a folder's path, is refused and left unchanged."""
    if path == "x":
        (root / "x").mkdir()
        (root / "x" / "mine").touch()
    else:
        (root / "x").write_text("mine\n")
    before = snapshot(root)
    report = write(root, [render({"a": "1\n", path: "1\n"})], complete=True, force=True)
    assert [(str(finding.path), finding.kind) for finding in report.findings] == [(path, DriftKind.BLOCKED)]
    assert snapshot(root) == before


@posix_only
@pytest.mark.parametrize("link", ["g", "g/in", "g/in/file", "generated", "generated/.victor-mon"])
@pytest.mark.parametrize("dangling", [False, True])
def test_link_refused(tmp_path, root, render, link, dangling):
    """Nothing is written through a link, be it a parent folder, the file itself or the list's folder."""
    outside = tmp_path / "outside"
    if not dangling:
        outside.mkdir()
    (root / link).parent.mkdir(parents=True, exist_ok=True)
    (root / link).symlink_to(outside)
    report = write(root, [render({"g/in/file": "1\n"})], complete=True, force=True)
    assert [finding.kind for finding in report.findings] == [DriftKind.BLOCKED]
    assert f"goes through the link `{link}`" in report.findings[0].message
    assert snapshot(outside) == {}
    assert [path for path in root.rglob("*") if path.is_file()] == []


@posix_only
@pytest.mark.parametrize("inside", [False, True])
def test_orphan_behind_link(tmp_path, root, render, inside):
    """An orphan whose folder has become a link is kept: the link's target may belong to someone else."""
    write(root, [render({"a": "1\n", "g/b": "1\n"})], complete=True)
    (root / "g").rename(target := (root if inside else tmp_path) / "moved")
    (root / "g").symlink_to(target)
    drifts = compare(root, [render({"a": "1\n"})], complete=True)
    report = write(root, [render({"a": "1\n"})], complete=True)
    assert [(str(each.path), each.kind) for each in drifts] == [("g/b", DriftKind.KEPT)]
    assert report.findings == tuple(drifts)
    assert (target / "b").read_text() == "1\n"


@posix_only
def test_orphan_is_link(tmp_path, root, render):
    """An orphan that has become a link is kept, and so is its target."""
    write(root, [render({"a": "1\n", "b": "1\n"})], complete=True)
    (root / "b").rename(tmp_path / "b")
    (root / "b").symlink_to(tmp_path / "b")
    report = write(root, [render({"a": "1\n"})], complete=True)
    assert [finding.kind for finding in report.findings] == [DriftKind.KEPT]
    assert (root / "b").is_symlink()
    assert (tmp_path / "b").read_text() == "1\n"


@posix_only
def test_root_behind_link(tmp_path, root, render):
    """The root itself may be reached through a link."""
    (tmp_path / "link").symlink_to(root)
    assert write(tmp_path / "link", [render({"g/a": "1\n"})], complete=True).findings == ()
    assert compare(root, [render({"g/a": "1\n"})], complete=True) == []


@pytest.mark.parametrize(
    "path", ["../outside", ".git/HEAD", "generated/.victor-mon/specs/o.yaml.list", "{tmp}/outside"]
)
def test_list_names_others(tmp_path, root, render, path):
    """A file outside the root, a file of git or another list is not removed when a list names it."""
    path = path.format(tmp=tmp_path)
    write(root, [render({"a": "1\n", "v": "1\n"})], complete=True)
    victim = root / path
    victim.parent.mkdir(parents=True, exist_ok=True)
    victim.write_bytes(b"1\n")
    listing = root / "generated/.victor-mon/specs/a.yaml.list"
    listing.write_text(listing.read_text().replace("v\n", f"{path}\n"))
    report = write(root, [render({"a": "1\n"})], complete=True)
    assert [(str(finding.path), finding.kind) for finding in report.findings] == [(path, DriftKind.KEPT)]
    assert victim.read_bytes() == b"1\n"


def test_folder_replaces_orphan(root, render):
    """An orphan whose path has become a folder loses its entry in the list; the folder is not removed."""
    write(root, [render({"a": "1\n", "b": "1\n"})], complete=True)
    (root / "b").unlink()
    (root / "b").mkdir()
    (root / "b" / "mine").touch()
    assert write(root, [render({"a": "1\n"})], complete=True).findings == ()
    assert compare(root, [render({"a": "1\n"})], complete=True) == []
    assert (root / "b" / "mine").exists()


@pytest.mark.parametrize("others", [["a"], ["A"], ["a/b"], ["\u0041\u030a", "\u00c5"]])
def test_clash(root, render, others):
    """Artifacts with equal paths, paths that differ only by case, or one within the other are refused."""
    first, *rest = [{"a": "1\n"}, *({other: "1\n"} for other in others)]
    renderings = [render(first), *(render(each, f"specs/{n}.yaml") for n, each in enumerate(rest))]
    report = write(root, renderings, complete=True, force=True)
    assert [finding.kind for finding in report.findings] == [DriftKind.CLASH]
    assert list(root.iterdir()) == []


def test_clash_in_one_spec(root, render):
    """One spec that renders a path twice is refused too."""
    rendering = render({"a": "1\n"})
    twice = type(rendering)(rendering.spec, rendering.artifacts * 2)
    report = write(root, [twice], complete=True)
    assert [finding.message for finding in report.findings] == ["`a` is rendered twice: by `specs/a.yaml`"]


@pytest.mark.parametrize("spec", ["../a.yaml", "/a.yaml"])
def test_spec_outside(tmp_path, root, render, spec):
    """A spec whose path leaves the root is refused, since its list would be outside the root."""
    report = write(root, [render({"a": "1\n"}, spec)], complete=True)
    assert [finding.kind for finding in report.findings] == [DriftKind.BLOCKED]
    assert list(tmp_path.iterdir()) == [root]

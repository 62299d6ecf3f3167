"""`write`: the files that it writes, leaves unchanged, removes and refuses."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from tests.git import git
from tests.outputs.conftest import track
from victor_monitoring.outputs import FORMAT, DriftKind, WriteReport, abandoned, compare, write

LIST = "generated/.victor-mon/specs/a.yaml.list"
posix_only = pytest.mark.skipif(os.name == "nt", reason="modes and links of POSIX")


def files(root: Path) -> dict[str, str]:
    """Return every file under `root` with its text, decoded from bytes, without lists."""
    found = (path for path in root.rglob("*") if path.is_file() and path.suffix != ".list")
    return {path.relative_to(root).as_posix(): path.read_bytes().decode() for path in found}


def kinds(report: WriteReport) -> list[tuple[str, DriftKind]]:
    """Return the findings of a report as pairs of path and kind."""
    return [(str(finding.path), finding.kind) for finding in report.findings]


def test_files_and_list(root, render):
    """The files contain their texts byte for byte; the list has the format number and the paths in order."""
    texts = {"generated/b.yaml": "größe: 1\n", "deployment/x/a.yaml": "a\n"}
    report = write(root, [render(texts)], complete=True)
    assert files(root) == texts
    assert (root / LIST).read_bytes().decode().split("\n") == [str(FORMAT), *texts, ""]
    assert report == WriteReport(
        written=(PurePosixPath("deployment/x/a.yaml"), PurePosixPath("generated/b.yaml"))
    )


def test_unchanged_untouched(root, render):
    """A run that changes one file leaves the inode and the times of the others, and a second run all."""
    write(root, [render({"a": "1\n", "b": "1\n"})], complete=True)
    os.utime(root / "a", ns=(1, 1))
    before = (root / "a").stat()
    report = write(root, [render({"a": "1\n", "b": "2\n"})], complete=True)
    assert (report.written, report.unchanged) == ((PurePosixPath("b"),), (PurePosixPath("a"),))
    assert ((root / "a").stat().st_mtime_ns, (root / "a").stat().st_ino) == (1, before.st_ino)
    every = marks(root)
    write(root, [render({"a": "1\n", "b": "2\n"})], complete=True)
    assert marks(root) == every


def marks(root: Path) -> dict[Path, tuple[int, ...]]:
    """Return the attributes of each file and folder that a write changes and a read does not."""
    stats = {path: path.stat() for path in root.rglob("*")}
    return {path: (s.st_ino, s.st_mode, s.st_mtime_ns, s.st_ctime_ns) for path, s in stats.items()}


def test_replaced_by_rename(root, render):
    """A changed file is replaced by rename: a reader that has opened the old file still reads all of it."""
    write(root, [render({"a": "1\n"})], complete=True)
    with (root / "a").open() as reader:
        write(root, [render({"a": "2\n"})], complete=True)
        assert reader.read() == "1\n"
    assert files(root) == {"a": "2\n"}


def test_orphan_removed(root, render):
    """A file that is no longer rendered is removed, with folders that become empty; other files remain."""
    write(root, [render({"g/a": "1\n", "g/x/y/b": "1\n", "k/c": "1\n"})], complete=True)
    (root / "k" / "mine").write_text("mine\n")
    track(root)
    report = write(root, [render({"g/a": "1\n"})], complete=True)
    assert report.removed == (PurePosixPath("g/x/y/b"), PurePosixPath("k/c"))
    assert files(root) == {"g/a": "1\n", "k/mine": "mine\n"}
    assert not (root / "g" / "x").exists()
    assert compare(root, [render({"g/a": "1\n"})], complete=True) == []


def test_nothing_rendered(root, render):
    """If a spec renders nothing any more, its files and its list are removed, but not the root."""
    write(root, [render({"g/a": "1\n"})], complete=True)
    track(root)
    write(root, [render({})], complete=True)
    assert (root.exists(), list(root.iterdir())) == (True, [])


@pytest.mark.parametrize("state", ["no repository", "untracked", "edited", "intended", "in conflict"])
def test_orphan_that_git_cannot_restore(root, render, state):
    """Such an orphan is kept and reported by every run, until it is deleted by hand."""
    write(root, [render({"a": "1\n", "b": "1\n"})], complete=True)
    if state != "no repository":
        track(root)
    if state == "edited":
        (root / "b").write_text("mine\n")
    elif state != "no repository":
        git(root, "rm", "--cached", "--quiet", "b")
    if state == "intended":
        git(root, "add", "--intent-to-add", "b")
    if state == "in conflict":
        blob = git(root, "hash-object", "-w", "b").strip()
        stages = "".join(f"100644 {blob} {stage}\trepo/b\n" for stage in (1, 2, 3))
        git(root, "update-index", "--index-info", text=stages)
    kept = files(root)["b"]
    for _ in range(2):
        report = write(root, [render({"a": "1\n"})], complete=True)
        assert kinds(report) == [("b", DriftKind.KEPT)]
        assert "`victor-mon generate` with `--force`" in report.findings[0].hint
        assert (report.refused, files(root)["b"]) == (False, kept)
        assert [drift.kind for drift in compare(root, [render({"a": "1\n"})], complete=True)] == [
            DriftKind.KEPT
        ]
    (root / "b").unlink()
    assert write(root, [render({"a": "1\n"})], complete=True).findings == ()
    assert compare(root, [render({"a": "1\n"})], complete=True) == []


def test_orphan_removed_by_force(root, render):
    """With `force` an orphan is removed that git cannot restore."""
    write(root, [render({"a": "1\n", "b": "1\n"})], complete=True)
    report = write(root, [render({"a": "1\n"})], complete=True, force=True)
    assert (report.removed, report.findings) == ((PurePosixPath("b"),), ())
    assert files(root) == {"a": "1\n"}


def test_orphan_with_line_ends_of_git(root, render):
    """An orphan whose line ends git converts in the working tree is unchanged to git, so it is removed."""
    write(root, [render({"a": "1\n", "b": "1\n"})], complete=True)
    (root / ".gitattributes").write_text("b text eol=crlf\n")
    track(root)
    (root / "b").unlink()
    git(root, "checkout", "--quiet", "--", "b")
    assert (root / "b").read_bytes() == b"1\r\n"
    assert write(root, [render({"a": "1\n"})], complete=True).removed == (PurePosixPath("b"),)


def test_orphan_without_git(root, render, monkeypatch):
    """Where git cannot be run an orphan is kept."""
    write(root, [render({"a": "1\n", "b": "1\n"})], complete=True)
    track(root)
    monkeypatch.setenv("PATH", "")
    assert kinds(write(root, [render({"a": "1\n"})], complete=True)) == [("b", DriftKind.KEPT)]


def test_partial_run(root, render):
    """A partial run removes no file or list entry; the next complete run removes the orphans."""
    write(root, [render({"a": "1\n", "b": "1\n"})], complete=True)
    assert write(root, [render({"b": "2\n", "c": "1\n"})], complete=False).removed == ()
    assert files(root) == {"a": "1\n", "b": "2\n", "c": "1\n"}
    assert compare(root, [render({"b": "2\n", "c": "1\n"})], complete=False) == []
    track(root)
    report = write(root, [render({"c": "1\n"})], complete=True)
    assert report.removed == (PurePosixPath("a"), PurePosixPath("b"))


def test_other_lists_untouched(root, render):
    """A run touches neither files nor lists of a spec that it was not given."""
    other = render({"o": "1\n"}, spec="specs/o.yaml")
    write(root, [render({"a": "1\n"}), other], complete=True)
    track(root)
    content = (root / "generated/.victor-mon/specs/o.yaml.list").read_bytes()
    write(root, [render({"b": "1\n"})], complete=True)
    assert (root / "generated/.victor-mon/specs/o.yaml.list").read_bytes() == content
    assert files(root) == {"b": "1\n", "o": "1\n"}


def test_moved_between_specs(root, render):
    """A path that moves to another spec in one run is neither refused nor removed as an orphan."""
    write(root, [render({"a": "1\n", "m": "1\n"}), render({"o": "1\n"}, "specs/o.yaml")], complete=True)
    moved = [render({"a": "1\n"}), render({"o": "1\n", "m": "2\n"}, "specs/o.yaml")]
    assert [(str(drift.path), drift.kind) for drift in compare(root, moved, complete=True)] == [
        (LIST, DriftKind.UNFINISHED),
        ("m", DriftKind.DIFFERS),
    ]
    assert write(root, moved, complete=True).findings == ()
    assert files(root) == {"a": "1\n", "m": "2\n", "o": "1\n"}
    assert compare(root, moved, complete=True) == []


def test_moved_in_partial_run(root, render):
    """In a partial run a path of another spec's list is refused: that spec may still render it."""
    write(root, [render({"a": "1\n", "m": "1\n"}), render({"o": "1\n"}, "specs/o.yaml")], complete=True)
    moved = [render({"a": "1\n"}), render({"m": "2\n"}, "specs/o.yaml")]
    assert kinds(write(root, moved, complete=False)) == [("m", DriftKind.CLAIMED)]


def test_claimed(root, render):
    """A path on the list of a spec that is not in the run is refused, also where the content is equal."""
    write(root, [render({"a": "1\n"})], complete=True)
    other = render({"a": "1\n", "b": "1\n"}, "specs/o.yaml")
    assert kinds(write(root, [other], complete=True, force=True)) == [("a", DriftKind.CLAIMED)]
    assert files(root) == {"a": "1\n"}


def test_orphan_of_two_lists(root, render):
    """An orphan that another spec's list names too is not removed."""
    write(root, [render({"a": "1\n", "b": "1\n"})], complete=True)
    other = root / "generated/.victor-mon/specs/o.yaml.list"
    other.write_bytes((root / LIST).read_bytes())
    assert write(root, [render({"c": "1\n"})], complete=True).removed == ()
    assert files(root) == {"a": "1\n", "b": "1\n", "c": "1\n"}


def test_spec_gone(root, render):
    """The files of a spec that no longer exists are removed like orphans, and so is its list."""
    (root / "specs").mkdir()
    (root / "specs" / "a.yaml").touch()
    here = render({"a": "1\n"})
    write(root, [here, render({"o": "1\n", "p": "1\n"}, "specs/o.yaml")], complete=True)
    track(root)
    (root / "p").write_text("mine\n")
    gone = abandoned(root, root)
    assert [str(each.spec) for each in gone] == ["specs/o.yaml"]
    assert kinds(write(root, [here, *gone], complete=True)) == [("p", DriftKind.KEPT)]
    (root / "p").unlink()
    write(root, [here, *abandoned(root, root)], complete=True)
    assert (files(root), abandoned(root, root)) == ({"a": "1\n", "specs/a.yaml": ""}, [])


def test_spec_renamed(root, render):
    """A renamed spec takes over the files that the list of its old path names."""
    write(root, [render({"a": "1\n", "b": "1\n"})], complete=True)
    track(root)
    renamed = render({"a": "2\n"}, "specs/new.yaml")
    report = write(root, [renamed, *abandoned(root, root)], complete=True)
    assert (report.findings, files(root)) == ((), {"a": "2\n"})
    assert not (root / LIST).exists()


def test_foreign_refused(root, render):
    """A file that no list names is not overwritten, and nothing else is written either."""
    (root / "b").write_text("mine\n")
    report = write(root, [render({"a": "1\n", "b": "1\n"})], complete=True)
    assert (kinds(report), report.refused) == ([("b", DriftKind.FOREIGN)], True)
    assert "--force" in report.findings[0].hint
    assert files(root) == {"b": "mine\n"}
    assert not (root / LIST).exists()


def test_foreign_forced(root, render):
    """With `force` such a file is replaced."""
    (root / "b").write_text("mine\n")
    assert write(root, [render({"b": "1\n"})], complete=True, force=True).findings == ()
    assert files(root) == {"b": "1\n"}


def test_foreign_equal(root, render):
    """A file that no list names but that equals its rendering is added to the list."""
    (root / "b").write_bytes(b"1\n")
    assert write(root, [render({"b": "1\n"})], complete=True).unchanged == (PurePosixPath("b"),)
    assert (root / LIST).read_text() == f"{FORMAT}\nb\n"


def test_hand_edit_undone(root, render):
    """A hand edit of a generated file is undone."""
    write(root, [render({"a": "1\n"})], complete=True)
    (root / "a").write_text("mine\n")
    assert write(root, [render({"a": "1\n"})], complete=True).written == (PurePosixPath("a"),)
    assert files(root) == {"a": "1\n"}


def test_leftover_removed(root, render):
    """A temporary file of an interrupted run is removed; a file with a similar name is not."""
    write(root, [render({"g/a": "1\n"})], complete=True)
    (root / "g/.victor-mon-0123456789abcdef.tmp").touch()
    (root / "g/.victor-mon-mine.tmp").touch()
    write(root, [render({"g/a": "1\n"})], complete=True)
    assert files(root) == {"g/a": "1\n", "g/.victor-mon-mine.tmp": ""}


@posix_only
def test_mode(root, render):
    """A replaced file keeps its mode, read-only included."""
    write(root, [render({"a": "1\n", "b": "1\n"})], complete=True)
    (root / "a").chmod(0o750)
    (root / "b").chmod(0o444)
    write(root, [render({"a": "2\n", "b": "2\n"})], complete=True)
    assert [stat.S_IMODE((root / name).stat().st_mode) for name in "ab"] == [0o750, 0o444]


@posix_only
def test_umask(tmp_path):
    """New files have the mode of the umask, and the same bytes under every umask."""
    script = (
        "import os, sys; from pathlib import Path, PurePosixPath as P\n"
        "from victor_monitoring.base.artifacts import Artifact\n"
        "from victor_monitoring.outputs import Rendering, write\n"
        "os.umask(int(sys.argv[2], 8))\n"
        "rendering = Rendering(P('s.yaml'), (Artifact(P('g/a'), 'ä\\n', 'rules'),))\n"
        "write(Path(sys.argv[1]), [rendering], complete=True)\n"
    )
    trees = []
    for umask, mode in (("022", 0o644), ("077", 0o600)):
        subprocess.run([sys.executable, "-c", script, str(tmp_path / umask), umask], check=True)
        assert stat.S_IMODE((tmp_path / umask / "g/a").stat().st_mode) == mode
        found = (path for path in sorted((tmp_path / umask).rglob("*")) if path.is_file())
        trees.append([(path.relative_to(tmp_path / umask), path.read_bytes()) for path in found])
    assert trees[0] == trees[1]

"""`compare`: each way in which a file differs from its rendering has its own kind and the right diff."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path, PurePosixPath

import pytest

from tests.outputs.conftest import track
from victor_monitoring.base.unified_diff import unified
from victor_monitoring.outputs import Drift, DriftKind, abandoned, compare, write

LIST = "generated/.victor-mon/specs/a.yaml.list"
TEXTS = {"g/a": "1\n2\n3\n", "g/b": "1\n"}


@pytest.fixture
def generated(root, render) -> Path:
    """Return a repository in which TEXTS have been generated from `specs/a.yaml`, and added."""
    write(root, [render(TEXTS)], complete=True)
    track(root)
    return Path(root)


def found(root, *renderings, complete=True) -> list[tuple[str, DriftKind]]:
    """Return the drift that `compare` reports, as pairs of path and kind."""
    return [(str(drift.path), drift.kind) for drift in compare(root, renderings, complete=complete)]


def set_format(root, number: str) -> None:
    path = root / LIST
    path.write_bytes(b"\n".join([number.encode(), *path.read_bytes().split(b"\n")[1:]]))


def test_clean(generated, render):
    """After a run there is nothing to report."""
    assert found(generated, render(TEXTS)) == []


def test_never_generated(root, render):
    """Before the first run each file is missing, and the root need not exist."""
    assert found(root / "new", render(TEXTS)) == [("g/a", DriftKind.LOST), ("g/b", DriftKind.LOST)]


def test_edited(generated, render):
    """A hand edit is reported with the diff that undoes it, and so is the file of a spec that has changed."""
    (generated / "g/a").write_bytes(b"1\nmine\n3\n")
    (drift,) = compare(generated, [render(TEXTS)], complete=True)
    assert (drift.path, drift.kind) == (PurePosixPath("g/a"), DriftKind.DIFFERS)
    assert drift.message == "`g/a` is not what `specs/a.yaml` renders"
    assert "`victor-mon generate`" in drift.hint
    assert drift.diff == "--- a/g/a\n+++ b/g/a\n@@ -1,3 +1,3 @@\n 1\n-mine\n+2\n 3\n"
    (generated / "g/a").write_text(TEXTS["g/a"])
    assert found(generated, render(TEXTS | {"g/a": "new\n"})) == [("g/a", DriftKind.DIFFERS)]


def test_lost_and_orphan(generated, render):
    """A deleted file is lost; one that is no longer rendered is an orphan, also with other drift."""
    (generated / "g/a").unlink()
    assert found(generated, render(TEXTS)) == [("g/a", DriftKind.LOST)]
    assert found(generated, render({"g/a": "1\n2\n3\n"})) == [
        ("g/a", DriftKind.LOST),
        ("g/b", DriftKind.ORPHAN),
    ]


def test_partial(generated, render):
    """A partial comparison reports no orphans, but drift of the given renderings."""
    assert found(generated, render({"g/a": "1\n2\n3\n"}), complete=False) == []
    assert found(generated, render({"g/a": "new\n"}), complete=False) == [("g/a", DriftKind.DIFFERS)]


@pytest.mark.parametrize(
    ("number", "advice"), [("0", "run `victor"), ("2", "install the newer victor-mon, or")]
)
def test_other_format(generated, render, number, advice):
    """Files and list from another output format are reported as such, with or without a difference."""
    set_format(generated, number)
    assert found(generated, render(TEXTS)) == [(LIST, DriftKind.FORMAT)]
    new = render({"g/a": "new\n", "g/b": "1\n"})
    assert found(generated, new) == [("g/a", DriftKind.FORMAT)]
    drift = compare(generated, [new], complete=True)[0]
    assert drift.message == f"`g/a` was generated in output format {number}; this victor-mon writes 1"
    assert drift.hint.startswith(advice)
    write(generated, [new], complete=True)
    assert found(generated, new) == []


def test_leftover(generated, render):
    """A temporary file of an interrupted run is reported, in a listed folder too."""
    (generated / "g/.victor-mon-0123456789abcdef.tmp").touch()
    leftover = ("g/.victor-mon-0123456789abcdef.tmp", DriftKind.UNFINISHED)
    assert found(generated, render(TEXTS)) == [leftover]
    assert leftover in found(generated, render({"other": "1\n"}))


def test_list_missing(generated, render):
    """Without the list equal files are unlisted; one that differs may be the user's own."""
    (generated / LIST).unlink()
    assert found(generated, render(TEXTS)) == [(LIST, DriftKind.UNLISTED)]
    assert found(generated, render(TEXTS | {"g/a": "new\n"})) == [("g/a", DriftKind.FOREIGN)]


def test_list_in_other_order(generated, render):
    """The order of a list means nothing: a run leaves it as it is."""
    other = "\n".join(["1", *reversed(TEXTS), ""]).encode()
    (generated / LIST).write_bytes(other)
    assert found(generated, render(TEXTS)) == []
    write(generated, [render(TEXTS)], complete=True)
    assert (generated / LIST).read_bytes() == other


def test_entry_missing(generated, render):
    """An equal file that the list does not name is reported with the missing line of the list."""
    lines = (generated / LIST).read_bytes().split(b"\n")
    (generated / LIST).write_bytes(b"\n".join(lines[:2] + lines[3:]))
    (drift,) = compare(generated, [render(TEXTS)], complete=True)
    assert (str(drift.path), drift.kind) == (LIST, DriftKind.UNLISTED)
    assert drift.diff.splitlines()[-1] == f"+{lines[2].decode()}"


@pytest.mark.parametrize(
    "junk", [b"", b"\n", b"\xff\xfe\0junk", b"one\n", b"1\ng/a\n\n", b"1\ng/a\tmore\n", b"1" * 5000]
)
def test_list_damaged(generated, render, junk):
    """Any unreadable list is reported as damaged, and a run rewrites it."""
    (generated / LIST).write_bytes(junk)
    assert found(generated, render(TEXTS)) == [(LIST, DriftKind.DAMAGED)]
    write(generated, [render(TEXTS)], complete=True)
    assert found(generated, render(TEXTS)) == []


def test_list_in_conflict(generated, render):
    """A list with both sides of a merge conflict still finds the orphans of both."""
    ours = (generated / LIST).read_text()
    write(generated, [render({"g/a": "other\n", "g/c": "1\n"})], complete=False)
    theirs = (generated / LIST).read_text()
    sides = [
        "1",
        "<<<<<<< ours",
        *ours.split("\n")[1:-1],
        "=======",
        *theirs.split("\n")[1:-1],
        ">>>>>>> theirs",
        "",
    ]
    (generated / LIST).write_text("\n".join(sides))
    track(generated)
    orphans = [("g/a", DriftKind.ORPHAN), ("g/c", DriftKind.ORPHAN)]
    assert found(generated, render({"g/b": "1\n"})) == [*orphans, (LIST, DriftKind.DAMAGED)]
    assert [str(path) for path in write(generated, [render({"g/b": "1\n"})], complete=True).removed] == [
        "g/a",
        "g/c",
    ]


def test_spec_gone(generated, render):
    """The list of a spec that no longer exists is reported with the remaining files."""
    other = render({"o": "1\n"}, "specs/o.yaml")
    write(generated, [other], complete=True)
    (generated / "specs").mkdir()
    (generated / "specs/o.yaml").touch()
    assert found(generated, other, *abandoned(generated, generated)) == [
        ("g/a", DriftKind.ORPHAN),
        ("g/b", DriftKind.ORPHAN),
        (LIST, DriftKind.GONE),
    ]


def test_specs_elsewhere(generated):
    """A spec is looked up in the folder that its path is relative to, not in the files' root."""
    elsewhere = generated.parent / "elsewhere"
    (elsewhere / "specs").mkdir(parents=True)
    (elsewhere / "specs/a.yaml").touch()
    assert abandoned(generated, elsewhere) == []
    assert [str(each.spec) for each in abandoned(generated, generated)] == ["specs/a.yaml"]


def test_crlf(generated, render):
    """A checkout that converted line ends to CRLF is reported as such."""
    (generated / "g/a").write_bytes(b"1\r\n2\r\n3\r\n")
    (drift,) = compare(generated, [render(TEXTS)], complete=True)
    assert (drift.kind, drift.message) == (DriftKind.DIFFERS, "`g/a` has other line ends (CRLF)")
    assert ".gitattributes" in drift.hint


@pytest.mark.parametrize("content", [b"\xff\xfe\n", b"a\0b\n"])
def test_binary(generated, render, content):
    """Binary content has a diff of one line."""
    (generated / "g/a").write_bytes(content)
    (drift,) = compare(generated, [render(TEXTS)], complete=True)
    assert drift.diff == "Binary files a/g/a and b/g/a differ\n"


def test_no_final_newline():
    """A missing last newline shows as other tools show it."""
    drift = Drift(PurePosixPath("a"), DriftKind.DIFFERS, "", "", b"1\n2", b"1\n2\n")
    assert drift.diff == "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n 1\n-2\n\\ No newline at end of file\n+2\n"


def test_diff_from_nothing():
    """The hunk header of an empty file begins at line 0."""
    assert unified(b"", b"1\n", "a") == "--- a/a\n+++ b/a\n@@ -0,0 +1,1 @@\n+1\n"


def test_diff_applies(tmp_path):
    """`git apply` turns the old content into the new one, also with repeated, moved or empty lines."""
    rng = random.Random(1)
    diffs, wanted = [], {}
    for number in range(300):
        old = [
            rng.choice(["", "a", "b\r", "c\x0c", "\u2028", "d", str(rng.randint(0, 99))])
            for _ in range(rng.randint(0, 40))
        ]
        new = [line for line in old if rng.random() < 0.9]
        for _ in range(rng.randint(0, 5)):
            new.insert(rng.randint(0, len(new)), rng.choice(["x", "a", ""]))
        before, after = ("\n".join(each) + rng.choice(["\n", "x"]) for each in (old, new))
        (tmp_path / f"{number}").write_bytes(before.encode())
        diffs.append(unified(before.encode(), after.encode(), f"{number}"))
        wanted[f"{number}"] = after.encode()
    patch = "".join(diffs).encode()
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=tmp_path, input=patch, check=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == wanted


def test_diff_of_much():
    """The diff of 60,000 mostly repeated lines, of which every tenth changes, takes less than 5 seconds."""
    rule = "- alert: A{0}\n  expr: m{0} > 1\n  for: 5m\n  labels:\n    owner: {1}\n" + "    more: x\n" * 5
    old, new = ("".join(rule.format(n, owner) for n in range(6000)).encode() for owner in ("a", "b"))
    start = time.process_time()
    assert unified(old, new, "x").count("\n-") == 6000
    assert time.process_time() - start < 5

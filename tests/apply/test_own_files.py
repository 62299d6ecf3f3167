"""The spec's own files in a directory that also contains files of others."""

from __future__ import annotations

import os
import stat
import threading
from contextlib import ExitStack
from pathlib import Path, PurePath

import pytest

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.apply.environment import ApplyEnvironment
from victor_monitoring.live.apply.files import OwnFiles, put


def test_a_directory_that_may_not_be_read(ordinary_folder: Path) -> None:
    """An unreadable directory is an error and not taken for an empty one; a missing one is empty."""
    rules = ordinary_folder / "rules"
    own = OwnFiles(ordinary_folder, PurePath("rules"), "brew", "brew-prod.yaml")
    assert own.read() == {}
    rules.mkdir()
    (rules / "brew-prod.yaml").write_text("groups: []\n", encoding="utf-8")
    (rules / "other.yaml").write_text("groups: []\n", encoding="utf-8")
    assert own.read() == {"rules/brew-prod.yaml": "groups: []\n"}
    rules.chmod(0o300)
    try:
        with pytest.raises(UserError, match=r"cannot read `.*rules`: Permission denied"):
            own.read()
    finally:
        rules.chmod(0o700)


def test_a_link_that_leads_to_itself(tmp_path: Path) -> None:
    """A link that leads to itself is an error that names it."""
    (tmp_path / "brew-prod.yaml").symlink_to("brew-prod.yaml")
    with pytest.raises(UserError, match=r"brew-prod\.yaml"):
        OwnFiles(tmp_path, PurePath(), "brew", "brew-prod.yaml").read()


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
@pytest.mark.parametrize(
    ("folder_mode", "expected"),
    [(0o755, 0o644), (0o750, 0o640), (0o700, 0o600), (0o744, 0o600), (0o711, 0o600), (0o775, 0o644)],
)
def test_who_may_read_a_folder_may_read_a_new_file(tmp_path: Path, folder_mode: int, expected: int) -> None:
    """A new file gets owner, group and readers of its folder, whatever the mask; nobody else may write it."""
    folder = tmp_path / "rules"
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    folder.chmod(folder_mode)
    mask = os.umask(0o077)
    try:
        put(folder / "brew.yaml", None, "groups: []\n")
    finally:
        os.umask(mask)
    made, around = (folder / "brew.yaml").stat(), folder.stat()
    assert stat.S_IMODE(made.st_mode) == expected
    assert (made.st_uid, made.st_gid) == (around.st_uid, around.st_gid)


def test_a_run_waits_until_another_one_releases_its_folder(tmp_path: Path) -> None:
    """The second run says that it waits, and goes on as soon as the first has released its locks."""
    is_waiting, said = threading.Event(), []

    def say(text: str) -> None:
        said.append(text)
        is_waiting.set()

    with ExitStack() as held:
        first, second = (ApplyEnvironment(tmp_path, say, held, wait=60) for _ in range(2))
        first.hold(tmp_path)
        first.hold(tmp_path)
        waiting = threading.Thread(target=second.hold, args=(tmp_path,))
        waiting.start()
        assert is_waiting.wait(60)
        assert waiting.is_alive()
        first.release()
        waiting.join(60)
        assert not waiting.is_alive()
    assert said == [f"another apply is at work on `{tmp_path}`: waiting for its end, 60 s at most"]

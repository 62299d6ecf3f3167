"""The spec's own files in a directory that also contains files of others."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.apply.files import OwnFiles


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

"""Fixtures of the tests of writing and comparing files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from tests.git import git
from tests.git import track as git_track
from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.outputs import Rendering

Render = Callable[..., Rendering]


@pytest.fixture
def render() -> Render:
    """Return a function that makes a rendering of `specs/a.yaml` (or `spec`) from texts by path."""

    def rendering(texts: dict[str, str], spec: str = "specs/a.yaml") -> Rendering:
        artifacts = (Artifact(PurePosixPath(path), text, "rules") for path, text in texts.items())
        return Rendering(PurePosixPath(spec), tuple(artifacts))

    return rendering


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an empty repository."""
    (tmp_path / "repo").mkdir()
    return tmp_path / "repo"


def track(root: Path) -> None:
    """Add the files under `root` to a git repository, which begins in its parent folder."""
    git(root.parent, "init", "--quiet")
    git_track(root)

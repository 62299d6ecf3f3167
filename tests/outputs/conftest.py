"""What the tests of written and compared files share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.outputs import Rendering

Render = Callable[..., Rendering]


@pytest.fixture
def render() -> Render:
    """A rendering of `specs/a.yaml` (or `spec`) with these texts by path."""

    def rendering(texts: dict[str, str], spec: str = "specs/a.yaml") -> Rendering:
        artifacts = (Artifact(PurePosixPath(path), text, "rules") for path, text in texts.items())
        return Rendering(PurePosixPath(spec), tuple(artifacts))

    return rendering


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty repository."""
    (tmp_path / "repo").mkdir()
    return tmp_path / "repo"

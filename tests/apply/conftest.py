"""Live systems shared by the tests of a file; every test begins with nothing applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.world import World, world


@pytest.fixture(scope="module")
def _live_systems(
    prometheus: Path,
    promtool: Path,
    alertmanager: Path,
    amtool: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world")) as found:
        yield found


@pytest.fixture
def brewery(_live_systems: World) -> World:
    """Return the brewery, with nothing applied."""
    _live_systems.reset()
    return _live_systems

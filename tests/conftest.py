"""What all tests share: the real programs. One that is missing skips its tests, and fails them in CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.programs import MissingProgramError, program

PROGRAMS = {"alertmanager", "amtool", "node", "npm", "prometheus", "promtool"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the flag that updates golden files."""
    parser.addoption(
        "--update-goldens", action="store_true", help="write the golden files anew, then read them"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs a real program, so that `-m "not program"` leaves it out."""
    for item in items:
        if PROGRAMS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("program")


def _needed(name: str) -> Path:
    try:
        return program(name)
    except MissingProgramError as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def promtool() -> Path:
    """The path of promtool."""
    return _needed("promtool")


@pytest.fixture(scope="session")
def prometheus() -> Path:
    """The path of Prometheus."""
    return _needed("prometheus")


@pytest.fixture(scope="session")
def alertmanager() -> Path:
    """The path of Alertmanager."""
    return _needed("alertmanager")


@pytest.fixture(scope="session")
def amtool() -> Path:
    """The path of amtool."""
    return _needed("amtool")


@pytest.fixture(scope="session")
def node() -> Path:
    """The path of node."""
    return _needed("node")


@pytest.fixture(scope="session")
def npm() -> Path:
    """The path of npm."""
    return _needed("npm")

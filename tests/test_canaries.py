"""Detection of a secret in each place to which it may leak."""

from __future__ import annotations

import base64
import io
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.canaries import watched

SECRET = "canary-1"  # noqa: S105 - it opens nothing


def removed(folder: Path) -> None:
    folder.joinpath("file").write_text(SECRET, encoding="utf-8")
    folder.joinpath("file").unlink()


def renamed(folder: Path) -> None:
    folder.joinpath("new").write_text(SECRET, encoding="utf-8")
    folder.joinpath("new").replace(folder / "old")


def cleared(folder: Path) -> None:
    folder.joinpath("below").mkdir()
    folder.joinpath("below", "file").write_text(SECRET, encoding="utf-8")
    shutil.rmtree(folder / "below")


LEAKS: dict[str, Callable[[Path], object]] = {
    "log": lambda _: logging.getLogger("some.library").debug("token %s", SECRET),
    "arguments": lambda _: subprocess.run([sys.executable, "-c", "", SECRET], check=True),
    "file": removed,
    "new": renamed,
    "below/file": cleared,
}


@pytest.mark.parametrize("place", LEAKS)
def test_a_leak(tmp_path: Path, place: str) -> None:
    """A leaked secret is reported with its place."""
    with pytest.raises(AssertionError, match=place), watched():
        LEAKS[place](tmp_path)


@pytest.mark.parametrize("before", ["", "a", "ab", "me:", "admin:"])
def test_a_guise(before: str) -> None:
    """A secret is detected in base64, at every offset of the encoded text."""
    printed = io.StringIO(f"Basic {base64.b64encode((before + SECRET).encode()).decode()}")
    with pytest.raises(AssertionError, match="output"), watched(printed):
        pass


def test_no_secret(tmp_path: Path) -> None:
    """Nothing is reported if no secret leaks."""
    with watched(io.StringIO("all is well")):
        logging.getLogger("some.library").debug("asked")
        subprocess.run([sys.executable, "-c", ""], check=True)
        tmp_path.joinpath("file").touch()
        tmp_path.joinpath("file").unlink()

"""A small spec with short durations."""

from __future__ import annotations

from pathlib import Path

from tests.rules.rendered import compiled_text
from victor_monitoring.app.pipeline import time_scaled
from victor_monitoring.language.resolved.spec import Resolved

PATH = Path(__file__).with_suffix(".yaml")


def kettle(speed: int = 60, old: str = "", new: str = "") -> Resolved:
    """Return base of the kettle at a time scale up to `speed`, with one text of its spec replaced."""
    text = PATH.read_text(encoding="utf-8")
    assert old in text
    return time_scaled(compiled_text(text.replace(old, new)), speed)

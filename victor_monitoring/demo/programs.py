"""The programs of other people that a demonstration runs."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Each program by its names: its own, and Debian's.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "prometheus": ("prometheus",),
    "alertmanager": ("alertmanager", "prometheus-alertmanager"),
}
_BROUGHT_BY: Final[Mapping[str, str]] = {
    "darwin": "brew install prometheus alertmanager",
    "linux": "apt install prometheus prometheus-alertmanager, or https://prometheus.io/download",
}


@dataclass(frozen=True, slots=True)
class Programs:
    """The paths of what is on PATH; None for what is not."""

    prometheus: str | None
    alertmanager: str | None

    @property
    def missing(self) -> list[str]:
        """The names of those that are not there."""
        return [name for name in _NAMES if getattr(self, name) is None]


def find_programs() -> Programs:
    """What is on PATH."""
    found = {
        name: next((path for each in names if (path := shutil.which(each))), None)
        for name, names in _NAMES.items()
    }
    return Programs(**found)


def how_to_install() -> str:
    """What brings the programs to this machine."""
    return _BROUGHT_BY.get(sys.platform, "put the programs of https://prometheus.io/download on PATH")

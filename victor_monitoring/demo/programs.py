"""Prometheus and Alertmanager on PATH."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# The names of each program: its own, and Debian's.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "prometheus": ("prometheus",),
    "alertmanager": ("alertmanager", "prometheus-alertmanager"),
}
_INSTALL_COMMANDS: Final[Mapping[str, str]] = {
    "darwin": "brew install prometheus alertmanager",
    "linux": "apt install prometheus prometheus-alertmanager, or https://prometheus.io/download",
}


@dataclass(frozen=True, slots=True)
class Programs:
    """The path of each program; None if it is not on PATH."""

    prometheus: str | None
    alertmanager: str | None

    @property
    def missing(self) -> list[str]:
        """The names of the programs that are not on PATH."""
        return [name for name in _NAMES if getattr(self, name) is None]


def find_programs() -> Programs:
    """Return the programs that are on PATH."""
    found = {
        name: next((path for each in names if (path := shutil.which(each))), None)
        for name, names in _NAMES.items()
    }
    return Programs(**found)


def how_to_install() -> str:
    """Return the command that installs the programs on this system."""
    return _INSTALL_COMMANDS.get(sys.platform, "put the programs of https://prometheus.io/download on PATH")

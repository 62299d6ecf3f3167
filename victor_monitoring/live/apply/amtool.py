"""The user's own amtool: its version, what it refuses, and where it routes an alert.

Its output is text for readers, and versions differ in what else they print: an exit status counts, and of the
output only the line that the result stands in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.http.response import printable
from victor_monitoring.renderers.alertmanager import matcher_text

if TYPE_CHECKING:
    from victor_monitoring.live.apply.environment import ApplyEnvironment, ProcessResult

_VERSION: Final = re.compile(r"^amtool, version (\d+(?:\.\d+)+)", re.MULTILINE)
_REASON: Final = re.compile(r"FAILED: (.+?)(?: amtool: error: .*)?$")
_REMEDY: Final = "put the amtool of the version of your Alertmanager first on PATH"
_MOST: Final = 300  # characters of a reason


class Amtool:
    """The amtool on PATH; `remedy` returns the hint of an error if it cannot read a configuration."""

    def __init__(self, environment: ApplyEnvironment, remedy: Callable[[], str] = lambda: _REMEDY) -> None:
        self._environment, self._remedy = environment, remedy

    def require(self) -> None:
        """Raise UserError if there is none."""
        self._environment.program("amtool")

    def version(self) -> str:
        """Return its version, ``""`` if it prints none."""
        ran = self._run("--version")  # versions differ in where they print it
        found = _VERSION.search(ran.out) or _VERSION.search(ran.err)
        return found[1] if found else ""

    def refusal(self, config: Path, name: str) -> str:
        """Return its reason to refuse a configuration, which is called `name`; ``""`` if it accepts it."""
        ran = self._run("check-config", str(config))
        return self._reason(ran, config, name) if ran.status else ""

    def receivers(self, config: Path, labels: Mapping[str, str], name: str) -> frozenset[str]:
        """Return the receivers that an alert with these labels reaches by a configuration, called `name`.

        Raises:
            UserError: it cannot read the configuration or the labels.
        """
        given = (matcher_text(label, "=", value) for label, value in labels.items())
        ran = self._run("config", "routes", "test", f"--config.file={config}", *given)
        lines = ran.out.splitlines()
        if ran.status or not lines:
            message = f"amtool cannot route alerts by `{name}`: {self._reason(ran, config, name)}"
            raise UserError(message, self._remedy())
        return frozenset(lines[-1].split(","))

    def _run(self, *arguments: str) -> ProcessResult:
        return self._environment.run([self._environment.program("amtool"), *arguments])

    def _reason(self, ran: ProcessResult, config: Path, name: str) -> str:
        printed = " ".join(f"{ran.out} {ran.err}".replace(str(config), name).split())
        found = _REASON.search(printed)
        reason = found[1] if found else printed or f"it ended with status {ran.status}"
        return printable(self._environment.redactor(reason), _MOST)

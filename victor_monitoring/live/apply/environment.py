"""What a target reaches the world by: HTTP, programs, secrets, locks, and a voice."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.live.secrets import Redactor, Secret, SecretSource, read_secret

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # then there are no locks; what was read is compared all the same

_INSTALLED_BY: Final = {
    "promtool": "it comes with Prometheus: https://prometheus.io/download",
    "amtool": "it comes with Alertmanager: https://prometheus.io/download",
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
}


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """How a program ended, and what it printed: to be read, since a secret may be a word of it."""

    status: int
    out: str = field(repr=False)
    err: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApplyEnvironment:
    """The means of one run. `held` keeps locks until its end, `say` tells progress, `patience` is seconds.

    `root` is the folder that paths of the spec are relative to. With `force`, what others changed is
    overwritten.
    """

    root: Path
    say: Callable[[str], None]
    held: ExitStack
    redactor: Redactor = field(default_factory=Redactor)
    force: bool = False
    patience: float = 10.0
    _locked: set[tuple[int, int]] = field(default_factory=set, repr=False)

    def secret(self, source: SecretSource) -> Secret:
        """The secret, redacted from now on."""
        return read_secret(source, self.root, self.redactor)

    def program(self, name: str) -> str:
        """The path of a program on PATH; UserError where there is none."""
        found = shutil.which(name)
        if found is None:
            raise UserError(f"`{name}` is not on PATH", _INSTALLED_BY.get(name, "install it"))
        return found

    def run(
        self, command: Sequence[str], *, stdin: str | None = None, timeout: float = 60.0
    ) -> ProcessResult:
        """The command, run to its end; no secret belongs into it, since everybody sees it."""
        try:
            done = subprocess.run(  # noqa: S603 - a program of the user's own, with arguments as a list
                command,
                input=None if stdin is None else stdin.encode(),
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                check=False,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired:
            message = f"`{Path(command[0]).name}` has not ended within {timeout:g} s"
            raise UserError(message, "is the machine overloaded, or what it asks away?") from None
        except OSError as error:
            raise UserError(
                f"`{command[0]}` cannot be run: {error.strerror}", "mend its installation"
            ) from None
        out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        return ProcessResult(done.returncode, out, err)

    def hold(self, path: Path) -> None:
        """Nobody else applies to this file or folder until the end of the run; UserError if somebody does."""
        if fcntl is None:
            return
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise UserError(f"`{path}` cannot be opened: {error.strerror}", "mend its path") from None
        self.held.callback(os.close, descriptor)
        there = os.fstat(descriptor)
        place = (there.st_dev, there.st_ino)
        if place in self._locked:  # two targets of one run may share a folder
            return
        self._locked.add(place)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another apply is at work on `{path}`"
            raise UserError(message, "run the command again when it has ended") from None
        except OSError:
            return  # a file system without locks

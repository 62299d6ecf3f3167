"""The I/O available to an apply target: programs, secrets, locks, progress messages."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
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
    fcntl = None  # type: ignore[assignment]  # no locks; content is still compared before each write

_INSTALLED_BY: Final = {
    "amtool": "it comes with Alertmanager: https://prometheus.io/download",
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
}

_PAUSE: Final = 0.1  # seconds between two attempts to lock


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """The exit status and output of a program. The output may contain secrets: redact before printing."""

    status: int
    out: str = field(repr=False)
    err: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApplyEnvironment:
    """The environment of one run.

    Paths of the spec are relative to `root`. `say` reports progress. `held` closes connections and releases
    locks at the end of the run. With `force`, changes by others are overwritten. `patience` with a live
    system and the `wait` for another apply are in seconds.
    """

    root: Path
    say: Callable[[str], None]
    held: ExitStack
    redactor: Redactor = field(default_factory=Redactor)
    force: bool = False
    patience: float = 10.0
    wait: float = 0.0
    _locks: dict[tuple[int, int], int] = field(default_factory=dict, repr=False)  # descriptors by inode

    def secret(self, source: SecretSource, *, is_ascii: bool = True) -> Secret:
        """Return the secret, redacted from now on."""
        return read_secret(source, self.root, self.redactor, is_ascii=is_ascii)

    def program(self, name: str) -> str:
        """Return the path of a program on PATH; raise UserError if it is missing."""
        found = shutil.which(name)
        if found is None:
            raise UserError(f"`{name}` is not on PATH", _INSTALLED_BY.get(name, "install it"))
        return found

    def run(
        self, command: Sequence[str], *, stdin: str | None = None, timeout: float = 60.0
    ) -> ProcessResult:
        """Run a command and return its result. Pass no secrets in it: every user sees the arguments."""
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
            message = f"`{Path(command[0]).name}` did not end within {timeout:g} s"
            raise UserError(message, "is the machine overloaded, or the system behind it down?") from None
        except OSError as error:
            raise UserError(
                f"`{command[0]}` cannot be run: {error.strerror}", "repair its installation"
            ) from None
        out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        return ProcessResult(done.returncode, out, err)

    def hold(self, path: Path) -> None:
        """Lock a file or folder until `release` or the end of the run.

        Raise UserError if another apply holds the lock for longer than `wait` seconds.
        """
        if fcntl is None:
            return
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise UserError(f"`{path}` cannot be opened: {error.strerror}", "correct its path") from None
        status = os.fstat(descriptor)
        inode = (status.st_dev, status.st_ino)
        if inode in self._locks:  # two targets of one run may share a folder
            os.close(descriptor)
            return
        if not self._locks:
            self.held.callback(self.release)
        self._locks[inode] = descriptor
        deadline, is_reported = time.monotonic() + self.wait, False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"another apply is at work on `{path}`"
                if time.monotonic() >= deadline:
                    hint = "run the command again when it has ended, or wait longer for it: --wait SECONDS"
                    raise UserError(message, hint) from None
                if not is_reported:
                    is_reported = True
                    self.say(f"{message}: waiting for its end, {self.wait:g} s at most")
                time.sleep(_PAUSE)
            except OSError:
                return  # the file system has no locks
            else:
                return

    def release(self) -> None:
        """Release all locks."""
        while self._locks:
            os.close(self._locks.popitem()[1])

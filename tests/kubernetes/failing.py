"""A kubectl that fails at one of its calls, by itself or because the server is gone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tests.apply.faults import Case, Place

# Each call is recorded by its verb. The call of the number in `fault` fails before or after kubectl has run,
# or interrupts the test process afterwards. If the server is gone, kubectl uses a port without a listener.
SCRIPT = """\
#!/bin/sh
export GOGC=off  # the process is too short to need garbage collection
cd '{folder}' && echo "$1" >>calls || exit 1
number=$(wc -l <calls) kind=
if [ -e fault ] && read -r at found pid <fault && [ "$number" -eq "$at" ]; then
    kind=$found
    touch struck
fi
case $kind in
    fails) echo 'error: the disk is full' >&2; exit 1 ;;
    gone) touch gone ;;
    lost | taken | interrupted) '{kubectl}' "$@" >/dev/null 2>&1 ;;
esac
case $kind in
    taken) touch gone ;;
    interrupted) kill -INT "$pid"; exit 0 ;;
esac
case $kind in lost | taken) echo 'error: unexpected EOF' >&2; exit 1 ;; esac
[ -e gone ] && exec '{kubectl}' "$@" --server=https://127.0.0.1:9
exec '{kubectl}' "$@"
"""
TARGET = "kubernetes"


@dataclass
class FailingKubectl:
    """A kubectl in a separate folder, which has to be first on PATH."""

    folder: Path
    kubectl: Path

    def __post_init__(self) -> None:
        self.folder.mkdir()
        script = self.folder / "kubectl"
        script.write_text(SCRIPT.format(folder=self.folder, kubectl=self.kubectl), encoding="utf-8")
        script.chmod(0o755)

    def arm(self, case: Case | None) -> None:
        """Let the call of the case fail, identified by its number among all calls."""
        for name in ("calls", "fault", "gone", "struck"):
            self.folder.joinpath(name).unlink(missing_ok=True)
        if case is not None:
            fault = f"{case.place.nth} {case.kind} {os.getpid()}\n"
            self.folder.joinpath("fault").write_text(fault, encoding="utf-8")

    def has_struck(self) -> bool:
        """Return whether the failing call has been made."""
        return (self.folder / "struck").exists()

    def calls(self) -> list[Place]:
        """Return the calls of kubectl, in order."""
        verbs = (self.folder / "calls").read_text(encoding="utf-8").split()
        return [Place(TARGET, verb, "", number) for number, verb in enumerate(verbs, start=1)]

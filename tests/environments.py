"""Virtual environments for packages that conflict with those of the tests, created once in `.tools/`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.programs import TOOLS, MissingProgramError

# Victor pins a version of typer, and requires numpy and the clients of its providers.
PACKAGES = {"victor-ai": ("victor-ai==0.9.5", "prometheus-client", "psutil")}
_PATIENCE = 900  # seconds: 350 MB, over a slow line


def environment(name: str) -> Path:
    """Return the Python of this environment, creating it on first use; MissingProgramError if that fails."""
    folder = TOOLS / PACKAGES[name][0]
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    complete = folder / "complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        try:
            _run(sys.executable, "-m", "venv", folder)
            _run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES[name])
        except (OSError, subprocess.SubprocessError) as error:
            reason = getattr(error, "stderr", None) or error
            raise MissingProgramError(f"`{name}` cannot be installed: {reason}") from error
        complete.touch()
    return python


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=_PATIENCE)

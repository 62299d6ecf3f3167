"""Environments of their own for what cannot share the tests': made once, in `.tools/`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.programs import TOOLS, MissingProgramError

# Victor pins a typer that ours need not be, and brings numpy and the clients of its providers.
PACKAGES = {"victor-ai": ("victor-ai==0.9.5", "prometheus-client", "psutil")}
_PATIENCE = 900  # seconds: 350 MB, over a slow line


def environment(name: str) -> Path:
    """The Python of this environment, set up at first. Raises MissingProgramError where it cannot be."""
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

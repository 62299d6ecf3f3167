"""The command line: one file for each command."""

from __future__ import annotations

import gc
import sys

from victor_monitoring.errors import UserError

from .app import app

# A command is short, and what it builds lives to its end: looking for garbage finds none.
_FEW_COLLECTIONS = 100_000  # instead of 700 new objects between two looks


def main() -> None:
    """Runs `victor-mon`. Exit status: 0 no error, 1 findings or drift, 2 wrong usage or environment."""
    gc.set_threshold(_FEW_COLLECTIONS)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a character
    try:
        app()
    except UserError as error:
        print(f"victor-mon: {error.message}", file=sys.stderr)
        if error.help:
            print(f"help: {error.help}", file=sys.stderr)
        sys.exit(2)


__all__ = ["app", "main"]

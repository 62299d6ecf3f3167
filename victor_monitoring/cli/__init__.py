"""The command line: one file for each command."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import NoReturn, TextIO

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.cli.app import app
from victor_monitoring.cli.printing import print_message

# A command is short and keeps its objects to its end: a garbage collection would find nothing.
FEW_COLLECTIONS = 100_000  # new objects between two collections, instead of 700


def main() -> None:
    """Run `victor-mon`. Exit status: 0 no error, 1 findings or drift, 2 wrong usage or environment."""
    gc.set_threshold(FEW_COLLECTIONS)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the caller: read nothing, discard output
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - to the end
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # characters outside the encoding
    try:
        _run()
    except UserError as error:
        _fail(error)
    except BrokenPipeError:  # the reader of the output has gone, such as `head`
        _silence(sys.stdout)
        _silence(sys.stderr)
        sys.exit(1)
    except OSError as error:
        reason = error.strerror or error
        if error.filename is not None:
            _fail(UserError(f"`{error.filename}`: {reason}", "fix this, then run the command again"))
        # Without a file name it is the output that failed.
        _silence(sys.stdout)
        _fail(UserError(f"cannot print: {reason}", "send the output elsewhere"))


def _run() -> None:
    try:
        app()
    finally:
        sys.stdout.flush()  # here, where a failure can still be reported


def _fail(error: UserError) -> NoReturn:
    try:
        print_message(f"victor-mon: {error.message}")
        if error.hint:
            print_message(f"hint: {error.hint}")
        sys.stderr.flush()
    except OSError:  # only the exit status can report it
        _silence(sys.stderr)
    sys.exit(2)


def _silence(stream: TextIO) -> None:
    """Discard the unwritten output of a stream: at exit it would fail again and change the status."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


__all__ = ["app", "main"]

"""How far a command is, on a terminal."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Self


class Progress:
    """A line on a terminal that counts, and is gone in the end; silent where nobody watches.

    Without a total it only counts.
    """

    def __init__(self, name: str, total: int | None) -> None:
        self._name, self._total, self._done = name, total, 0
        self._lock = threading.Lock()
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> Self:
        self.add(0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def add(self, count: int) -> None:
        """So many more are done."""
        with self._lock:
            self._done += count
            if self._shown:
                total = "" if self._total is None else f" of {self._total}"
                sys.stderr.write(f"\r\x1b[K{self._name}: {self._done}{total}")
                sys.stderr.flush()

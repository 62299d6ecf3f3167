"""Concurrent reads of components, each in its own thread, with a common deadline."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from numbers import Real
from threading import Event, Lock, Thread
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast

_Answer = TypeVar("_Answer")
ReadFault: TypeAlias = Literal["failed", "timed out", "nonsense"]

FAILED: Final = "failed"
TIMED_OUT: Final = "timed out"
NONSENSE: Final = "nonsense"


class InvalidReading(ValueError):
    """A component has returned an impossible value: a negative count, a text for a number."""


@dataclass(frozen=True, slots=True)
class ReadOutcome:
    """The end of a read: success, or a fault and the exception that caused it."""

    fault: ReadFault | None = None
    error: BaseException | None = None


class ComponentRead:
    """A function that reads a component; at most one run exists at a time, even if it hangs.

    `ask` queries the component; `use` gets the answer, unless the read has been closed in the meantime.
    """

    def __init__(self, component: str, ask: Callable[[], _Answer], use: Callable[[_Answer], object]) -> None:
        self.component: Final = component
        self._ask: Callable[[], object] = ask
        self._use: Callable[[Any], object] = use
        self._lock = Lock()
        self._run: _Run | None = None
        self._is_closed = False

    def start(self) -> _Run:
        """Return the current run; start a new one if none is under way."""
        with self._lock:
            if self._run is None or not self._run.is_under_way:
                self._run = _Run(self.component, self._work)
            return self._run

    def close(self) -> None:
        """Discard the answer of a run that is under way."""
        self._is_closed = True

    def _work(self) -> None:
        answer = self._ask()
        if not self._is_closed:
            self._use(answer)


class _Run:
    """One run of a read, in a daemon thread: a run that hangs does not keep the process from exiting."""

    def __init__(self, component: str, work: Callable[[], None]) -> None:
        self._work = work
        self._done = Event()
        self._outcome = ReadOutcome()
        self._is_overdue = False
        self._pid = os.getpid()
        try:
            Thread(target=self._run, name=f"read {component}", daemon=True).start()
        except RuntimeError as error:  # the system cannot create another thread
            self._outcome = ReadOutcome(FAILED, error)
            self._done.set()

    @property
    def is_under_way(self) -> bool:
        """Whether the thread of the run is alive; false in a forked process, which has only one thread."""
        return not self._done.is_set() and self._pid == os.getpid()

    def outcome(self, until: float) -> ReadOutcome:
        """Return the outcome, waiting until `until` (monotonic seconds) unless the run timed out before."""
        patience = 0.0 if self._is_overdue else max(0.0, until - time.monotonic())
        if self._done.wait(patience):
            return self._outcome
        self._is_overdue = True
        return ReadOutcome(TIMED_OUT)

    def _run(self) -> None:
        try:
            self._work()
        except InvalidReading as error:
            self._outcome = ReadOutcome(NONSENSE, error)
        except BaseException as error:  # noqa: BLE001 - a component that exits ends its own read only
            self._outcome = ReadOutcome(FAILED, error)
        finally:
            self._done.set()


def run_all(reads: Iterable[ComponentRead], deadline: float) -> Mapping[ComponentRead, ReadOutcome]:
    """Run all reads concurrently and return their outcomes; `deadline` (seconds) is for all together."""
    until = time.monotonic() + deadline
    runs = {read: read.start() for read in reads}
    return {read: run.outcome(until) for read, run in runs.items()}


_LARGEST: Final = float(2**53)  # above it, adding 1 to a float has no effect


def amount(value: object) -> float | None:
    """Return the value as a number from 0 to 2^53; None if it is negative, too large or no number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    number = cast("float", value)  # a Real supports comparison and float()
    return float(number) if 0 <= number <= _LARGEST else None


class ComponentReport:
    """A mapping from a component, read with validation. A missing key is normal; an invalid value is noted.

    So that one invalid value does not hide the others, read all values first, then call `raise_if_invalid`.
    """

    def __init__(self, data: object, name: str = "report", *, noted: list[str] | None = None) -> None:
        self._noted: list[str] = [] if noted is None else noted
        self._name = name
        if not isinstance(data, Mapping):
            self._note("", data)
            data = {}
        self._data: Mapping[object, object] = data

    def __iter__(self) -> Iterator[object]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def amount(self, key: str) -> float | None:
        """Return the number under the key; None if the key is missing or the value is no amount."""
        if key not in self._data:
            return None
        found = amount(self._data[key])
        if found is None:
            self._note(key, self._data[key])
        return found

    def boolean(self, key: str) -> bool | None:
        """Return the bool under the key; None if the key is missing or the value is no bool."""
        value = self._data.get(key)
        if key in self._data and not isinstance(value, bool):
            self._note(key, value)
        return value if isinstance(value, bool) else None

    def part(self, key: object) -> ComponentReport:
        """Return the mapping under the key; empty if the key is missing or the value is no mapping."""
        return ComponentReport(self._data.get(key, {}), f"{self._name}.{key}", noted=self._noted)

    def raise_if_invalid(self) -> None:
        """Raise InvalidReading if any value read so far, here or in a part, was invalid."""
        if self._noted:
            raise InvalidReading("; ".join(self._noted[:3]))

    def _note(self, key: str, value: object) -> None:
        place = f"{self._name}.{key}" if key else self._name
        self._noted.append(f"`{place}` is of the type `{type(value).__name__}`, or out of range")

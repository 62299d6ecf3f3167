"""Reads of components: all at once, each in a thread of its own, none waited for beyond a deadline."""

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
    """A component has answered with what cannot be true: a negative count, a text for a number."""


@dataclass(frozen=True, slots=True)
class ReadOutcome:
    """How a read ended: well, or with a fault and the error behind it."""

    fault: ReadFault | None = None
    error: BaseException | None = None


class ComponentRead:
    """One way to read a component; it runs at most once at a time, however long it hangs.

    `ask` asks the component, `use` is given the answer, unless the read has been closed meanwhile.
    """

    def __init__(self, component: str, ask: Callable[[], _Answer], use: Callable[[_Answer], object]) -> None:
        self.component: Final = component
        self._ask: Callable[[], object] = ask
        self._use: Callable[[Any], object] = use
        self._lock = Lock()
        self._run: _Run | None = None
        self._is_closed = False

    def start(self) -> _Run:
        """The run that is under way, else a new one."""
        with self._lock:
            if self._run is None or not self._run.is_under_way:
                self._run = _Run(self.component, self._work)
            return self._run

    def close(self) -> None:
        """Has an answer that is still to come thrown away."""
        self._is_closed = True

    def _work(self) -> None:
        answer = self._ask()
        if not self._is_closed:
            self._use(answer)


class _Run:
    """One run of a read. Its thread is a daemon: one that hangs does not keep the process from ending."""

    def __init__(self, component: str, work: Callable[[], None]) -> None:
        self._work = work
        self._done = Event()
        self._outcome = ReadOutcome()
        self._is_overdue = False
        self._pid = os.getpid()
        try:
            Thread(target=self._run, name=f"read {component}", daemon=True).start()
        except RuntimeError as error:  # the system has no thread left
            self._outcome = ReadOutcome(FAILED, error)
            self._done.set()

    @property
    def is_under_way(self) -> bool:
        """Whether its thread runs: not after its end, and not in a forked process, which has no threads."""
        return not self._done.is_set() and self._pid == os.getpid()

    def outcome(self, until: float) -> ReadOutcome:
        """How it ended, waiting until then (monotonic seconds); once overdue it is not waited for again."""
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
    """How each read ended. They run at once; `deadline`, in seconds, is for all of them together."""
    until = time.monotonic() + deadline
    runs = {read: read.start() for read in reads}
    return {read: run.outcome(until) for read, run in runs.items()}


_LARGEST: Final = float(2**53)  # beyond it a float cannot count: a counter that took it would be stuck


def amount(value: object) -> float | None:
    """The value as a count, a size or a time; None where it is none: negative, not finite, a text."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    number = cast("float", value)  # what a Real promises: it compares as one
    return float(number) if 0 <= number <= _LARGEST else None


class ComponentReport:
    """A mapping that a component has given. A missing key is normal; a value that cannot be true is noted.

    So that one bad value costs itself only, all is read first, and `judge` then raises what was noted.
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
        """The number under the key, not negative; None where there is none."""
        if key not in self._data:
            return None
        found = amount(self._data[key])
        if found is None:
            self._note(key, self._data[key])
        return found

    def truth(self, key: str) -> bool | None:
        """The truth value under the key; None where there is none."""
        value = self._data.get(key)
        if key in self._data and not isinstance(value, bool):
            self._note(key, value)
        return value if isinstance(value, bool) else None

    def part(self, key: object) -> ComponentReport:
        """The mapping under the key, empty where there is none."""
        return ComponentReport(self._data.get(key, {}), f"{self._name}.{key}", noted=self._noted)

    def judge(self) -> None:
        """Raises Nonsense where any value, of a part too, could not be true."""
        if self._noted:
            raise InvalidReading("; ".join(self._noted[:3]))

    def _note(self, key: str, value: object) -> None:
        place = f"{self._name}.{key}" if key else self._name
        self._noted.append(f"`{place}` is of the type `{type(value).__name__}`, or out of range")

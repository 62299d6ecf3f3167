"""Inputs drawn from a seed for a time; each kind of fault is shown once, by its smallest input."""

from __future__ import annotations

import contextlib
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from tests.fuzz.kind import Fault, Input, Kind

PACKAGE = "victor_monitoring"
DEADLINE = 10.0
"""Seconds that the product may take for an input."""
SHRINKING = 20.0
"""Seconds for making one input smaller."""


class Overdue(BaseException):
    """The deadline of an input is over; no handler of the product catches it."""


@dataclass(frozen=True)
class Finding:
    """A fault by its first input: the same `signature` is the same fault."""

    kind: str
    number: int
    signature: str
    detail: str
    given: Input


@dataclass
class Campaign:
    """What a run has drawn, and found."""

    kinds: Sequence[Kind]
    seed: int
    say: Callable[[str], None] = print
    drawn: Counter[str] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    findings: dict[str, Finding] = field(default_factory=dict)
    repeated: Counter[str] = field(default_factory=Counter)
    _waiting: dict[str, list[tuple[int, Input]]] = field(default_factory=dict)

    def run(self, seconds: float, *, confirm: bool = True) -> None:
        """Draw inputs of all kinds for so many seconds, each kind by its share; then judge the sample."""
        spent = {each.name: 0.0 for each in self.kinds}
        end = time.monotonic() + seconds
        while (start := time.monotonic()) < end:
            kind = min(self.kinds, key=lambda each: spent[each.name] / each.share)
            self.draw(kind, self.drawn[kind.name] + 1)
            if confirm and len(self._waiting.get(kind.name, ())) >= kind.batch:
                self.confirm(kind)
            spent[kind.name] += time.monotonic() - start
        for kind in self.kinds if confirm else ():
            self.confirm(kind)

    def draw(self, kind: Kind, number: int) -> None:
        """Draw the input of this number, and examine it."""
        self.drawn[kind.name] += 1
        given = kind.draw(Random(f"{self.seed} {kind.name} {number}"))
        found, is_sample = _examined(kind, number, given)
        if found is not None and found.signature == "overdue":
            found, is_sample = _examined(kind, number, given)  # the machine may have been busy
        if found is not None:
            self._report(found, lambda smaller: _examined(kind, number, smaller)[0])
        elif is_sample and number % kind.sample == 0:
            self._waiting.setdefault(kind.name, []).append((number, given))

    def confirm(self, kind: Kind) -> None:
        """Ask the outside judge about the inputs that wait for it."""
        waiting = self._waiting.pop(kind.name, [])
        self.judged[kind.name] += len(waiting)
        for index, fault in _confirmed(kind, [given for _, given in waiting]).items():
            number, given = waiting[index]
            found = Finding(kind.name, number, fault.rule, str(fault), given)
            self._report(found, lambda smaller: _reconfirmed(kind, number, smaller))  # noqa: B023 - called here

    def _report(self, found: Finding, again: Callable[[Input], Finding | None]) -> None:
        key = f"{found.kind}: {found.signature}"
        self.repeated[key] += 1
        if key in self.findings:
            return
        self.findings[key] = found = smallest(found, again)
        self.say(f"\n{key}\n{found.detail}\n")
        for name, content in found.given.files.items():
            text = content.decode("utf-8", "backslashreplace")
            self.say(f"--- {name}\n{text if len(text) < 4000 else text[:4000] + '...'}")
        self.say(
            f"repeat: python -m tests.fuzz --seed {self.seed} --kind {found.kind} --input {found.number}"
        )


def _examined(kind: Kind, number: int, given: Input) -> tuple[Finding | None, bool]:
    """Return the fault of an input, None if none is found, and whether an outside judge is to be asked."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        try:
            with _deadline(DEADLINE):
                return None, kind.examine(given, Path(folder))
        except Overdue:
            return Finding(kind.name, number, "overdue", f"no end within {DEADLINE:g} s", given), False
        except Fault as fault:
            return Finding(kind.name, number, fault.rule, str(fault), given), False
        except Exception as error:  # noqa: BLE001 - whatever escapes is a traceback for the user
            text = "".join(traceback.format_exception(error)[-6:])
            return Finding(kind.name, number, _signature(error), text, given), False


def _signature(error: Exception) -> str:
    """Return the type of an error and the innermost line of the product that it passed."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if f"/{PACKAGE}/" in each.filename]
    where = (
        f"{frames[-1].filename.rpartition(f'/{PACKAGE}/')[2]}, {frames[-1].name}" if frames else "the harness"
    )
    return f"{type(error).__name__} in {where}"


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raise Overdue in this thread once the block has taken so many seconds."""

    def over(*_: object) -> None:
        raise Overdue

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _confirmed(kind: Kind, given: Sequence[Input]) -> dict[int, Fault]:
    if not given:
        return {}
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        return dict(kind.confirm(given, Path(folder)))


def _reconfirmed(kind: Kind, number: int, given: Input) -> Finding | None:
    if _examined(kind, number, given) != (None, True):
        return None
    fault = _confirmed(kind, [given]).get(0)
    return None if fault is None else Finding(kind.name, number, fault.rule, str(fault), given)


def smallest(found: Finding, again: Callable[[Input], Finding | None]) -> Finding:
    """Return the fault by an input without the lines, then the characters, that it does not need."""
    end = time.monotonic() + SHRINKING
    for separator in (b"\n", b""):
        for name in found.given.files:
            found = _shortest(found, name, separator, again, end)
    return found


def _shortest(
    found: Finding, name: str, separator: bytes, again: Callable[[Input], Finding | None], end: float
) -> Finding:
    """Return the fault by an input with the fewest parts of one file, dropping ever smaller runs of them."""
    content = found.given.files[name]
    parts = content.split(separator) if separator else [bytes([each]) for each in content]
    if not separator and len(parts) > 500:
        return found
    size = len(parts) // 2
    while size:
        at = 0
        while at < len(parts) and time.monotonic() < end:
            fewer = [*parts[:at], *parts[at + size :]]
            given = replace(found.given, files={**found.given.files, name: separator.join(fewer)})
            smaller = again(given)
            if smaller is not None and smaller.signature == found.signature:
                found, parts = smaller, fewer
            else:
                at += size
        size //= 2
    return found

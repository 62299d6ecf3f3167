"""What a deviation is: code, name, documentation, and a function that finds it in a comparison."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from victor_monitoring.diagnostics import Pattern, Severity, nearest
from victor_monitoring.exposition.comparison import Comparison
from victor_monitoring.exposition.exposition import Word
from victor_monitoring.spec.tree import Path


@dataclass(frozen=True, slots=True)
class Found:
    """One deviation, in the exposition (a word) or, where nothing stands there, in the spec (a path)."""

    place: Word | Path
    message: str
    help: str = ""


Finder: TypeAlias = Callable[[Comparison], Iterator[Found]]


@dataclass(frozen=True, slots=True)
class Deviation:
    """A kind of deviation with its code, name, severity and documentation, and what finds it."""

    pattern: Pattern
    find: Finder


def close_to(name: str, known: Iterable[str]) -> str:
    """Help for a name that is close to a known one; empty where none is."""
    help = nearest(name, known)  # noqa: A001 - the word users see
    return help if help.startswith("did you mean") else ""


def deviation(code: str, name: str, severity: Severity = Severity.ERROR) -> Callable[[Finder], Deviation]:
    """Makes a deviation of a function that yields what it finds; its docstring is the documentation."""

    def wrap(find: Finder) -> Deviation:
        return Deviation(Pattern(code, name, severity, inspect.getdoc(find) or ""), find)

    return wrap

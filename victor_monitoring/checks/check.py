"""The `check` decorator, and the discovery of all checks."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from victor_monitoring import checks as package
from victor_monitoring.base.diagnostics import Pattern, Severity
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding

CheckFunction = Callable[[Resolved], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """A bad pattern with its code, name, severity and documentation, and the function that finds it."""

    pattern: Pattern
    find: CheckFunction


def check(code: str, name: str, severity: Severity = Severity.ERROR) -> Callable[[CheckFunction], Check]:
    """Return a decorator that makes a check of a function; the function's docstring documents the check."""

    def wrap(find: CheckFunction) -> Check:
        return Check(Pattern(code, name, severity, inspect.getdoc(find) or ""), find)

    return wrap


@functools.cache
def all_checks() -> tuple[Check, ...]:
    """Return every check of this package, sorted by code."""
    found = {each.pattern.code: each for each in _contents() if isinstance(each, Check)}
    return tuple(found[code] for code in sorted(found))


@functools.cache
def all_patterns() -> tuple[Pattern, ...]:
    """Return the patterns of this package: those of its checks, and those found where more is known."""
    found = {each.code: each for each in _contents() if isinstance(each, Pattern)}
    found |= {each.pattern.code: each.pattern for each in all_checks()}
    return tuple(found[code] for code in sorted(found))


def _contents() -> Iterator[object]:
    for found in pkgutil.iter_modules(package.__path__):
        yield from vars(importlib.import_module(f"{package.__name__}.{found.name}")).values()

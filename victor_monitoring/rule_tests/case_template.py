"""The kinds of case: what each changes in the course of things, and what the alert must then do."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from victor_monitoring.language.resolved.spec import Alert
from victor_monitoring.rule_tests import kinds as package
from victor_monitoring.rule_tests.case import Firing
from victor_monitoring.rule_tests.fixture import AlertFixture
from victor_monitoring.rule_tests.script import Phase

# What an alert does in the course of a case: whether it fires, one state after the other.
SILENT, FIRES, RESOLVES = (False,), (False, True), (False, True, False)


@dataclass(frozen=True, slots=True)
class CaseTemplate:
    """A case before anything is computed: phases, and the states that the alert must go through.

    No states are given where the spec alone does not say what is right. `beside` are alerts on the same
    signal, with whether they fire in the end; `monitoring` the alerts on monitoring itself that fire in
    the end, by name. `unrecorded` are a target's label and the names of what must not be recorded of
    targets whose label is another; `records` asks for what is recorded of the signal in the end.
    """

    about: str
    phases: tuple[Phase, ...]
    states: tuple[bool, ...] | None = None
    beside: tuple[tuple[Alert, bool], ...] = ()
    monitoring: tuple[tuple[str, tuple[Firing, ...]], ...] = ()
    unrecorded: tuple[tuple[str, tuple[str, ...]], ...] = ()
    records: bool = False


CaseTemplates = Callable[[AlertFixture], Iterator[CaseTemplate]]


@dataclass(frozen=True, slots=True)
class CaseKind:
    """A kind of case: its name and documentation, which alerts it applies to, and its plots."""

    name: str
    order: int
    doc: str
    applies: Callable[[AlertFixture], bool]
    templates: CaseTemplates


def case_kind(
    order: int, name: str, applies: Callable[[AlertFixture], bool] = lambda fixture: True
) -> Callable[[CaseTemplates], CaseKind]:
    """Makes a kind of case of a function that yields plots; its docstring is the documentation."""

    def wrap(templates: CaseTemplates) -> CaseKind:
        return CaseKind(name, order, inspect.getdoc(templates) or "", applies, templates)

    return wrap


@cache
def case_kinds() -> tuple[CaseKind, ...]:
    """Every kind of case, in the order in which they are told."""
    modules = [
        importlib.import_module(f"{package.__name__}.{m.name}")
        for m in pkgutil.iter_modules(package.__path__)
    ]
    found = (each for module in modules for each in vars(module).values() if isinstance(each, CaseKind))
    return tuple(sorted(dict.fromkeys(found), key=lambda kind: kind.order))

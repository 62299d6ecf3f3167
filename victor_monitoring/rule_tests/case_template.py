"""The kinds of case and the templates that they yield."""

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

# The states of an alert in the course of a case, in order: whether it fires.
SILENT, FIRES, RESOLVES = (False,), (False, True), (False, True, False)


@dataclass(frozen=True, slots=True)
class CaseTemplate:
    """A case before its times and texts are computed: phases, and the states that the alert goes through.

    `states` is None where the spec alone does not determine them. At the last evaluation: `others` are
    further alerts on the same signal, with whether they fire; `meta_alerts` are the firing meta alerts by
    name; `unrecorded` are a target label and the names that must not be recorded for targets with another
    value of it; with `records` the case also expects the recorded values of the signal.
    """

    about: str
    phases: tuple[Phase, ...]
    states: tuple[bool, ...] | None = None
    others: tuple[tuple[Alert, bool], ...] = ()
    meta_alerts: tuple[tuple[str, tuple[Firing, ...]], ...] = ()
    unrecorded: tuple[tuple[str, tuple[str, ...]], ...] = ()
    records: bool = False


CaseTemplates = Callable[[AlertFixture], Iterator[CaseTemplate]]


@dataclass(frozen=True, slots=True)
class CaseKind:
    """A kind of case: its name and documentation, which alerts it applies to, and its templates."""

    name: str
    order: int
    doc: str
    applies: Callable[[AlertFixture], bool]
    templates: CaseTemplates


def case_kind(
    order: int,
    name: str,
    applies: Callable[[AlertFixture], bool] = lambda fixture: True,
    *,
    compares: bool | None = True,
) -> Callable[[CaseTemplates], CaseKind]:
    """Return a decorator that makes a kind of case from a function that yields templates.

    The function's docstring is the documentation; `order` sorts the kinds. The kind is of alerts that compare
    a signal with a threshold, or of the others, or of all (None).
    """

    def fits(fixture: AlertFixture) -> bool:
        return compares in (None, fixture.alert.condition.is_comparison) and applies(fixture)

    def wrap(templates: CaseTemplates) -> CaseKind:
        return CaseKind(name, order, inspect.getdoc(templates) or "", fits, templates)

    return wrap


@cache
def case_kinds() -> tuple[CaseKind, ...]:
    """Return every kind of case, sorted by `order`."""
    modules = [
        importlib.import_module(f"{package.__name__}.{m.name}")
        for m in pkgutil.iter_modules(package.__path__)
    ]
    found = (each for module in modules for each in vars(module).values() if isinstance(each, CaseKind))
    return tuple(sorted(dict.fromkeys(found), key=lambda kind: kind.order))

"""Units that do not fit the measured quantity."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.signals.quantity import Quantity
from victor_monitoring.signals.signal import Signal
from victor_monitoring.signals.units import COUNT, UNITS, Unit


@check("VM210", "unit-mismatch")
def unit_mismatch(spec: Resolved) -> Iterator[Finding]:
    """Units of a signal and its metrics differ, or those of a threshold or bucket and the value it bounds.

    Percent instead of a ratio is wrong by a factor of 100, milliseconds instead of seconds by 1000: the alert
    always or never fires, and its text reads "8000%".

    Bad: `when: "> 80"` of a ratio. Good: `when: "> 80%"`.
    """
    for signal in spec.signals.values():
        yield from _misfits_of(signal)
    for alert in spec.alerts:
        for path, signal, condition in alert.conditions:
            if condition.is_comparison and not condition.is_any:
                yield from _misfit(path, condition.threshold, signal.unit)
    for declared in spec.declared:
        for index, bound in enumerate(declared.buckets):
            yield from _misfit((*declared.path, "buckets", index), bound, declared.metric.unit)


def _misfits_of(signal: Signal) -> Iterator[Finding]:
    path: Path = ("signals", signal.name)
    units = signal.kind.units()
    is_own = signal.unit.is_custom and units is not None and COUNT in units  # a count by another name
    is_unknown = any(signal.kind.faults(signal))  # it has no unit yet
    if units is not None and not (signal.unit in units or is_own or is_unknown):
        meant = " or ".join(f"`{unit}`" for unit in units) or "in an unsupported unit"
        message = f"the {signal.kind.NAME} is {meant}, not `{signal.unit}`"
        hint = f"write `unit: {units[0]}`" if units else "read another metric"
        yield Finding((*path, "unit"), message, hint)
    for at, quantity, unit in signal.kind.quantities():
        yield from _misfit((*path, signal.kind.NAME, *at), quantity, unit)


def _misfit(path: Path, quantity: Quantity, unit: Unit) -> Iterator[Finding]:
    if not quantity.fits(unit):
        given = "no unit" if quantity.unit is None else f"the unit `{quantity.unit}`"
        message = f"`{quantity.text}` has {given}, but `{unit}` is expected"
        yield Finding(path, message, _hint(quantity, unit))


def _hint(quantity: Quantity, unit: Unit) -> str:
    if unit.is_moment:
        return "a moment has no threshold: compare its age"
    bare = ", ".join(name for name, each in UNITS.items() if each.is_bare)
    return f"write it like `{unit.example}`" + ("" if quantity.unit else f"; bare numbers fit only {bare}")

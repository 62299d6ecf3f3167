"""Units that do not fit what is measured."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.signals.quantity import BARE_UNITS, EXAMPLES, Quantity, Unit


@check("VM210", "unit-mismatch")
def unit_mismatch(spec: Resolved) -> Iterator[Finding]:
    """A signal's unit is not that of its metrics, or a threshold's or bucket's not that of what it bounds.

    A percent taken for a ratio is wrong by a factor of 100, milliseconds for seconds by 1000: the alert
    fires always or never, and its text reads "8000%".

    Bad: `when: "> 80"` of a ratio. Good: `when: "> 80%"`.
    """
    for signal in spec.signals.values():
        path: Path = ("signals", signal.name)
        units = signal.kind.units()
        if signal.unit not in units:
            meant = " or ".join(f"`{unit}`" for unit in units) or "in no unit that the language knows"
            message = f"the {signal.kind.NAME} is {meant}, not `{signal.unit}`"
            yield Finding(
                (*path, "unit"), message, f"write `unit: {units[0]}`" if units else "read another metric"
            )
        for at, quantity, unit in signal.kind.quantities():
            yield from _misfit((*path, signal.kind.NAME, *at), quantity, unit)
    for alert in spec.alerts:
        for path, signal, condition in alert.conditions:
            if not condition.is_any:
                yield from _misfit(path, condition.threshold, signal.unit)
    for declared in spec.declared:
        for index, bound in enumerate(declared.buckets):
            yield from _misfit((*declared.path, "buckets", index), bound, declared.metric.unit)


def _misfit(path: Path, quantity: Quantity, unit: Unit) -> Iterator[Finding]:
    if not quantity.fits(unit):
        what = "a bare number" if quantity.unit is None else f"in {quantity.unit}"
        bare = "; bare numbers fit only " + " and ".join(BARE_UNITS) if quantity.unit is None else ""
        message = f"`{quantity.text}` is {what}, and {unit} is wanted"
        yield Finding(path, message, f"write it like `{EXAMPLES[unit]}`{bare}")

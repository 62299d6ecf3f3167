"""Guards that repeat a condition of their alert."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.quantity import Condition
from victor_monitoring.signals.signal import Signal


@check("VM412", "redundant-guard")
def redundant_guard(spec: Resolved) -> Iterator[Finding]:
    """Guards repeat the condition of their alert, or that of another guard.

    Such a guard changes nothing, or the alert never fires: with the same condition in `only_if` and in
    `unless`, or in `unless` and in `when`.

    Bad: `only_if: [{signal: calls, when: "> 1/s"}, {signal: calls, when: "> 1/s"}]`. Good: each of them once.
    """
    for alert in spec.alerts:
        known = {_compared(alert.signal, alert.condition): (True, "`when`")}
        for path, guard in alert.placed_guards:
            key, is_required = _compared(guard.signal, guard.condition), guard.allows(is_met=True)
            if key not in known:
                known[key] = (is_required, f"`{guard.sense}`")
                continue
            was_required, place = known[key]
            words = f"`{guard.signal.name} {guard.condition.text}` is already in {place}"
            if is_required == was_required:
                yield Finding(path, words, "remove this guard, or change its condition")
            else:
                hint = f"remove it here or from {place}, or change one of the conditions"
                yield Finding(path, f"`{alert.id}` never fires: {words}", hint)


def _compared(signal: Signal, condition: Condition) -> tuple[object, ...]:
    return signal.name, condition.op, condition.threshold.value

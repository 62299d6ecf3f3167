"""Quantile thresholds between bucket bounds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.signals.signal import Signal

_WIDEST = 4  # the next bound may be at most this many times higher


@check("VM302", "threshold-off-bucket")
def threshold_off_bucket(spec: Resolved) -> Iterator[Finding]:
    """No bucket bound equals a quantile's threshold, or the next bound is more than 4 times as high.

    Within a bucket, a quantile is interpolated and only an estimate. At a bound it is exact: "P95 > 1s" then
    means "more than 5% took longer than 1s".

    Bad: `when: "> 700ms"` with buckets 500ms and 1s. Good: a bucket of 700ms, or `> 500ms`.
    """
    for alert in spec.alerts:
        for path, signal, condition in alert.conditions:
            bounds, threshold = signal.kind.exact_thresholds(), condition.threshold
            if (
                bounds
                and condition.is_comparison
                and condition.fits(signal.unit)
                and 0 <= threshold.value <= bounds[-1]
            ):
                written = "any" if condition.is_any else threshold.text
                for message, hint in _faults(threshold.value, written, bounds, signal):
                    yield Finding(path, message, hint)


def _faults(
    threshold: Fraction, written: str, levels: tuple[Fraction, ...], signal: Signal
) -> Iterator[tuple[str, str]]:
    if threshold not in levels:
        bounds = ", ".join(signal.unit.quantity(level) for level in levels)
        add = "add it to the metric's `buckets`, or " if threshold else ""
        yield f"`{written}` is no bucket bound of `{signal.name}`", f"{add}use one of {bounds}"
        return
    above = next((level for level in levels if level > threshold), None)
    if above is not None and above > _WIDEST * threshold:
        end = signal.unit.quantity(above)
        message = f"the bucket above `{written}` ends at {end}, more than 4 times higher"
        yield message, "add a bucket bound between them"

"""Quantile thresholds between bucket bounds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.promql.tree import number_text

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
            levels, edge = signal.kind.exact_thresholds(), condition.threshold
            if levels and condition.fits(signal.unit) and 0 <= edge.value <= levels[-1]:
                written = "any" if condition.is_any else edge.text
                for message, hint in _faults(edge.value, written, levels, signal.name):
                    yield Finding(path, message, hint)


def _faults(
    edge: Fraction, written: str, levels: tuple[Fraction, ...], name: str
) -> Iterator[tuple[str, str]]:
    if edge not in levels:
        bounds = ", ".join(number_text(level) for level in levels)
        add = "add it to the metric's `buckets`, or " if edge else ""
        yield f"`{written}` is no bucket bound of `{name}`", f"{add}use one of {bounds}"
        return
    above = next((level for level in levels if level > edge), None)
    if above is not None and above > _WIDEST * edge:
        message = f"the bucket above `{written}` ends at {number_text(above)}, more than 4 times higher"
        yield message, "add a bucket bound between them"

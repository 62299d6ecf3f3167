"""Ratios whose part may exceed the whole."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM206", "part-outside-whole", Severity.WARNING)
def part_outside_whole(spec: Resolved) -> Iterator[Finding]:
    """`of` is not a subset of `over` in a ratio.

    The value may then exceed 100%, and a threshold on it does not limit a share.

    Bad: `of: a{code="500"}`, `over: a{code="200"}`. Good: `over: a`, or `at_most_one: true` where another
    metric is known to be the larger one.
    """
    for signal in spec.signals.values():
        for share in signal.kind.shares():
            if not share.promised and not share.part.is_subset_of(share.whole):
                path = ("signals", signal.name, signal.kind.NAME, *share.at)
                message = f"`{share.part.metric.name}` here is not a subset of its divisor"
                hint = (
                    "select with the same matchers and more; only if `of` never counts what `over` does not, "
                    "write `at_most_one: true`, which is not checked"
                )
                yield Finding(path, message, hint)

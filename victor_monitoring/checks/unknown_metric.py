"""Names of metrics that the spec does not define."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import nearest
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM101", "unknown-metric")
def unknown_metric(spec: Resolved) -> Iterator[Finding]:
    """A signal reads, or a component is anchored in, a metric that the spec does not define.

    An alert or a panel would query series that nobody exports: it stays silent, and that looks like health.

    Bad: `of: shop_cache_hit_rate` where no component declares it. Good: a metric under `components`.
    """
    for use in spec.unknown:
        if use.thing == "metric":
            hint = nearest(use.name, spec.names["metric"], "declare it under `components`")
            yield Finding(use.path, f"unknown metric `{use.name}`", hint, use.part)

"""Metrics of ours with another prefix."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM507", "foreign-prefix")
def foreign_prefix(spec: Resolved) -> Iterator[Finding]:
    """A metric of ours does not begin with the service's `metric_prefix`.

    The prefix tells whose a metric is; verification takes every exposed metric with it for one of ours.

    Bad: `cache_entries` with `metric_prefix: shop_`. Good: `shop_cache_entries`.
    """
    for declared in spec.declared:
        is_ours = not spec.components[declared.component].external
        if is_ours and not declared.metric.name.startswith(spec.service.prefix):
            message = f"`{declared.metric.name}` does not begin with `{spec.service.prefix}`"
            yield Finding(
                declared.path, message, f"name it `{spec.service.prefix}{declared.metric.name}`", on_key=True
            )

"""Own metrics without the service's prefix."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM507", "foreign-prefix")
def foreign_prefix(spec: Resolved) -> Iterator[Finding]:
    """Names of the service's own metrics do not begin with its `metric_prefix`.

    The prefix shows which service a metric belongs to; `verify` expects the spec to declare every exposed
    metric with this prefix.

    Bad: `cache_entries` with `metric_prefix: shop_`. Good: `shop_cache_entries`.
    """
    for declared in spec.declared:
        is_own = not spec.components[declared.component].external
        if is_own and not declared.metric.name.startswith(spec.service.prefix):
            message = f"`{declared.metric.name}` does not begin with `{spec.service.prefix}`"
            yield Finding(
                declared.path, message, f"name it `{spec.service.prefix}{declared.metric.name}`", on_key=True
            )

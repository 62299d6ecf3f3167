"""Names of metrics that the spec does not define."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM101", "unknown-metric")
def unknown_metric(spec: Resolved) -> Iterator[Finding]:
    """No component declares the metric that a signal reads or a component names as its anchor.

    An alert or a panel would query series that do not exist: the alert never fires, and all seems healthy.

    Bad: `of: shop_cache_hit_rate` where no component declares it. Good: a metric under `components`.
    """
    for use in spec.as_written.unknown:
        if use.thing == "metric":
            hint = unknown_name_hint(use.name, spec.selects, "declare it under `components`")
            yield Finding(use.path, f"unknown metric `{use.name}`", hint, use.part)

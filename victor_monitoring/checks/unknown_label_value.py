"""Label values outside a closed set."""

from __future__ import annotations

import re
from collections.abc import Iterator

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.promql.tree import Matcher


@check("VM103", "unknown-label-value")
def unknown_label_value(spec: Resolved) -> Iterator[Finding]:
    """No value of a label's closed set equals or matches the value of a matcher.

    Such a selector matches no series or, negated, every series. An open label of an external metric may be
    missing from some of its series, and is then matched as empty.

    Bad: `of: shop_cache_lookups_total{outcome="hits"}`. Good: `{outcome="hit"}`.
    """
    external = {
        name
        for each in spec.declared
        if spec.components[each.component].external
        for name in each.metric.series()
    }
    for read in spec.reads:
        is_external = read.selector.metric.name in external
        sets = {label.name: label.values for label in read.selector.metric.labels}
        for written in read.written.matchers:
            values = sets.get(written.label.text)
            may_be_missing = is_external and values is None
            is_empty = (written.op, written.value.text) == ("=", "")
            if written.label.text in sets and is_empty and not may_be_missing:
                message = f"`{written.label.text}` is never empty"
                yield Finding(read.path, message, "name one of its values", written.label.part)
            elif values is not None and not _names_any(written.matcher, values):
                message = f"no value of `{written.label.text}` is `{written.value.text}`"
                hint = unknown_name_hint(written.value.text, values)
                yield Finding(read.path, message, hint, written.value.part)


def _names_any(matcher: Matcher, values: tuple[str, ...]) -> bool:
    """Return whether the matcher's value, negated or not, equals or matches one of `values`."""
    if matcher.op in ("=", "!="):
        return matcher.value in values or matcher.value == ""
    return any(re.fullmatch(matcher.value, value) for value in values)

"""Settings of rule groups that the spec does not have."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import unknown_name_hint
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM107", "unknown-group")
def unknown_group(spec: Resolved) -> Iterator[Finding]:
    """No rule group has the name for which `groups` gives settings.

    The rules that they are meant for are evaluated at the default interval, and without a limit.

    Bad: `groups: {shop_cart: {limit: 50}}` with the alerts under `shop_carts`. Good: a group under `alerts`.
    """
    known = spec.group_names
    for name in spec.groups:
        if name not in known and ("alerts",) not in spec.as_written.broken:
            hint = unknown_name_hint(name, known, "name a group under `alerts`", taken=spec.groups)
            yield Finding(("groups", name), f"there is no group `{name}`", hint, on_key=True)

"""Dashboard uids that are too long for Grafana."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding

_LONGEST: Final = 40  # Grafana refuses a longer one


@check("VM612", "long-uid")
def long_uid(spec: Resolved) -> Iterator[Finding]:
    """Names of the service and of a context together exceed the 40 characters of a Grafana uid.

    The dashboard of a context has the uid `SERVICE-CONTEXT`, so that one Grafana can store them all.

    Bad: `web-shop-checkout` with a context `production-in-frankfurt`. Good: `prod-frankfurt`.
    """
    excess = len(spec.place) - _LONGEST
    if spec.context and spec.dashboard and "dashboard" in spec.outputs and excess > 0:
        message = f"the dashboard's uid `{spec.place}` is {excess} characters too long for Grafana"
        room = _LONGEST - len(f"{spec.service.name}-")
        hint = f"a name of up to {room} characters fits" if room > 0 else "shorten the service's name"
        yield Finding(("contexts", spec.context), message, hint, on_key=True)

"""Names that together are longer than a dashboard's uid may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding

_LONGEST: Final = 40  # Grafana refuses a longer one


@check("VM612", "long-uid")
def long_uid(spec: Resolved) -> Iterator[Finding]:
    """A context's name is too long behind the service's: Grafana takes no uid of more than 40 characters.

    A context's dashboard has the uid `SERVICE-CONTEXT`, so that one Grafana can have those of all contexts.

    Bad: `web-shop-checkout` with a context `production-in-frankfurt`. Good: `prod-frankfurt`.
    """
    excess = len(spec.place) - _LONGEST
    if spec.context and spec.dashboard and "dashboard" in spec.outputs and excess > 0:
        message = f"the dashboard's uid `{spec.place}` is {excess} characters too long for Grafana"
        room = _LONGEST - len(f"{spec.service.name}-")
        hint = f"a name of up to {room} characters fits" if room > 0 else "shorten the service's name"
        yield Finding(("contexts", spec.context), message, hint, on_key=True)

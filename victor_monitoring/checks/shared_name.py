"""The pattern of names that two specs share; it takes all specs of a run to find them."""

from __future__ import annotations

from typing import Final

from victor_monitoring.base.diagnostics import Pattern, Severity

SHARED_NAME: Final = Pattern(
    "VM615",
    "shared-name",
    Severity.ERROR,
    """Two specs take one name in a system that they share.

Of dashboards with one title in a folder, Grafana provisions none. Of dashboards with one uid, or with one
file name in the folder of Grafana's sidecar, it keeps one. Prometheus mixes recorded series with one name and
equal `select`. For Alertmanager, alerts with equal names, labels and `select` are one alert.

`validate`, `generate` and `check` compare all specs that they are given. Contexts of one name count as one
place, unless their targets have other addresses, tenants or clusters.

Bad: `title: Web Shop` in a spec and in its copy. Good: a title for each.""",
)

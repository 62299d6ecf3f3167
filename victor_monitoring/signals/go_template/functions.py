"""The functions of Prometheus' templates, Go's included, and the variables of alerts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from victor_monitoring.promql.prometheus_version import OLDEST, PrometheusVersion

_GO: Final = (
    "and call eq ge gt html index js le len lt ne not or print printf println slice urlquery"  # of Go itself
)
_PROMETHEUS: Final = (
    "args externalURL first graphLink humanize humanize1024 humanizeDuration humanizePercentage "
    "humanizeTimestamp label match parseDuration pathPrefix query reReplaceAll safeHtml sortByLabel "
    "stripDomain stripPort strvalue tableLink title toLower toTime toUpper value"
)
FUNCTIONS: Final[Mapping[str, PrometheusVersion]] = {
    **dict.fromkeys([*_GO.split(), *_PROMETHEUS.split()], OLDEST),
    "now": PrometheusVersion(3, 6),
    "toDuration": PrometheusVersion(3, 6),
    "urlQueryEscape": PrometheusVersion(3, 8),
}
"""Each function with the first version that has it; OLDEST: every supported one."""

# Prometheus declares them in front of each template, from the fields of the same names.
VARIABLES: Final[Mapping[str, str]] = {
    "$labels": "Labels",
    "$externalLabels": "ExternalLabels",
    "$externalURL": "ExternalURL",
    "$value": "Value",
}

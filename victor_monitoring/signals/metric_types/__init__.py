"""The types of metrics, one in each module of this package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from victor_monitoring.signals.discovery import classes
from victor_monitoring.signals.metric import MetricType

METRIC_TYPES: Final[Mapping[str, MetricType]] = {
    each.NAME: each() for each in classes(__name__, __path__, MetricType)
}

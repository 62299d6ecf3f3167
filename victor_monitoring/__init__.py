"""Monitoring as code: one spec compiled into alert rules, a dashboard and a metric registry."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from victor_monitoring.victor.collector import PerformanceMetricsCollector, get_performance_collector
    from victor_monitoring.victor.routes import register_performance_routes

__all__ = ["PerformanceMetricsCollector", "get_performance_collector", "register_performance_routes"]
__version__ = "0.1.0"

# What a monitored service calls, loaded when it is asked for: the generator needs none of it.
_RUNTIME: Final = {
    "PerformanceMetricsCollector": "victor_monitoring.victor.collector",
    "get_performance_collector": "victor_monitoring.victor.collector",
    "register_performance_routes": "victor_monitoring.victor.routes",
}


def __getattr__(name: str) -> object:
    if name not in _RUNTIME:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(_RUNTIME[name]), name)

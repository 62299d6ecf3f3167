"""The routes of Victor's performance metrics."""

from __future__ import annotations

from fastapi import FastAPI

from victor_monitoring.runtime.evaluator import Evaluator
from victor_monitoring.runtime.rest import register_routes
from victor_monitoring.victor import registry
from victor_monitoring.victor.collector import PerformanceMetricsCollector, get_performance_collector


def register_performance_routes(
    app: FastAPI,
    collector: PerformanceMetricsCollector | None = None,
    *,
    context: str | None = None,
    prefix: str = "/api/performance",
    metrics_path: str | None = "/metrics",
    token: str | None = None,
) -> None:
    """Add the performance endpoints and `/metrics`, by default of this process's collector.

    Alerts and signals use the thresholds of a `context` of the spec, such as `prod`, or of base without one.
    Raise UnknownContextError if the registry module has no such context. With a `token`, every request needs
    it as a bearer token. `metrics_path` None omits that route. Raise ValueError if the application answers
    one of the paths already.
    """
    collector = get_performance_collector() if collector is None else collector
    evaluator = Evaluator(registry, collector.collect, context=context, instance=collector.instance)
    register_routes(app, collector, evaluator, prefix=prefix, metrics_path=metrics_path, token=token)

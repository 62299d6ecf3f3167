"""The routes of Victor's performance."""

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
    """Adds the performance endpoints and `/metrics`, of this process's collector unless another is given.

    Alerts and signals are told by the thresholds of a `context` of the spec, such as `prod`; by base's
    without one. UnknownContextError where the spec had none of that name. With a `token`, every request must
    bear it; `metrics_path` None leaves that route out.
    """
    collector = get_performance_collector() if collector is None else collector
    evaluator = Evaluator(registry, collector.collect, context=context, instance=collector.instance)
    register_routes(app, collector, evaluator, prefix=prefix, metrics_path=metrics_path, token=token)

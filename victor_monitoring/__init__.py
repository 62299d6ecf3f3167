"""Monitoring as code: one spec compiled into alert rules, a dashboard and a metric registry.

The names below are loaded on first use, so that a service that only collects loads no generator.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from victor_monitoring.app.pipeline import Compiled, compile_spec, render
    from victor_monitoring.base.artifacts import Artifact
    from victor_monitoring.base.diagnostics import Diagnostic, Source, UserError
    from victor_monitoring.base.spec_file import SpecFile
    from victor_monitoring.runtime.collector import Collector
    from victor_monitoring.victor.collector import PerformanceMetricsCollector, get_performance_collector
    from victor_monitoring.victor.routes import register_performance_routes

__all__ = [
    "Artifact",
    "Collector",
    "Compiled",
    "Diagnostic",
    "PerformanceMetricsCollector",
    "Source",
    "SpecFile",
    "UserError",
    "compile_spec",
    "get_performance_collector",
    "register_performance_routes",
    "render",
]
__version__ = "0.1.0"

_MODULES: Final = {
    "Artifact": "base.artifacts",
    "Collector": "runtime.collector",
    "Compiled": "app.pipeline",
    "Diagnostic": "base.diagnostics",
    "PerformanceMetricsCollector": "victor.collector",
    "Source": "base.diagnostics",
    "SpecFile": "base.spec_file",
    "UserError": "base.diagnostics",
    "compile_spec": "app.pipeline",
    "get_performance_collector": "victor.collector",
    "register_performance_routes": "victor.routes",
    "render": "app.pipeline",
}

if sys.flags.optimize > 1:
    from victor_monitoring.docstrings import keep_docstrings

    keep_docstrings(__name__)


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)

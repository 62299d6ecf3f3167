"""Monitoring as code: one spec compiled into alert rules, a dashboard and a metric registry."""

__version__ = "0.1.0"

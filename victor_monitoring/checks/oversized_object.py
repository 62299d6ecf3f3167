"""The pattern of Kubernetes objects that are too large; it takes the rendered object to find it."""

from __future__ import annotations

from typing import Final

from victor_monitoring.base.diagnostics import Pattern, Severity

OVERSIZED_OBJECT: Final = Pattern(
    "VM616",
    "oversized-object",
    Severity.ERROR,
    """A rendered Kubernetes object is larger than a cluster or the Prometheus operator accepts.

An API server refuses a ConfigMap with more than 1 MiB (1048576 bytes) of data. The operator refuses rules of
more than 512 KiB (524288 bytes) in a PrometheusRule, and then no longer updates the rules of any other one.

Bad: a thousand alerts with long descriptions in one spec. Good: a spec for each part of the service.""",
)

"""Registry modules of small specs, rendered and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import yaml
from prometheus_client import CollectorRegistry

from victor_monitoring.language.model.spec import Spec
from victor_monitoring.language.resolved.resolve import resolve
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.renderers.registry import render
from victor_monitoring.signals.binding import RegistryData

PERFORMANCE_SPEC = Path(__file__).resolve().parents[2] / "specs" / "performance.yaml"


def performance() -> Resolved:
    """Return the performance spec, resolved."""
    return resolve(Spec.model_validate(yaml.safe_load(PERFORMANCE_SPEC.read_text(encoding="utf-8"))))[0]


def shop(metrics: Mapping[str, Any], *, context: str | None = None, **sections: Any) -> Resolved:
    """Return a service with the component `till`, which has these metrics; `sections` extend the spec."""
    return of_components({"till": {"metrics": metrics}}, context=context, **sections)


def of_components(components: Mapping[str, Any], *, context: str | None = None, **sections: Any) -> Resolved:
    """Return a service with these components."""
    service = {
        "name": "shop", "title": "Shop", "owner": "sales", "metric_prefix": "shop_",
        "select": {"job": "shop"},
    }  # fmt: skip
    spec = {"victor_mon": 1, "service": service, "components": components, **sections}
    return resolve(Spec.model_validate(spec), context=context)[0]


def text_of(spec: Resolved) -> str:
    """Return the text of the spec's registry module."""
    (artifact,) = render(spec)
    return artifact.text


def module_of(spec: Resolved) -> ModuleType:
    """Return the spec's registry module, loaded."""
    module = ModuleType("registry")
    exec(compile(text_of(spec), "registry.py", "exec"), module.__dict__)  # noqa: S102 - rendered just now
    return module


def registry_data(spec: Resolved) -> RegistryData:
    """Return the data of the spec's registry module."""
    return cast("RegistryData", module_of(spec))  # a module made at run time has no types


def series(registry: CollectorRegistry, metric: str) -> dict[tuple[str, ...], float]:
    """Return the values of a metric's series by their label values."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == metric
    }

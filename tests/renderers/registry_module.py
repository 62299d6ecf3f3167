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
    """The performance spec."""
    return resolve(Spec.model_validate(yaml.safe_load(PERFORMANCE_SPEC.read_text(encoding="utf-8"))))[0]


def shop(metrics: Mapping[str, Any], *, context: str | None = None, **sections: Any) -> Resolved:
    """A service with the component `till` that has these metrics; `sections` are further ones of the spec."""
    return of_components({"till": {"metrics": metrics}}, context=context, **sections)


def of_components(components: Mapping[str, Any], *, context: str | None = None, **sections: Any) -> Resolved:
    """A service with these components."""
    service = {
        "name": "shop", "title": "Shop", "owner": "sales", "metric_prefix": "shop_",
        "select": {"job": "shop"},
    }  # fmt: skip
    spec = {"victor_mon": 1, "service": service, "components": components, **sections}
    return resolve(Spec.model_validate(spec), context=context)[0]


def text_of(spec: Resolved) -> str:
    """The text of the spec's registry module."""
    (artifact,) = render(spec)
    return artifact.text


def module_of(spec: Resolved) -> ModuleType:
    """The spec's registry module, loaded."""
    module = ModuleType("registry")
    exec(compile(text_of(spec), "registry.py", "exec"), module.__dict__)  # noqa: S102 - it is what we rendered
    return module


def registry_data(spec: Resolved) -> RegistryData:
    """The data of the spec's registry module."""
    return cast("RegistryData", module_of(spec))  # a module made at run time has no types


def series(registry: CollectorRegistry, metric: str) -> dict[tuple[str, ...], float]:
    """The values of a metric's series by the values of their labels."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == metric
    }

"""The package as a whole: no module outside `victor` names an application."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from victor_monitoring.app.pipeline import compile_spec
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.language.resolved.spec import Resolved

ROOT = Path(__file__).resolve().parents[1]
SPECS = ["specs/performance.yaml", "tests/checkout.yaml"]


def resolved(path: str) -> Resolved:
    """Return the base of a spec of this repository."""
    source = Source(path, (ROOT / path).read_text(encoding="utf-8"))
    spec = compile_spec(source, today=datetime.date(2026, 1, 1)).base
    assert spec is not None
    return spec


def own_words(spec: Resolved) -> set[str]:
    """Return the names that only this application defines: its metrics, alerts, groups and classes."""
    words = {
        *(declared.metric.name for declared in spec.declared),
        *(alert.name for alert in spec.alerts),
        *(alert.group for alert in spec.alerts),
        *(component.class_name for component in spec.components.values() if not component.external),
        spec.service.name,
        spec.service.prefix + "metric",
    }
    return words - {"victor_monitoring"}


def modules() -> Iterator[Path]:
    """Yield every module and YAML file of the package except those of `victor`."""
    for path in sorted((ROOT / "victor_monitoring").rglob("*")):
        if path.suffix in (".py", ".yaml") and "victor" not in path.relative_to(ROOT).parts[1:]:
            yield path


@pytest.mark.parametrize("path", SPECS)
def test_no_code_names_what_a_spec_defines(path: str) -> None:
    """Metrics, alerts, groups and classes of a spec occur in no module of the package."""
    words = own_words(resolved(path))
    assert len(words) > 20
    found = [
        f"{module.relative_to(ROOT)}: {word}"
        for module in modules()
        for word in re.findall(r"[A-Za-z_][A-Za-z0-9_-]*", module.read_text(encoding="utf-8"))
        if word in words
    ]
    assert found == []


def test_no_code_outside_its_package_contains_the_prefix_of_victor() -> None:
    """No module outside `victor` contains a name that begins with Victor's metric prefix."""
    found = [
        f"{module.relative_to(ROOT)}: {match[0]}"
        for module in modules()
        for match in re.finditer(r"\bvictor_(?!mon\b|monitoring\b)\w*", module.read_text(encoding="utf-8"))
    ]
    assert found == []

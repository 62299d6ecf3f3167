"""The rules, objects and reference of a small spec, file by file; `--update-goldens` rewrites them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.rules.rendered import compiled_text
from victor_monitoring.app.pipeline import render

GOLDEN = Path(__file__).with_name("golden")
SPEC = GOLDEN / "spec.yaml"
FILES = [
    "mill-alerts.yaml",
    *(f"{each}/mill-alerts.yaml" for each in ("configmap", "uphill", "valley", "fast")),
    *(f"{each}/kustomization.yaml" for each in ("uphill", "valley")),
    *(
        f"docs/{each}.md"
        for each in ("README", "SacksTear", "SacksBurst", "SackSlow", "FlourLow", "StoneDown")
    ),
    *(f"docs/{each}.md" for each in ("WheelSlow", "NoBread", "TargetDown", "ServiceAbsent", "MetricMissing")),
]


def rendered() -> Mapping[str, str]:
    """Return the text of every artifact by its path."""
    compiled = compiled_text(SPEC.read_text(encoding="utf-8"))
    return {str(artifact.path): artifact.text for artifact in render(compiled)}


@pytest.fixture(scope="session", autouse=True)
def _updated(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-goldens"):
        for path, text in rendered().items():
            (GOLDEN / path).parent.mkdir(exist_ok=True)
            (GOLDEN / path).write_bytes(text.encode())


def test_paths() -> None:
    """The spec renders exactly the golden files."""
    found = {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*") if path.is_file()}
    assert rendered().keys() == set(FILES) == found - {SPEC.name}


@pytest.mark.parametrize("path", FILES)
def test_golden(path: str) -> None:
    """Each rendered file equals its golden file."""
    assert rendered()[path] == (GOLDEN / path).read_bytes().decode()

"""The spec that `init` writes."""

from __future__ import annotations

import datetime
from pathlib import PurePosixPath

import pytest

from victor_monitoring.app.pipeline import Compiled, compile_spec
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.cli.init import slug, starter_spec

NAMES = [
    "shop",
    "my-shop",
    "1shop",
    "123",
    "2026-01-31",
    "0x1f",
    "1e3",
    "n",
    "null",
    "true",
    "class",
    "x" * 40,
]


def compiled(text: str) -> Compiled:
    return compile_spec(Source("spec", text), today=datetime.date(2026, 1, 1))


@pytest.mark.parametrize("name", NAMES)
def test_a_starter_is_valid_for_any_service_name(name: str) -> None:
    """Names that YAML reads as numbers, dates or booleans are quoted, and the registry can be imported."""
    assert slug(name) == name
    found = compiled(starter_spec(name))
    assert not found.diagnostics
    assert found.base is not None
    assert found.base.service.name == name
    assert PurePosixPath(found.base.outputs["registry"]).stem.isidentifier()


def test_commented_out_keys_are_valid() -> None:
    """The starter has a context and a runbook URL as comments, which are valid once uncommented."""
    text = starter_spec("shop")
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("# contexts:"))
    lines[start:] = [line.removeprefix("# ") for line in lines[start:]]
    found = compiled("\n".join(lines).replace("# runbooks: ", "runbooks: ") + "\n")
    assert not found.diagnostics
    assert list(found.contexts) == ["prod"]

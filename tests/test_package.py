"""The names that the package itself exports."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import victor_monitoring
from tests.pages.markdown import blocks

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", victor_monitoring.__all__)
def test_every_exported_name_can_be_used(name: str) -> None:
    """An exported name is loaded from its module, and has a docstring."""
    found = getattr(victor_monitoring, name)
    assert found.__name__ == name
    assert found.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A name that is not exported raises AttributeError, as in any module."""
    with pytest.raises(AttributeError, match="has no attribute `compile`"):
        _ = victor_monitoring.compile


def test_importing_the_package_loads_nothing_else() -> None:
    """Names are loaded on first use, so that a service does not load the generator."""
    code = (
        "import sys, victor_monitoring; print([name for name in sys.modules if 'victor_monitoring.' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_example_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """The example of use from Python prints diagnostics and artifacts of a spec."""
    (example,) = blocks("victor_monitoring/app/README.md", "python")
    spec = ROOT / "specs/examples/go-service.yaml"
    exec(example.replace("specs/shop.yaml", str(spec)), {})  # noqa: S102 - our own text
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) > 10
    assert all(re.fullmatch(r"[\w./-]+ \d+", line) for line in printed)

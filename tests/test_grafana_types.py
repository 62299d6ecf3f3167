"""Grafana's own types accept every dashboard, and refuse the mistakes that they are there to catch."""

from __future__ import annotations

import copy
import datetime
import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.programs import TOOLS
from victor_monitoring.app import pipeline
from victor_monitoring.language.syntax import load

ROOT = Path(__file__).resolve().parents[1]
GRAFANA = ROOT / "tests" / "grafana"
RENDERED = [ROOT / "generated" / "victor-performance.json"]
SPECS = [ROOT / "specs" / "examples" / "checkout.yaml"]
MODULE = "import type {{ KnownDashboard }} from './dashboard-types';\nexport const it: KnownDashboard = {};"
ERROR = re.compile(r"^(?P<name>[\w-]+)\.ts\(\d+,\d+\): error", re.MULTILINE)

Dashboard = dict[str, Any]


def dashboards() -> dict[str, Dashboard]:
    """Every dashboard to judge, by name: the committed ones, and those that the example specs render to."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in RENDERED}
    for path in SPECS:
        source = load.read(path, path.name)
        compiled = pipeline.compile_spec(source, today=datetime.date(2026, 1, 1))
        found |= {
            artifact.path.stem: json.loads(artifact.text)
            for artifact in pipeline.render(compiled, outputs={"dashboard"})
            if artifact.context is None and artifact.path.suffix == ".json"
        }
    return found


def panel(dashboard: Dashboard, kind: str) -> Any:
    """The first panel of a kind, whether it stands in a row or not."""
    panels = [inner for each in dashboard["panels"] for inner in (each, *each.get("panels", ()))]
    return next(each for each in panels if each["type"] == kind)


def unknown_panel_type(dashboard: Dashboard) -> None:
    panel(dashboard, "timeseries")["type"] = "time-series"


def options_of_another_kind(dashboard: Dashboard) -> None:
    panel(dashboard, "gauge")["options"]["pieType"] = "donut"


def datasource_as_text(dashboard: Dashboard) -> None:
    panel(dashboard, "timeseries")["datasource"] = "Prometheus"


def unknown_threshold_mode(dashboard: Dashboard) -> None:
    panel(dashboard, "gauge")["fieldConfig"]["defaults"]["thresholds"]["mode"] = "relative"


def threshold_at_the_text_null(dashboard: Dashboard) -> None:
    panel(dashboard, "gauge")["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"] = "null"


def unknown_draw_style(dashboard: Dashboard) -> None:
    panel(dashboard, "timeseries")["fieldConfig"]["defaults"]["custom"]["drawStyle"] = "lines"


def unknown_tooltip_mode(dashboard: Dashboard) -> None:
    panel(dashboard, "timeseries")["options"]["tooltip"]["mode"] = "all"


def query_without_ref_id(dashboard: Dashboard) -> None:
    del panel(dashboard, "timeseries")["targets"][0]["refId"]


def unit_as_number(dashboard: Dashboard) -> None:
    panel(dashboard, "gauge")["fieldConfig"]["defaults"]["unit"] = 100


MISTAKES: list[Callable[[Dashboard], None]] = [
    unknown_panel_type,
    options_of_another_kind,
    datasource_as_text,
    unknown_threshold_mode,
    threshold_at_the_text_null,
    unknown_draw_style,
    unknown_tooltip_mode,
    query_without_ref_id,
    unit_as_number,
]


@pytest.fixture(scope="session")
def installed(npm: Path) -> Path:
    """The folder in which Grafana's types and TypeScript are installed, whole or not at all."""
    package = GRAFANA / "package.json"
    home = TOOLS / f"grafana-{hashlib.sha256(package.read_bytes()).hexdigest()[:12]}"
    if not home.exists():
        TOOLS.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=TOOLS) as scratch:
            folder = Path(scratch) / "grafana"
            folder.mkdir()
            shutil.copy(package, folder)
            install = ["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run([npm, *install], cwd=folder, check=True)
            folder.rename(home)
    return home


@pytest.fixture(scope="session")
def workplace(installed: Path) -> Iterator[Path]:
    """An empty folder from which the installed types are found."""
    with tempfile.TemporaryDirectory(prefix="run-", dir=installed) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def refused(node: Path, installed: Path, workplace: Path) -> dict[str, str]:
    """What the compiler says of each dashboard and each planted mistake that it refuses, by name."""
    for name in ("dashboard-types.ts", "tsconfig.json"):
        shutil.copy(GRAFANA / name, workplace)
    cases = dashboards()
    for mistake in MISTAKES:
        cases[mistake.__name__] = copy.deepcopy(cases[RENDERED[0].stem])
        mistake(cases[mistake.__name__])
    for name, dashboard in cases.items():
        text = MODULE.format(json.dumps(dashboard, indent=1))
        (workplace / f"{name}.ts").write_text(text, encoding="utf-8")
    compiler = installed / "node_modules" / "typescript" / "bin" / "tsc"
    run = subprocess.run(
        [node, compiler, "--pretty", "false"], cwd=workplace, capture_output=True, text=True, check=False
    )
    said = ERROR.split(run.stdout)
    assert run.returncode == (2 if len(said) > 1 else 0), run.stdout + run.stderr
    return dict(zip(said[1::2], said[2::2], strict=True))


@pytest.mark.parametrize("name", dashboards())
def test_dashboard_is_accepted(refused, name):
    """Grafana's types, with the options of each panel kind checked, accept the dashboard."""
    assert refused.get(name) is None


@pytest.mark.parametrize("mistake", MISTAKES)
def test_planted_mistake_is_refused(refused, mistake):
    """A mistake planted into an accepted dashboard does not pass."""
    assert mistake.__name__ in refused


def test_nothing_is_cast():
    """The types judge the JSON as it is: no assertion, no `any` and no silenced line softens them."""
    types = (GRAFANA / "dashboard-types.ts").read_text(encoding="utf-8")
    code = re.sub(r"^//.*$|import type \* as", "", types, flags=re.MULTILINE)

    assert not re.findall(r"\bas\b|\bany\b|@ts-", code + MODULE)

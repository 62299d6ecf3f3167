"""Grafana's own TypeScript types accept every dashboard, and refuse planted mistakes."""

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
from victor_monitoring.base.spec_file import read

ROOT = Path(__file__).resolve().parents[1]
GRAFANA = ROOT / "tests" / "grafana"
RENDERED = [ROOT / "generated" / "victor-performance.json"]
KINDS = ROOT / "tests" / "end_to_end" / "kinds.yaml"  # every kind of signal in every type of panel
SPECS = [ROOT / "tests" / "checkout.yaml", KINDS, *sorted(ROOT.glob("specs/examples/*.yaml"))]
MODULE = "import type {{ KnownDashboard }} from './dashboard-types';\nexport const it: KnownDashboard = {};"
ERROR = re.compile(r"^(?P<name>[\w-]+)\.ts\(\d+,\d+\): error", re.MULTILINE)

Dashboard = dict[str, Any]


def dashboards() -> dict[str, Dashboard]:
    """Return the dashboards by name: the committed ones, and those rendered from other specs."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in RENDERED}
    for path in SPECS:
        source = read(path, path.name)
        compiled = pipeline.compile_spec(source, today=datetime.date(2026, 1, 1))
        found |= {
            artifact.path.stem: json.loads(artifact.text)
            for artifact in pipeline.render(compiled, outputs={"dashboard"})
            if artifact.context is None and artifact.path.suffix == ".json"
        }
    return found


def panel(dashboard: Dashboard, kind: str) -> Any:
    """Return the first panel of a kind, inside a row or outside."""
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
    """Return the folder in which Grafana's types and TypeScript are installed, completely or not at all."""
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
    """Yield an empty folder from which the installed types can be imported."""
    with tempfile.TemporaryDirectory(prefix="run-", dir=installed) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def refused(node: Path, installed: Path, workplace: Path) -> dict[str, str]:
    """Return the compiler's errors of each refused dashboard and planted mistake, by name."""
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
    parts = ERROR.split(run.stdout)
    assert run.returncode == (2 if len(parts) > 1 else 0), run.stdout + run.stderr
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", dashboards())
def test_dashboard_is_accepted(refused, name):
    """Grafana's types, with the options of each panel kind checked, accept the dashboard."""
    assert refused.get(name) is None


@pytest.mark.parametrize("mistake", MISTAKES)
def test_planted_mistake_is_refused(refused, mistake):
    """A mistake planted into an accepted dashboard is refused."""
    assert mistake.__name__ in refused


def test_nothing_is_cast():
    """The types check the JSON as it is: without type assertion, `any` or suppressed line."""
    types = (GRAFANA / "dashboard-types.ts").read_text(encoding="utf-8")
    code = re.sub(r"^//.*$|import type \* as", "", types, flags=re.MULTILINE)

    assert not re.findall(r"\bas\b|\bany\b|@ts-", code + MODULE)

"""Metrics of an exporter in units of its own, and summaries: thresholds, texts and panels agree."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.end_to_end.live import Prometheus, running, target, until
from tests.rules.rendered import compiled_text
from victor_monitoring.app.pipeline import Compiled, render
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.live.exposition.parse import parse
from victor_monitoring.live.exposition.verify import verify
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.rule_tests.promtool import Promtool, run_cases

SPEC = Path(__file__).parent / "exporter.yaml"
# What the exporter shows after each scrape; the totals grow by 10 observations of 90 s and of 1.2 s.
EXPOSITION = """\
# TYPE furnace_load gauge
furnace_load{{side="left"}} 97.25
furnace_load{{side="right"}} 99
# TYPE furnace_delay gauge
furnace_delay 1500
# TYPE furnace_heat gauge
furnace_heat 612.5
# TYPE furnace_coal gauge
furnace_coal 2000
# TYPE furnace_line gauge
furnace_line 2.5e7
# TYPE furnace_fan gauge
furnace_fan 3250
# TYPE furnace_pour_ms histogram
furnace_pour_ms_bucket{{le="100"}} 0
furnace_pour_ms_bucket{{le="500"}} 0
furnace_pour_ms_bucket{{le="1000"}} {count}
furnace_pour_ms_bucket{{le="2000"}} {count}
furnace_pour_ms_bucket{{le="+Inf"}} {count}
furnace_pour_ms_sum {milliseconds}
furnace_pour_ms_count {count}
# TYPE furnace_bake_seconds summary
furnace_bake_seconds{{quantile="0.99"}} 150
furnace_bake_seconds_sum {seconds}
furnace_bake_seconds_count {count}
"""
SUMMARIES = {
    "HighLoad": {"left: 97.25%, above 80%", "right: 99%, above 80%"},
    "SlowDoor": {"1500.0ms, not below 1.5s"},
    "HotWall": {"612.5°C, above 600°C"},
    "LittleCoal": {"2000.0KiB, below 2MiB"},
    "BusyLine": {"25Mbit/s, above 20Mbit/s"},
    "FastFan": {"3.25k rpm, above 3000"},
    "SlowPouring": {"950.0ms, above 500ms"},
    "SlowBaking": {"1m 30s, above 1m"},
    "VerySlowBaking": {"2m 30s, above 2m"},
    "HotSides": {"2, above 1"},
    "LowHealth": {"11.2, below 50"},
}
GRAFANA = {
    "Load": "percent", "Delay": "ms", "Heat": "celsius", "Coal": "kbytes", "Line": "bps", "Fan": "suffix:rpm",
    "Pouring": "ms", "Baking": "s", "Baking P99": "s", "Hot sides": "short", "Health": "none",
}  # fmt: skip


def compiled() -> Compiled:
    """Return the compiled spec."""
    return compiled_text(SPEC.read_text(encoding="utf-8"))


def rendered(output: str) -> str:
    """Return the text of an output."""
    return next(each.text for each in render(compiled()) if each.output == output)


def grown(count: int) -> str:
    """Return the exposition after this number of observations."""
    return EXPOSITION.format(count=count, milliseconds=count * 950, seconds=count * 181 // 2)


@pytest.fixture(scope="module")
def live(prometheus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Yield a Prometheus with the rules of the spec, which scrapes the exporter."""
    folder, counts = tmp_path_factory.mktemp("furnace"), itertools.count(0, 10)
    rules = folder / "rules.yaml"
    rules.write_text(rendered("rules"), encoding="utf-8")
    with ExitStack() as stack:
        exporter = stack.enter_context(target(lambda: grown(next(counts))))
        scrape = {
            "job_name": "furnace",
            "scrape_interval": "200ms",
            "scrape_timeout": "200ms",
            "static_configs": [{"targets": [f"127.0.0.1:{exporter.port}"]}],
        }
        yield stack.enter_context(running(prometheus, folder, [rules], [scrape]))


def test_every_case_of_every_unit_passes(promtool: Path) -> None:
    """The alerts fire beyond their thresholds and not short of them, with the expected texts."""
    spec = compiled().base
    assert spec is not None
    found = run_cases(
        Promtool.at(promtool),
        derive(spec).cases,
        rule_file(spec),
        lambda count: None,
    )
    assert len(found) > 120
    assert [(each.case.name, each.failure) for each in found if not each.passed] == []


@pytest.mark.clock
def test_each_alert_fires_with_its_text(live: Prometheus) -> None:
    """A threshold in any unit of the dimension is met by the exporter's values, which the text shows."""

    def summaries() -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for alert in live.get("alerts")["alerts"]:
            if alert["state"] == "firing":
                found.setdefault(alert["labels"]["alertname"], set()).add(alert["annotations"]["summary"])
        return found

    until(lambda: summaries().keys() == SUMMARIES.keys())
    assert {name: texts for name, texts in summaries().items() if texts != SUMMARIES[name]} == {}


@pytest.mark.clock
def test_each_panel_has_data_and_its_unit(live: Prometheus) -> None:
    """Each panel draws a signal in Grafana's unit for it."""
    dashboard = json.loads(rendered("dashboard"))
    panels = {each["title"]: each for each in dashboard["panels"] if each.get("targets")}
    units = {title: panel["fieldConfig"]["defaults"]["unit"] for title, panel in panels.items()}
    assert units == GRAFANA
    queries = [query["expr"] for panel in panels.values() for query in panel["targets"]]
    for query in queries:
        until(partial(live.query, re.sub(r"\$\w+", ".*", query)))


def test_the_exporter_is_as_declared() -> None:
    """Quantiles of a summary may be missing, its sum and count may not."""
    base = compiled().base
    assert base is not None

    def codes(text: str) -> list[str]:
        found = verify(base, compiled().trees[None], parse(Source("metrics", text), openmetrics=False))
        return [each.code for each in found]

    text = grown(10)
    assert codes(text) == []
    assert codes("\n".join(line for line in text.splitlines() if "quantile" not in line) + "\n") == []
    assert codes(text.replace("furnace_bake_seconds_sum 905\n", "")) == ["VM802"]
    assert codes(text.replace("furnace_bake_seconds summary", "furnace_bake_seconds gauge")) == ["VM804"]

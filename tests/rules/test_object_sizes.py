"""The sizes of rendered Kubernetes objects: one that a cluster refuses is an error where it is rendered."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import yaml

from tests.cli.commands import victor_mon
from victor_monitoring.app.pipeline import Compiled, compile_spec, render
from victor_monitoring.base.diagnostics import Source

SPEC = """\
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
severities: [warning]
kubernetes: {objects: OBJECTS}
components:
  front: {metrics: {shop_open: {type: gauge, merge: sum, help: Open requests.}}}
signals:
  open: {title: Open, unit: count, value: {of: shop_open, agg: max}}
alerts:
  shop:
    High: {signal: open, when: "> 10", for: 5m, severity: warning, summary: "{value}", description: "TEXT"}
dashboard:
  rows:
    - title: All
      panels:
        - {title: Open, type: timeseries, signal: open}
"""
MIB = 2**20


def compiled(text: str) -> Compiled:
    """Return the compiled spec."""
    return compile_spec(Source("shop.yaml", text), today=datetime.date(2026, 1, 1))


def spec(description: str = "Many", objects: str = "configmap") -> str:
    """Return a spec with a description of its alert."""
    return SPEC.replace("OBJECTS", objects).replace("TEXT", description)


def rules_size(text: str) -> int:
    """Return the size of the data of the ConfigMap with the rules, keys included, in bytes."""
    found = (yaml.safe_load(each.text) for each in render(compiled(text), outputs=["kubernetes"]))
    (data,) = (each["data"] for each in found if "rules.yaml" in each.get("data", {}))
    return sum(len(key.encode()) + len(value.encode()) for key, value in data.items())


def found(text: str) -> list[str]:
    """Return the findings with their places."""
    return [f"{each.span} {each.code} {each.message}; {each.hint}" for each in compiled(text).diagnostics]


def test_a_config_map_of_one_mebibyte_is_allowed_and_no_byte_more() -> None:
    """At 1048576 bytes, keys included, nothing is reported; one more is an error at the alerts."""
    room = MIB - rules_size(spec("x"))
    assert rules_size(spec("x" * (room + 1))) == MIB
    assert found(spec("x" * (room + 1))) == []
    (line,) = found(spec("x" * (room + 2)))
    assert line == (
        "shop.yaml:9:1 VM616 `ConfigMap shop-alerts` is of 1048577 bytes, and a cluster takes 1048576; "
        "move some alerts to another spec, or render plain files: `kubernetes: {objects: null}`"
    )


@pytest.mark.parametrize("piece", ["ä", "\\n", "'", "x\\n", "\\\\", '\\"', "😀", "\\t", ": #", "- "])
def test_bytes_of_the_rendered_text_count(piece: str) -> None:
    """Whatever the characters are written as, the largest text that fits is accepted, and one more is not."""
    step = rules_size(spec(f"x{piece * 2}y")) - rules_size(spec(f"x{piece}y"))
    count = (MIB - rules_size(spec(f"x{piece}y"))) // step + 1
    size = rules_size(spec(f"x{piece * count}y"))
    assert MIB - size < step
    assert found(spec(f"x{piece * count}y")) == []
    (line,) = found(spec(f"x{piece * (count + 1)}y"))
    assert f"`ConfigMap shop-alerts` is of {size + step} bytes" in line


def test_a_long_text_of_a_panel_counts() -> None:
    """One panel is too large if its title or its signal's title is."""
    for place in ("title: Open, type", "title: Open, unit"):
        (line,) = found(spec().replace(place, place.replace("Open", "x" * MIB)))
        assert "`ConfigMap shop-dashboard` is of " in line


@pytest.mark.parametrize(("objects", "codes"), [("operator", ["VM616"]), ("configmap", []), ("null", [])])
def test_the_operator_takes_half_as_much(objects: str, codes: list[str]) -> None:
    """Rules of 600 kB are too large for a PrometheusRule, and not for a ConfigMap or a file."""
    described = compiled(spec("x" * 600_000, objects)).diagnostics
    assert [each.code for each in described if each.name == "oversized-object"] == codes


def test_a_large_dashboard_is_reported_where_it_is_described() -> None:
    """A dashboard of many panels is an error at `dashboard`."""
    panel = "        - {title: Open, type: timeseries, signal: open}\n"
    (line,) = found(spec().replace(panel, panel * 1500))
    assert line.startswith("shop.yaml:12:1 VM616 `ConfigMap shop-dashboard` is of ")
    assert "move some panels" in line


def test_contexts_are_measured_instead_of_base_and_the_error_can_be_accepted() -> None:
    """A context with plain files is not reported; a spec may set the severity, or acknowledge the finding."""
    large = spec("x" * MIB)
    contexts = large + "contexts:\n  prod: {}\n  files: {kubernetes: {objects: null}}\n"
    assert [each.split("` is of")[0] for each in found(contexts)] == [
        "shop.yaml:9:1 VM616 `ConfigMap shop-alerts-prod"
    ]
    assert found(large + "checks: {oversized-object: off}\n") == []


def test_generate_writes_no_object_that_is_too_large(tmp_path: Path) -> None:
    """`validate`, `generate` and `check` fail, and no file is written; the hint is a way out."""
    (tmp_path / "specs").mkdir()
    path = tmp_path / "specs" / "shop.yaml"
    path.write_text(spec("x" * MIB), encoding="utf-8")
    for command in ("validate", "generate", "check"):
        assert victor_mon(tmp_path, command).status == 1
    assert not (tmp_path / "deployment").exists()
    path.write_text(spec("x" * MIB, "null"), encoding="utf-8")
    assert victor_mon(tmp_path, "generate").status == 0

"""The text of the registry module: its existence, names, layout and escapes."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import black
import pytest
from black.report import NothingChanged
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from tests.renderers.registry_module import module_of, of_components, performance, series, shop, text_of
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.renderers.registry import render

SALES = {"type": "counter", "help": "Sales."}
RUFF = shutil.which("ruff") or shutil.which("ruff", path=str(Path(sys.executable).parent))


def is_formatted(text: str, width: int = 110) -> bool:
    assert RUFF is not None, "ruff is not installed; the extra `test` contains it"
    command = [RUFF, "format", "--isolated", "--check", "--line-length", str(width), "-"]
    return subprocess.run(command, input=text.encode(), capture_output=True, check=False).returncode == 0


def free(text: str) -> str:
    """Return the module's text without the comment that keeps formatters away."""
    return text.removeprefix("# fmt: off\n")


def test_base_has_one_file_at_the_path_of_the_output() -> None:
    """The module of base is at the path of its output; a context has no module."""
    (artifact,) = render(performance())
    assert (str(artifact.path), artifact.output, artifact.context) == (
        "victor_monitoring/victor/registry.py", "registry", None,
    )  # fmt: skip
    assert list(render(shop({"shop_sales_total": SALES}, context="prod", contexts={"prod": {}}))) == []


@pytest.mark.parametrize(
    "spec",
    [
        shop({"shop_sales_total": SALES}, outputs={"registry": None}),
        of_components({"till": {"external": True, "metrics": {"shop_sales_total": SALES}}}),
        of_components({}),
    ],
    ids=["output off", "external only", "no component"],
)
def test_nothing_is_rendered_where_no_module_is_wanted(spec: Resolved) -> None:
    """An output that is off, and a spec without components of its own, have no module."""
    assert list(render(spec)) == []


def test_external_components_are_left_out() -> None:
    """Neither the metrics of an external component nor the signals that read them are in the module."""
    signals = {
        "sold": {"title": "Sold", "unit": "per_second", "rate": {"of": "shop_sales_total"}},
        "routed": {"title": "Routed", "unit": "per_second", "rate": {"of": "shop_routed_total"}},
        "both": {
            "title": "Both",
            "unit": "score",
            "score": [
                {"signal": "sold", "weight": 50, "worst": "0/s", "best": "9/s"},
                {"signal": "routed", "weight": 50, "worst": "0/s", "best": "9/s"},
            ],
        },
    }
    external = {"external": True, "metrics": {"shop_routed_total": SALES}}
    own = {"metrics": {"shop_sales_total": SALES}}
    module = module_of(of_components({"till": own, "ingress": external}, signals=signals))
    assert list(module.METRICS) == ["shop_sales_total"]
    assert list(module.SIGNALS) == ["sold"]
    assert list(vars(module.Metrics(CollectorRegistry()))) == ["till"]


def test_text_is_complete_and_the_same_each_time() -> None:
    """Two renderings are equal, and every line ends in LF, including the last one."""
    text = text_of(performance())
    assert text == text_of(performance())
    assert text.endswith("}\n")
    assert "\r" not in text


def test_layout_is_the_formatters() -> None:
    """`ruff format` leaves the module as it is."""
    assert is_formatted(free(text_of(performance())))


def test_formatters_leave_the_module_alone() -> None:
    """It stays as it is rendered with other settings too: by ruff, and by black."""
    text = text_of(performance())
    assert (is_formatted(free(text), 60), is_formatted(text, 60)) == (False, True)
    mode = black.Mode(line_length=60)
    with pytest.raises(NothingChanged):
        black.format_file_contents(text, fast=True, mode=mode)
    assert black.format_file_contents(free(text), fast=True, mode=mode)


@pytest.mark.parametrize("letter", ["x", "é", "e\u0301", "東", '"', "'", "\\"])
def test_layout_is_the_formatters_at_every_width(letter: str) -> None:
    """With texts of any length, script and quoting, `ruff format` leaves the module as it is."""
    metrics: dict[str, Any] = {}
    for size in range(1, 130):
        text = letter * size
        metrics[f"shop_{size}_total"] = {"type": "counter", "help": text, "labels": {f"a{size}": [text]}}
        metrics[f"shop_{size}"] = {"type": "gauge", "help": f"{text} x", "labels": {f"b{size}": [text, "y"]}}
    assert is_formatted(free(text_of(shop(metrics))))


HARD = (
    '"""', '"', '\\"""', "\\", "a\\", '"""\nimport os\n"""', "{x}", "%s", "\r\n", "#", "'\"'", "\x00",
    "\ufeff", "a" * 90 + " b" * 20,
)  # fmt: skip
TEXTS = st.text(min_size=1) | st.sampled_from(HARD)


def _metrics(hint: str, value: str) -> dict[str, Any]:
    return {
        "shop_sales_total": {"type": "counter", "help": hint},
        "shop_open": {"type": "gauge", "help": hint, "merge": "sum"},
        "shop_items_total": {"type": "counter", "help": hint, "labels": {"kind": [value]}},
    }


def _signals(title: str) -> dict[str, Any]:
    return {"sold": {"title": title, "unit": "per_second", "rate": {"of": "shop_sales_total"}}}


def _names_in(text: str) -> list[str]:
    return [node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)]


@given(hint=TEXTS, value=TEXTS, title=TEXTS)
def test_texts_of_the_spec_stay_texts(hint: str, value: str, title: str) -> None:
    """Any help, label value or title is in the module as exactly this text, and none of it runs as code."""
    spec = shop(_metrics(hint, value), signals=_signals(title))
    harmless = text_of(shop(_metrics("x", "x"), signals=_signals("x")))
    assert _names_in(text_of(spec)) == _names_in(harmless)
    registry = CollectorRegistry()
    module = module_of(spec)
    module.Metrics(registry)
    assert {family.documentation for family in registry.collect()} == {hint}
    assert series(registry, "shop_items_total") == {(value,): 0}
    assert module.SIGNALS["sold"]["title"] == title


def test_names_are_legal_public_and_unique() -> None:
    """A metric, label or component whose name is a keyword or taken gets another name in Python."""
    labels = {"class": ["a"], "self": ["b"], "class_": ["c"]}
    metrics = {
        "shop_class": {"type": "gauge", "help": "x"},
        "shop_2xx_total": {"type": "counter", "help": "x"},
        "shop___init__": {"type": "gauge", "help": "x"},
        "shop_str": {"type": "gauge", "help": "x"},
        "shop_property": {"type": "gauge", "help": "x"},
        "shop_a:b": {"type": "gauge", "help": "x"},
        "shop_a_b": {"type": "gauge", "help": "x"},
        "other_total": {"type": "counter", "help": "x"},
        "shop_COMPONENT": {"type": "gauge", "help": "x", "labels": labels},
    }
    module = module_of(of_components({"import": {"metrics": metrics}, "None": {"metrics": {}}}))
    assert [each["attribute"] for each in module.METRICS.values()] == [
        "class_", "shop_2xx_total", "shop___init__", "str_", "property_", "a_b", "a_b_", "other_total",
        "COMPONENT_",
    ]  # fmt: skip
    found = module.Metrics(CollectorRegistry())
    assert list(vars(found)) == ["import_", "None_"]
    component = found.import_
    component.COMPONENT_(class_="a", self_="b", class__="c").set(1)
    assert all(hasattr(component, each["attribute"]) for each in module.METRICS.values())


def test_a_closed_label_has_one_literal_named_after_its_scope() -> None:
    """A Literal has the label's name, after the component's or metric's if the label has several sets."""

    def metric(**labels: list[str]) -> dict[str, object]:
        return {"type": "counter", "help": "x", "labels": labels}

    components = {
        "till": {"metrics": {
            "shop_a_total": metric(way=["in", "out"], kind=["x"]),
            "shop_b_total": metric(way=["out", "in"], kind=["x", "y"]),
        }},
        "stock": {"metrics": {"shop_c_total": metric(kind=["z"]), "shop_d_total": metric(counter=["1"])}},
    }  # fmt: skip
    tree = ast.parse(text_of(of_components(components)))
    literals = [
        node.target.id
        for node in tree.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(node.value, ast.Subscript)
        and ast.unparse(node.value).startswith("Literal")
    ]
    assert literals == ["Way", "ATotalKind", "BTotalKind", "StockKind", "CounterLabel", "_Merge"]


def test_class_names_that_the_module_uses_itself_are_lengthened() -> None:
    """Classes never replace a name that the module uses, nor each other."""
    names = ["Counter", "ValueError", "Metrics", "Till", "Till"]
    components = {f"c{i}": {"class": name, "metrics": {}} for i, name in enumerate(names)}
    module = module_of(of_components(components))
    found = vars(module.Metrics(CollectorRegistry())).values()
    assert [type(each).__name__ for each in found] == [
        "CounterMetrics", "ValueErrorMetrics", "MetricsMetrics", "Till", "TillMetrics",
    ]  # fmt: skip


def test_sections_are_found_by_endpoint() -> None:
    """Each endpoint lists its components, and each component's class has its endpoint."""
    module = module_of(performance())
    assert module.ENDPOINTS["cache"] == ("tool_selection", "cache")
    found = module.Metrics(CollectorRegistry())
    shown = {
        endpoint: [getattr(found, each).ENDPOINT for each in names]
        for endpoint, names in module.ENDPOINTS.items()
    }
    assert all(set(endpoints) == {endpoint} for endpoint, endpoints in shown.items())
    assert [each.COMPONENT for each in vars(found).values()] == list(vars(found))
    assert module.METRICS["victor_label_overflows_total"]["rest"] is True

"""Compiling a damaged spec ends with diagnostics, never with an exception."""

from __future__ import annotations

import copy
import datetime
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from victor_monitoring.app.pipeline import compile_spec
from victor_monitoring.base.diagnostics import Source
from victor_monitoring.base.spec_file import SpecFile

ROOT = Path(__file__).resolve().parents[2]
PATHS = (*sorted(ROOT.glob("specs/**/*.yaml")), ROOT / "tests" / "checkout.yaml")
BASE = ROOT / "specs" / "examples" / "organisation" / "base.yaml"
TEXTS = [path.read_text("utf-8") for path in PATHS]
TREES = [yaml.safe_load(text) for text in TEXTS]
Key: TypeAlias = Any  # of a mapping or of a list

NASTY: list[Any] = [
    None, "", 0, -1, True, 1.5, 10**30, 1e308, [], {}, [[]], [None], {"a": 1}, ["x", "x"], "x" * 2000,
    "off", "any", "> 5", "> 80%", "< -5", "== 0", "5m", "0s", "-5m", "99999999999y", "1e3", "100%", "5GiB",
    "{{", "{value}", "min(1, x)", 'x{a=~"("}', 'victor_system_memory_bytes{job="x"}', "checkout_queue_depth",
    "health_score", "memory", "no_such", "../..", "{context}", "/", "[key]", "__x", "a b", "²", "\t",
    datetime.date(2026, 1, 1), {"of": None}, {"open": True}, {"values": []}, "job", "instance", "le",
]  # fmt: skip
KEYS = ["[key]", "", "of", "signal", "ack", "on", "a b", "metrics", "override", "reason", "value", "rate"]
MARKS = "{}[]:,#&*!|>\"'%@`-? \t<=~$\\0\u00e9"


def paths(node: Any, path: tuple[Key, ...] = ()) -> list[tuple[Key, ...]]:
    """Return the path of every node below the given one."""
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for key, each in below for found in ((*path, key), *paths(each, (*path, key)))]


def at(node: Any, path: tuple[Key, ...]) -> Any:
    for key in path:
        node = node[key]
    return node


@st.composite
def changed_trees(draw: st.DrawFn) -> str:
    """Draw a shipped spec with some of its nodes removed, replaced, renamed or copied elsewhere."""
    tree = copy.deepcopy(draw(st.sampled_from(TREES)))
    for _ in range(draw(st.integers(1, 4))):
        known = paths(tree)
        path = draw(st.sampled_from(known))
        parent, key = at(tree, path[:-1]), path[-1]
        other = copy.deepcopy(at(tree, draw(st.sampled_from(known))))
        match draw(st.sampled_from(["remove", "replace", "replace", "copy", "add", "repeat"])):
            case "remove":
                del parent[key]
            case "replace":
                parent[key] = draw(st.sampled_from(NASTY))
            case "copy":
                parent[key] = other
            case "add" if isinstance(parent, dict):
                parent[draw(st.sampled_from(KEYS))] = other
            case _ if isinstance(parent, list):
                parent.append(parent[key])
    return yaml.safe_dump(tree, sort_keys=False)


@st.composite
def changed_lines(draw: st.DrawFn) -> str:
    """Draw a shipped spec with some of its lines removed, repeated, moved, indented, cut or mistyped."""
    lines = draw(st.sampled_from(TEXTS)).splitlines()
    for _ in range(draw(st.integers(1, 4))):
        number, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        column = draw(st.integers(0, len(lines[number])))
        line, before, after = lines[number], lines[number][:column], lines[number][column:]
        mistyped = before + draw(st.sampled_from(MARKS)) + after
        became = [[], [line, line], [lines[other]], ["  " + line], [before], [mistyped], [mistyped]]
        lines[number : number + 1] = draw(st.sampled_from(became))
    return "\n".join(lines)


@settings(max_examples=50)
@given(text=changed_trees() | changed_lines())
def test_a_changed_base_is_merged_or_explained(tmp_path_factory, text):
    """Every diagnostic is inside the text of the spec or of the base."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "base.yaml").write_text(text.replace("victor_mon:", "budget:", 1), "utf-8")
    (folder / "spec.yaml").write_text("victor_mon: 1\nextends: base.yaml\nsignals: {}\n", "utf-8")
    file = SpecFile.at(folder / "spec.yaml")
    compiled = compile_spec(file.read(), today=datetime.date(2026, 11, 23), file=file)
    assert compiled.diagnostics or compiled.base
    for each in compiled.diagnostics:
        assert each.span.source.name in {f"{folder.as_posix()}/{name}.yaml" for name in ("base", "spec")}
        assert 1 <= each.span.line <= len(each.span.source.lines)


@settings(max_examples=200)
@given(changed_trees() | changed_lines())
def test_a_changed_spec_is_compiled_or_explained(text):
    """Every diagnostic is inside the text and has a message and a hint; without any there is a spec."""
    source = Source("spec", text)
    compiled = compile_spec(source, today=datetime.date(2026, 11, 23))
    assert compiled.diagnostics or compiled.base
    for each in compiled.diagnostics:
        assert each.message
        assert each.hint, each
        assert 1 <= each.span.line <= len(source.lines)
        assert (each.span.line, each.span.column) <= (each.span.end_line, each.span.end_column)


@pytest.mark.parametrize("path", [path for path in PATHS if path != BASE], ids=lambda path: path.stem)
def test_a_shipped_spec_has_no_finding(path):
    """The specs of this repository compile without diagnostics, for base and for every context."""
    file = SpecFile.at(path)
    compiled = compile_spec(file.read(), today=datetime.date(2026, 11, 23), file=file)
    assert compiled.diagnostics == []
    written = yaml.safe_load(path.read_text("utf-8"))
    shared = yaml.safe_load(BASE.read_text("utf-8")) if "extends" in written else {}
    assert list(compiled.contexts) == list(shared.get("contexts", {}) | written.get("contexts", {}))

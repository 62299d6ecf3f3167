"""Regular expressions of selectors, judged by promtool."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from victor_monitoring.signals.selector import SelectorError, parse_selector

FOREIGN = [
    "(", "a{1001}", "a{2,1001}", "(a{100}){100}", "((a{1000}){1000})", "(?x)a b", "(?a)a", "(?u)a", "(?L)a",
    r"\u0061", r"\N{DIGIT ONE}", r"\\\N{DIGIT ONE}", r"\é", r"[\u0061]", r"[a\b]", "(?P<é>a)", "(?=a)",
    "(?!a)", "(?<=a)b", "(?<!a)b", "(?>a)", "(?P<x>a)(?P=x)", r"(a)\1", "(?#c)a", "(a)(?(1)b|c)", r"\Z",
    "a*+", "a++", "a?+", "a{2}+",
]  # fmt: skip
COMMON = [
    "a|b", "[45]..", "", "a{1000}", "(a{10}){100}", "a{2,}", "(?i)a", "(?s:a)", "(?P<x>a)", r"\d+\.\w",
    r"\x61", "[^]a]", "[]a]", r"[\]a]", r"\\u0061", r"\\N", r"[*+?}]+", r"a\*+", "é", "{", "a{,5}",
    r"\bat\b", "a*?",
]  # fmt: skip


def judged(promtool: Path, path: Path, pattern: str) -> tuple[bool, bool]:
    """Whether the language takes a pattern, and whether Prometheus does."""
    selector = f"a{{b=~{json.dumps(pattern, ensure_ascii=False)}}}"
    try:
        parse_selector(selector)
        is_ours = True
    except SelectorError:
        is_ours = False
    groups = [{"name": "a", "rules": [{"record": "a:b", "expr": f"sum({selector})"}]}]
    path.write_text(yaml.safe_dump({"groups": groups}, allow_unicode=True), encoding="utf-8")
    command = [str(promtool), "check", "rules", str(path)]
    return is_ours, subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("pattern", FOREIGN)
def test_what_prometheus_refuses_stands_in_no_selector(pattern: str, promtool: Path, tmp_path: Path) -> None:
    """An expression that Python's engine takes and Go's does not would stop a whole file from loading."""
    assert judged(promtool, tmp_path / "rules.yaml", pattern) == (False, False)


@pytest.mark.parametrize("pattern", COMMON)
def test_what_both_engines_know_is_taken(pattern: str, promtool: Path, tmp_path: Path) -> None:
    """Expressions that people write are taken as they are."""
    assert judged(promtool, tmp_path / "rules.yaml", pattern) == (True, True)

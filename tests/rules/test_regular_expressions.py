"""Regular expressions in selectors, checked by promtool."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from victor_monitoring.promql.lexer import PromqlError
from victor_monitoring.signals.selector import parse_selector

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
    """Return whether the spec language accepts a pattern, and whether Prometheus does."""
    selector = f"a{{b=~{json.dumps(pattern, ensure_ascii=False)}}}"
    try:
        parse_selector(selector)
        is_accepted = True
    except PromqlError:
        is_accepted = False
    groups = [{"name": "a", "rules": [{"record": "a:b", "expr": f"sum({selector})"}]}]
    path.write_text(yaml.safe_dump({"groups": groups}, allow_unicode=True), encoding="utf-8")
    command = [str(promtool), "check", "rules", str(path)]
    return is_accepted, subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("pattern", FOREIGN)
def test_a_selector_with_a_pattern_that_prometheus_refuses_is_refused(
    pattern: str, promtool: Path, tmp_path: Path
) -> None:
    """A pattern that Python's engine accepts and Go's refuses is refused: its rules file would not load."""
    assert judged(promtool, tmp_path / "rules.yaml", pattern) == (False, False)


@pytest.mark.parametrize("pattern", COMMON)
def test_a_pattern_of_both_engines_is_accepted(pattern: str, promtool: Path, tmp_path: Path) -> None:
    """Common patterns are accepted unchanged."""
    assert judged(promtool, tmp_path / "rules.yaml", pattern) == (True, True)

"""Each text of mistakes.txt leads to the diagnostics below it.

`UPDATE_GOLDENS=1 pytest tests/language` writes the current diagnostics; read the difference.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml

from victor_monitoring.base.diagnostics import Source
from victor_monitoring.language.syntax import build
from victor_monitoring.language.syntax.load import load
from victor_monitoring.language.syntax.mistakes import MISTAKES
from victor_monitoring.reporters import reporter

GOLDEN = Path(__file__).parent / "mistakes.txt"
CASE = re.compile(
    r"=== (?P<title>.*)\n(?P<text>(?s:.*?))\n>>>\n(?P<diagnostics>(?s:.*?))(?=^=== |\Z)", re.MULTILINE
)
CASES = list(CASE.finditer(GOLDEN.read_text(encoding="utf-8")))


def diagnosed(text: str) -> str:
    """Return the diagnostics of the text, as printed."""
    return reporter("text")(load(Source("s.yaml", text)).diagnostics)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_mistake(case: re.Match[str]) -> None:
    """The mistake is reported with its position, a plain message and a hint that repairs it."""
    assert diagnosed(case["text"]) == case["diagnostics"].rstrip("\n") + (
        "\n" if case["diagnostics"].strip() else ""
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_mistake_with_python_parser(case: re.Match[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML without its C parser leads to the same codes on the same lines."""
    expected = [(each.code, each.span.line) for each in load(Source("s.yaml", case["text"])).diagnostics]
    monkeypatch.setattr(build, "_Loader", yaml.SafeLoader)
    assert [
        (each.code, each.span.line) for each in load(Source("s.yaml", case["text"])).diagnostics
    ] == expected


def test_every_code_is_shown_or_tested() -> None:
    """Every code of the table is in mistakes.txt, except those whose texts cannot be written there."""
    unshown = {"VM006", "VM007", "VM011", "VM013", "VM014", "VM026"}  # VM026 needs files: test_extends.py
    shown = set(re.findall(r"error\[(VM\d+)\]", GOLDEN.read_text(encoding="utf-8")))
    assert shown == {each.code for each in MISTAKES} - unshown


def test_codes_are_unique_and_documented() -> None:
    """Codes run from VM001 without a gap, names are unique, and each has a text for `explain`."""
    assert [each.code for each in MISTAKES] == [f"VM{number:03}" for number in range(1, len(MISTAKES) + 1)]
    assert len({each.name for each in MISTAKES}) == len(MISTAKES)
    assert all(len(each.doc) > 60 for each in MISTAKES)


if os.environ.get("UPDATE_GOLDENS"):
    GOLDEN.write_text(
        "".join(
            f"=== {case['title']}\n{case['text']}\n>>>\n{diagnosed(case['text'])}\n".rstrip("\n") + "\n\n"
            for case in CASES
        ),
        encoding="utf-8",
    )
    CASES = list(CASE.finditer(GOLDEN.read_text(encoding="utf-8")))

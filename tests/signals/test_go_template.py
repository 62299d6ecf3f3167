"""The reader of Go templates takes what a real Prometheus takes, and its errors have a place and a hint."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.programs import version
from tests.promql.expressions import fresh
from tests.signals.go_templates import TEXTS, WHOLE, broken
from victor_monitoring.promql.prometheus_version import NEWEST, OLDEST, PrometheusVersion, parse_version
from victor_monitoring.signals.go_template.functions import FUNCTIONS
from victor_monitoring.signals.go_template.lexer import GoTemplateError
from victor_monitoring.signals.go_template.reader import read
from victor_monitoring.signals.go_template.tree import Action, Command, GoTemplate, Literal

DRAWN = 1500
REFUSED = re.compile(r'rule \d+, "A(\d+)": annotation "text": (.*)')


def error_of(text: str, prometheus: PrometheusVersion | None) -> GoTemplateError | None:
    """Return why a text is no template; None if it is one."""
    try:
        read(text, prometheus)
    except GoTemplateError as error:
        return error
    return None


def refused(promtool: Path, folder: Path, texts: Sequence[str]) -> dict[str, str]:
    """Return the error of promtool for each text that it refuses as an annotation."""
    rules = [
        {"alert": f"A{index}", "expr": "up", "annotations": {"text": text}}
        for index, text in enumerate(texts)
    ]
    path = folder / "rules.json"
    path.write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}))
    done = subprocess.run(
        [promtool, "check", "rules", "--lint=none", path], capture_output=True, text=True, check=False
    )
    return {texts[int(number)]: error for number, error in REFUSED.findall(done.stdout + done.stderr)}


def differences(promtool: Path, folder: Path, texts: Sequence[str]) -> tuple[list[str], int]:
    """Return the texts on which promtool and the reader disagree, and the number that both refuse."""
    theirs = refused(promtool, folder, texts)
    prometheus = parse_version(version(promtool))
    found, both = [], 0
    for text in texts:
        ours = error_of(text, prometheus)
        both += text in theirs and ours is not None
        if (text in theirs) != (ours is not None):
            found.append(f"{text!r}: promtool {theirs.get(text)}, reader {ours and ours.message}")
    return found, both


def test_each_form_of_templates_is_read_or_refused_as_by_promtool(promtool: Path, tmp_path: Path) -> None:
    """Every form of actions, operands and numbers, each with the mistakes that can be made in it."""
    found, both = differences(promtool, tmp_path, TEXTS)
    assert found == []
    assert len(TEXTS) / 3 < both < len(TEXTS) * 2 / 3


@pytest.mark.hypothesis
def test_broken_templates_are_read_or_refused_as_by_promtool(promtool: Path, tmp_path: Path) -> None:
    """A piece too many, too few or of another kind; both sorts are there."""
    texts: dict[str, None] = {}

    @settings(max_examples=DRAWN, database=None, suppress_health_check=list(HealthCheck))
    @given(fresh(st.one_of(WHOLE, broken(), broken())))
    def collect(text: str) -> None:
        texts[text] = None

    collect()
    found, both = differences(promtool, tmp_path, list(texts))
    assert found == []
    assert len(texts) / 5 < both < len(texts) * 4 / 5


def test_each_function_exists_from_its_version_on(promtool: Path, tmp_path: Path) -> None:
    """Functions that a version does not have are refused for it, and no others."""
    found, _ = differences(promtool, tmp_path, [f"{{{{ {name} }}}}" for name in (*FUNCTIONS, "tmpl", "foo")])
    assert found == []


def test_functions_of_later_versions_need_the_version() -> None:
    """Without a version, a template must be one for all of them."""
    for only_new in ("{{ now }}", "{{ with 1 }}{{ else with 2 }}{{ end }}"):
        assert error_of(only_new, NEWEST) is None
        error = error_of(only_new, None)
        assert error is not None
        assert "from 3" in error.message


@settings(max_examples=1000, database=None, suppress_health_check=list(HealthCheck))
@given(
    fresh(st.one_of(broken(), st.sampled_from(TEXTS))), st.integers(0, 100), st.sampled_from((OLDEST, NEWEST))
)
def test_any_error_is_within_the_text_and_has_a_hint(
    whole: str, percent: int, prometheus: PrometheusVersion
) -> None:
    """Whatever is cut out of templates, the reader raises no other error, and a caret has a place."""
    cut = whole[: len(whole) * percent // 100]
    error = error_of(cut, prometheus)
    if error is not None:
        start, end = error.part
        assert 0 <= start < end <= len(cut)
        assert error.message
        assert error.hint


@pytest.mark.parametrize(
    "endless", ["{{" + "(" * 2000, "{{ if 1 }}" * 2000, "{{ if 1 }}" + "{{ else if 1 }}" * 2000]
)
def test_a_template_that_nests_too_deeply_is_refused(endless: str) -> None:
    """Parentheses, branches and `else if` have a limit, and raise no recursion error."""
    with pytest.raises(GoTemplateError, match="levels of nesting"):
        read(endless)


def test_operands_and_fields_know_where_they_were_read() -> None:
    """The range of an operand is its text with all fields, that of a field its name."""
    text = "a {{ index $labels.x.long `key` }}"
    (function, labels, key) = only_action(read(text))
    assert text[slice(*labels.span)] == "$labels.x.long"
    assert [text[slice(*field.span)] for field in labels.fields] == ["x", "long"]
    assert text[slice(*key.span)] == "`key`"
    assert function.fields == ()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r'"a\tb\x41"', "a\tbA"), (r"`a\t`", r"a\t"), ("'a'", 97), (r"'\n'", 10), ("1_000", 1000),
        ("0x1F", 31), ("017", 15), ("-2", -2), ("1.5e3", 1500.0), ("1+2i", 1 + 2j), ("2i", 2j),
        ("0x1p4", 16.0), ("nil", None), ("true", True),
    ],
)  # fmt: skip
def test_a_constant_has_the_value_that_go_gives_it(written: str, value: object) -> None:
    """Strings are unescaped, characters are numbers."""
    (operand,) = only_action(read(f"{{{{ {written} }}}}"))
    assert operand.base == Literal(value)  # type: ignore[arg-type] # the table has constants of each type


def test_the_spaces_at_a_trim_marker_belong_to_no_text() -> None:
    """`{{-` cuts the spaces in front of it and `-}}` those behind it, a comment's, too."""
    nodes = read("a \n{{- 1 -}}\t b {{/* c */ -}} d").nodes
    assert [getattr(node, "text", None) for node in nodes] == ["a", None, "b ", "d"]


def only_action(template: GoTemplate) -> Command:
    """Return the only command of the only action of a template."""
    (action,) = [node for node in template.nodes if isinstance(node, Action)]
    (command,) = action.pipe.commands
    return command

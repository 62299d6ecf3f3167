"""Every check and every language pattern, each on a fixture of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.checks.expectations import FIXTURES, TODAY, diagnostics, expected, found, repaired
from victor_monitoring.app.pipeline import compile_spec
from victor_monitoring.base.diagnostics import Pattern, Severity, Source
from victor_monitoring.checks.acknowledged import EXPIRED_ACK, UNUSED_ACK
from victor_monitoring.checks.check import Check, all_checks
from victor_monitoring.language.model.patterns import LANGUAGE

PATTERNS = (*(check.pattern for check in all_checks()), *LANGUAGE, UNUSED_ACK, EXPIRED_ACK)
WORDING = Path(__file__).with_name("wording.txt")
BY_NAME = {path.stem: path for path in FIXTURES}


def stem(path: Path) -> str:
    return path.stem


def name(pattern: Pattern | Check) -> str:
    return pattern.pattern.name if isinstance(pattern, Check) else pattern.name


@pytest.mark.parametrize("path", FIXTURES, ids=stem)
def test_a_fixture_has_exactly_the_expected_findings(path):
    """All checks together report in a fixture exactly the diagnostics that its lines expect."""
    assert found(path) == expected(path)


def test_the_wording_of_all_findings_equals_the_golden_file(request):
    """The golden file has every message and hint of every fixture; `--update-goldens` rewrites it."""
    lines = [
        f"{path.stem}:{each.span.line}:{each.span.column} {each.severity.word} {each.code} "
        f"{each.message}; {each.hint}"
        for path in FIXTURES
        for each in diagnostics(path)
    ]
    if request.config.getoption("--update-goldens"):
        WORDING.write_text("\n".join(lines) + "\n", "utf-8", newline="\n")
    assert lines == WORDING.read_text("utf-8").splitlines()


@pytest.mark.parametrize("path", FIXTURES, ids=stem)
def test_the_edits_that_the_hints_ask_for_repair_a_fixture(path):
    """A fixture with the edits of its `fix` comments has no finding, neither an old nor a new one."""
    compiled = compile_spec(Source(path.name, repaired(path.read_text("utf-8"))), today=TODAY)
    assert [f"{each.span} {each.message}; {each.hint}" for each in compiled.diagnostics] == []


@pytest.mark.parametrize("check", all_checks(), ids=name)
def test_a_fixture_needs_its_check(check):
    """Without the check, its fixture loses the check's findings and no others."""
    path = BY_NAME[check.pattern.name]
    others = [each for each in all_checks() if each is not check]
    rest = [place for place in expected(path) if place[2] != check.pattern.code]
    assert rest != expected(path)
    assert found(path, others) == rest


def test_every_pattern_has_a_fixture_of_its_name():
    """Fixtures and patterns are the same set, so that a new check comes with one."""
    assert sorted(BY_NAME) == sorted(pattern.name for pattern in PATTERNS)


@pytest.mark.parametrize("pattern", PATTERNS, ids=name)
def test_a_fixture_expects_the_pattern_it_is_named_after(pattern):
    """The pattern that a fixture is named after is among its expected findings."""
    assert pattern.code in {code for _, _, code in expected(BY_NAME[pattern.name])}


def test_codes_and_names_are_unique():
    """No two patterns have the same code or name."""
    assert len({pattern.code for pattern in PATTERNS}) == len(PATTERNS)
    assert len({pattern.name for pattern in PATTERNS}) == len(PATTERNS)


@pytest.mark.parametrize("pattern", PATTERNS, ids=name)
def test_a_pattern_is_documented_with_a_bad_and_a_good_example(pattern):
    """The documentation has a sentence, a reason and both examples; code and name have the right form."""
    paragraphs = pattern.doc.split("\n\n")
    assert len(paragraphs) >= 2
    assert paragraphs[0].endswith(".")
    assert re.search(r"Bad: .+Good: .+\.", pattern.doc, re.DOTALL)
    assert re.fullmatch(r"VM\d{3}", pattern.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", pattern.name)


@pytest.mark.parametrize("path", FIXTURES, ids=stem)
def test_a_finding_says_what_is_wrong_and_what_to_do(path):
    """Message and hint are one line each and not empty; the message has no full stop; spans are ordered."""
    for each in diagnostics(path):
        assert each.hint, each
        assert "\n" not in each.message + each.hint
        assert each.message == each.message.strip()
        assert not each.message.endswith(".")
        assert (each.span.end_line, each.span.end_column) >= (each.span.line, each.span.column)


SETTINGS = """\
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
checks: {%s}
components: {api: {metrics: {shop_depth: {type: gauge, help: Depth.}}}}
"""


@pytest.mark.parametrize(
    ("setting", "severity"),
    [
        ("", Severity.ERROR),
        ("missing-merge: off", None),
        ("missing-merge: note", Severity.NOTE),
        ("missing-merge: warning", Severity.WARNING),
        ("VM506: note", Severity.NOTE),
    ],
)
def test_a_spec_decides_how_much_a_check_matters(setting, severity):
    """`checks` sets a check's severity by name or code, and `off` silences it."""
    compiled = compile_spec(Source("spec", SETTINGS % setting), today=TODAY)
    assert [each.severity for each in compiled.diagnostics] == ([severity] if severity else [])


ACKED = """\
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
components:
  api:
    %s
    metrics:
      shop_depth:
        type: gauge
        help: Depth.
        %s
"""


@pytest.mark.parametrize(
    ("above", "there"),
    [
        ("", "ack: {missing-merge: One process}"),
        ("", "ack: {VM506: One process}"),
        ("ack: {missing-merge: One process}", ""),
        ("", "ack: {missing-merge: {reason: One process, until: 2026-11-23}}"),
    ],
)
def test_an_acknowledgement_covers_findings_at_its_node_and_below(above, there):
    """An acknowledgement by name or code applies at its node and below, up to its last day."""
    assert not compile_spec(Source("spec", ACKED % (above, there)), today=TODAY).diagnostics


def test_an_acknowledgement_that_one_context_needs_is_used():
    """An acknowledgement is unused only where neither base nor any context needs it."""
    text = """\
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
components: {api: {metrics: {shop_a_total: {type: counter, help: A.}}}}
signals:
  rate: {title: A, unit: per_second, rate: {of: shop_a_total}, ack: {short-window: A test}}
contexts: {tests: {override: {signals: {rate: {window: 1s}}}}}
"""
    assert not compile_spec(Source("spec", text), today=TODAY).diagnostics
    alone = text.replace("{window: 1s}", "{window: 5m}")
    assert [each.code for each in compile_spec(Source("spec", alone), today=TODAY).diagnostics] == ["VM603"]


@pytest.mark.parametrize(("select", "codes"), [("select: {}, ", []), ("", ["VM610"])])
def test_components_with_their_own_targets_are_scraped_by_others(select: str, codes: list[str]) -> None:
    """Objects of the operator need no ServiceMonitor where no component has the targets of the service."""
    text = f"""\
victor_mon: 1
service: {{name: shop, title: Shop, owner: sales, select: {{job: shop}}}}
kubernetes: {{objects: operator}}
components: {{api: {{external: true, {select}honor_labels: true, metrics: {{shop_a: {{type: gauge}}}}}}}}
signals: {{a: {{unit: count, value: {{of: shop_a}}}}}}
alerts: {{a: {{A: {{signal: a, when: "> 1", severity: null, summary: A}}}}}}
"""
    found = compile_spec(Source("spec", text), today=TODAY).diagnostics
    assert [each.code for each in found if each.code == "VM610"] == codes


def test_objects_that_contexts_inherit_are_reported_once():
    """The operator's objects of base are reported where they are given, and acknowledged there."""
    text = """\
victor_mon: 1
service: {name: shop, title: Shop, owner: sales, metric_prefix: shop_, select: {job: shop}}
kubernetes: {objects: operator}
contexts: {prod: {}, lab: {kubernetes: {objects: null}}, test: {kubernetes: {port: http, app: {app: shop}}}}
"""
    (found,) = compile_spec(Source("spec", text), today=TODAY).diagnostics
    assert (found.code, found.span.line, found.span.column) == ("VM610", 3, 23)
    acked = text.replace("operator}", "operator, ack: {unscraped-service: Another team scrapes it}}")
    assert not compile_spec(Source("spec", acked), today=TODAY).diagnostics


def test_an_absence_is_judged_where_alerts_are_deployed():
    """Base itself is not, where contexts are: each of them has one value of the scope."""
    text = BY_NAME["hidden-absence"].read_text("utf-8")
    text = re.sub(r"    TillGone: .*\n|  (nowhere|anywhere): .*\n", "", text)
    assert [each.code for each in compile_spec(Source("s.yaml", text), today=TODAY).diagnostics] == []

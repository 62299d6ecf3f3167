"""promtool's reports, in the format of each version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.rule_tests.promtool import Promtool

RULES = {"groups": [{"name": "heat", "rules": [{"alert": "Hot", "expr": "heat > 1"}]}]}


def files(folder: Path, *levels: str) -> list[str]:
    """Write a test file for each level of `heat` that expects no alert after a minute; return their names."""
    (folder / "rules.json").write_text(json.dumps(RULES), encoding="utf-8")
    for index, level in enumerate(levels):
        test = {
            "name": f"{index} & <all>",
            "interval": "15s",
            "input_series": [{"series": "heat", "values": level}],
            "alert_rule_test": [{"eval_time": "1m", "alertname": "Hot"}],
        }
        document = {"rule_files": ["rules.json"], "tests": [test]}
        (folder / f"{index}.json").write_text(json.dumps(document), encoding="utf-8")
    return [f"{index}.json" for index in range(len(levels))]


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_failures_are_reported_by_file(promtool: Path, tmp_path: Path) -> None:
    """A file that passes, one that fails and one that cannot be read are reported separately."""
    hot, cold, broken = Promtool.at(promtool).test(tmp_path, files(tmp_path, "2x9", "1x9", "?"))
    assert hot.startswith(("name: 0 & <all>,\n", "alertname: Hot, time: 1m,"))
    assert 'Labels:{alertname="Hot"}' in hot
    assert cold == ""
    assert "parse error" in broken


def test_a_version_that_knows_both_forms_reports_the_same_in_both(promtool: Path, tmp_path: Path) -> None:
    """Its printed blocks, with the headings of versions before 2.54, have the content of its JUnit report."""
    names = files(tmp_path, "2x9", "1x9")
    real = Promtool.at(promtool)
    headed = script(
        tmp_path / "headed",
        f'shift 2\nfor each; do echo "Unit Testing:  $each"; {promtool} test rules $each 2>&1; done\nexit 1',
    )
    assert Promtool(headed, has_junit=False).test(tmp_path, names) == real.test(tmp_path, names)


@pytest.mark.parametrize("flags", ["", "--junit=FILE"], ids=["text", "junit"])
def test_a_form_that_is_not_known_names_the_program_its_version_and_its_words(
    tmp_path: Path, flags: str
) -> None:
    """A report in an unknown format is an error, so that no test passes by accident."""
    program = script(
        tmp_path / "promtool",
        "case $* in\n--version) echo promtool, version 9.1;;\n"
        f"*--help) echo '{flags}';;\n*) echo 2 passed;;\nesac",
    )
    with pytest.raises(UserError) as raised:
        Promtool.at(program).test(tmp_path, files(tmp_path, "2x9"))
    assert str(raised.value) == (
        f"`{program}` (version 9.1) reports on tests in no known form; it printed: 2 passed"
    )


def test_a_report_on_fewer_files_is_an_error(promtool: Path, tmp_path: Path) -> None:
    """A file that is missing from the report has not passed."""
    tested = f"exec {promtool} test --junit report.xml rules 0.json"
    short = script(tmp_path / "short", f'case $1 in\ntest) {tested};;\n*) exec {promtool} "$@";;\nesac')
    with pytest.raises(UserError, match="in no known form"):
        Promtool(short, has_junit=True).test(tmp_path, files(tmp_path, "1x9", "1x9"))


def test_a_program_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    """The error names the program instead of raising a traceback."""
    with pytest.raises(UserError, match=r"promtool` cannot be run: "):
        Promtool.at(tmp_path / "promtool")

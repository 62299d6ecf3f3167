"""`victor-mon test`: the derived cases, run by promtool."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree as Xml

from tests.cli.commands import project, victor_mon, with_promtool


def test_the_cases_of_an_alert_pass_in_base_and_in_every_context(promtool: Path, tmp_path: Path) -> None:
    """The cases are printed by alert and by kind, and their number for base and each context."""
    folder = project(tmp_path / "repository")
    run = victor_mon(folder, "test", "--filter", "HighThreadCount", env=with_promtool(promtool))
    assert run.status == 0
    assert run.out.startswith("HighThreadCount    15  fires, short, threshold, recovers,")
    assert run.err.splitlines() == [
        f"victor-performance {place}: {count} cases, none failed"
        for place, count in (("base", 15), ("prod", 14), ("staging", 14), ("fast", 15))
    ]


def test_results_for_machines(promtool: Path, tmp_path: Path) -> None:
    """JSON counts by alert and by kind; JUnit lists every case under its alert."""
    folder = project(tmp_path / "repository")
    arguments = ("--filter", "TargetDown", "--context", "prod", "--format", "json", "--junit", "results.xml")
    run = victor_mon(folder, "test", *arguments, env=with_promtool(promtool))
    assert run.status == 0
    document = json.loads(run.out)
    assert document["diagnostics"] == []
    place = document["places"]["victor-performance prod"]
    assert (place["cases"], place["failed"]) == (5, 0)
    assert place["byAlert"]["TargetDown"]["elsewhere"] == 2
    suites = Xml.parse(folder / "results.xml").getroot()  # noqa: S314 - written a moment ago by the command itself
    (suite,) = suites
    assert suite.attrib == {
        "name": "victor-performance prod", "tests": "5", "failures": "0", "errors": "0", "skipped": "0",
    }  # fmt: skip
    assert {case.get("classname") for case in suite} == {"victor-performance prod.TargetDown"}


def test_the_cases_are_listed_without_promtool(tmp_path: Path) -> None:
    """A line names the place, the alert, the kind and the case."""
    folder = project(tmp_path / "repository")
    wanted = ("--list", "--filter", "HighThreadCount, fires")
    run = victor_mon(folder, "test", *wanted, env={"PATH": str(tmp_path)})
    assert run.status == 0
    assert run.out.splitlines() == [
        f"victor-performance {place}: HighThreadCount, fires: 1% beyond the threshold"
        for place in ("base", "prod", "staging", "fast")
    ]


def test_the_cases_are_written_for_promtool(promtool: Path, tmp_path: Path) -> None:
    """Promtool runs the file in any folder; writing it again changes nothing.

    The spec is small; `make prove` runs the file of each large one.
    """
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    assert victor_mon(folder, "init", "--name", "shop").status == 0
    assert victor_mon(folder, "generate").status == 0
    (folder / "checked").mkdir()
    for done in ("wrote    ", "unchanged"):
        run = victor_mon(folder, "test", "--write", "checked/rules.test.yaml", env={"PATH": str(tmp_path)})
        assert (run.status, run.err) == (0, f"{done} checked/rules.test.yaml\n")
    command = [str(promtool), "test", "rules", "rules.test.yaml"]
    tested = subprocess.run(command, cwd=folder / "checked", capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    run = victor_mon(project(tmp_path / "other"), "test", "--write", "x.yaml", "--context", "prod")
    assert run.err.startswith("victor-mon: `--write` writes the cases of one spec, in base\nhint: ")
    assert run.status == 2


def test_without_promtool_the_hint_is_the_package(tmp_path: Path) -> None:
    """A missing program is reported plainly, with exit status 2."""
    run = victor_mon(project(tmp_path / "repository"), "test", env={"PATH": str(tmp_path)})
    assert run.status == 2
    assert run.err.startswith("victor-mon: `promtool` is not on PATH")
    assert "apt-get install prometheus" in run.err


def test_a_filter_without_a_case_is_an_error(promtool: Path, tmp_path: Path) -> None:
    """A misspelt name is not reported as a passed test."""
    folder = project(tmp_path / "repository")
    run = victor_mon(folder, "test", "--filter", "HighThreadCont", env=with_promtool(promtool))
    assert run.status == 2
    assert run.err == "victor-mon: no case contains `HighThreadCont`\nhint: did you mean `HighThreadCount`?\n"


def test_mutants_are_counted_by_alert_and_by_mutation(promtool: Path, tmp_path: Path) -> None:
    """All are noticed, and the kinds of case that noticed them are printed."""
    folder = project(tmp_path / "repository")
    run = victor_mon(folder, "test", "--mutate", "--filter", "HighThreadCount", env=with_promtool(promtool))
    assert run.err == "victor-performance base: 35 mutants, 0 survived, 0 equivalent, 100.0% noticed\n"
    assert (run.status, run.out.splitlines()[:2]) == (
        0,
        ["alert            mutants  noticed  equivalent", "HighThreadCount       35       35"],
    )
    assert "\nthreshold                3        3\n" in run.out
    assert "noticed first by: fires" in run.out

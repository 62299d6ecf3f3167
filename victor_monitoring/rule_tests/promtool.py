"""The user's promtool: its version, what it refuses, and its runs on tests.

A run has one file per case, so that each failure belongs to a case.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as Xml

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.promql.rules import RuleFile
from victor_monitoring.rule_tests.case import Case
from victor_monitoring.rule_tests.test_file import test_file

# A case takes a fraction of a second; a promtool that takes this long for one hangs.
_PATIENCE: Final = 120
# promtool ends soon: with fewer garbage collections than Go's default of 100 it takes a quarter less time.
_GOGC: Final = "400"
_REPORT: Final = "report.xml"
_BLOCK: Final = re.compile(r"^Unit Testing:\s+(\S+)\n", re.MULTILINE)
_FAILED: Final = re.compile(r"\A\s*FAILED:\s*")
_VERSION: Final = re.compile(r"^promtool, version (\d+(?:\.\d+)+)", re.MULTILINE)
_HEADING: Final = re.compile(r"^\s*(?:Checking .*|FAILED:)\s*")  # of a file that is checked
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - Linux' file system in memory; names below are random


@dataclass(frozen=True, slots=True)
class Promtool:
    """A promtool and the format in which it reports on test files, which depends on its version.

    From Prometheus 2.54 on `--junit` writes one suite per file. Older versions print one block per file,
    headed `Unit Testing: FILE`; 3.x prints no such headings.
    """

    path: Path
    has_junit: bool

    @classmethod
    def at(cls, path: Path) -> Promtool:
        """Return the promtool at a path with its report format. Raise UserError if it cannot be run."""
        return cls(path, "--junit" in _run(path, "test", "--help").stdout)

    def version(self) -> str:
        """Return its version, ``""`` if it prints none."""
        found = _VERSION.search(_run(self.path, "--version").stdout)
        return found[1] if found else ""

    def refusal(self, rules: Path, *options: str) -> str:
        """Return its reasons to refuse a rules file, in one line; ``""`` if it accepts the file."""
        done = _run(self.path, "check", "rules", *options, str(rules))
        if not done.returncode:
            return ""
        lines = (_HEADING.sub("", line) for line in done.stdout.splitlines())
        return " ".join(" ".join(lines).split()) or f"it ended with status {done.returncode}"

    def test(self, folder: Path, files: Sequence[str], *, patience: int = _PATIENCE) -> list[str]:
        """Run test files of a folder and return the failure of each in order, an empty text where it passes.

        A file gets `patience` seconds on average, enough for a file of one case. Raise UserError unless every
        file is reported on.
        """
        options = ["--junit", _REPORT] if self.has_junit else []
        done = _run(
            self.path, "test", *options, "rules", *files, folder=folder, timeout=patience * len(files)
        )
        failures = _suites(folder / _REPORT) if self.has_junit else _blocks(done.stdout)
        if done.returncode not in (0, 1) or failures.keys() != set(files):
            lines = done.stdout.strip().splitlines() or [f"nothing, with exit status {done.returncode}"]
            program = f"`{self.path}` (version {self.version() or 'unknown'})"
            raise UserError(
                f"{program} reports on tests in no known form; it printed: {lines[-1].strip()}",
                "put the promtool of Prometheus 2.42 or newer first on PATH",
            )
        return [failures[file] for file in files]

    def failure(self, rules: RuleFile, test: Mapping[str, object]) -> str:
        """Run one test on rules and return its failure, an empty text where it passes."""
        with tempfile.TemporaryDirectory(prefix="victor-mon-", dir=_scratch()) as folder:
            _write(Path(folder) / "rules.json", rules.data())
            _write(Path(folder) / "test.json", {"rule_files": ["rules.json"], "tests": [test]})
            (found,) = self.test(Path(folder), ["test.json"])
        return found


@dataclass(frozen=True, slots=True)
class CaseRun:
    """One case and the rules that it is run on."""

    case: Case
    rules: RuleFile


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The result of one case: promtool's report of the failure, empty where the case passes."""

    case: Case
    failure: str

    @property
    def passed(self) -> bool:
        """Whether the case passes."""
        return not self.failure


def find_promtool() -> Promtool:
    """Return the promtool on PATH. Raise UserError where none is installed."""
    found = shutil.which("promtool")
    if found is None:
        raise UserError(
            "`promtool` is not on PATH, and it checks and tests the rules",
            "install Prometheus, whose archive and packages contain it: apt-get install prometheus, "
            "brew install prometheus, or https://prometheus.io/download",
        )
    return Promtool.at(Path(found))


def run_trials(promtool: Promtool, trials: Sequence[CaseRun]) -> Iterator[CaseResult]:
    """Yield the verdicts in order, with one promtool process for all trials."""
    with tempfile.TemporaryDirectory(prefix="victor-mon-", dir=_scratch()) as folder:
        written: dict[int, str] = {}
        for index, trial in enumerate(trials):
            if id(trial.rules) not in written:
                written[id(trial.rules)] = f"rules-{index}.json"
                _write(Path(folder) / written[id(trial.rules)], trial.rules.data())
            test = test_file(
                [trial.case],
                rule_files=[written[id(trial.rules)]],
                groups=trial.rules.names,
                evaluate=trial.case.evaluate,
            )
            _write(Path(folder) / f"{index}.json", test)
        failures = promtool.test(Path(folder), [f"{index}.json" for index in range(len(trials))])
    for trial, failure in zip(trials, failures, strict=True):
        yield CaseResult(trial.case, failure)


def _run(
    program: Path, *arguments: str, folder: Path | None = None, timeout: int = _PATIENCE
) -> subprocess.CompletedProcess[str]:
    """Run promtool with stdout and stderr merged, since it prints failures to both."""
    try:
        return subprocess.run(  # noqa: S603 - the program that was found on PATH, and files written here
            [program, *arguments],
            cwd=folder,
            env={"GOGC": _GOGC, **os.environ, **({"TMPDIR": str(folder)} if folder else {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=timeout,
        )
    except OSError as error:
        raise UserError(f"`{program}` cannot be run: {error.strerror}", "install Prometheus again") from None
    except subprocess.TimeoutExpired:
        raise UserError(
            f"`{program}` has not ended within {timeout} s", "is the machine overloaded?"
        ) from None


def _suites(report: Path) -> dict[str, str]:
    """Return the failures in a JUnit report by file name."""
    try:
        root = Xml.parse(report).getroot()  # noqa: S314 - written by the program that was just run
    except (OSError, Xml.ParseError):
        return {}
    return {
        suite.get("name", ""): "\n".join((failure.text or "").strip() for failure in suite.iter("failure"))
        for suite in root.iter("testsuite")
    }


def _blocks(printed: str) -> dict[str, str]:
    """Return the printed failures by file name."""
    _, *parts = _BLOCK.split(printed)
    blocks = zip(parts[::2], (text.strip() for text in parts[1::2]), strict=True)
    return {file: "" if text == "SUCCESS" else _FAILED.sub("", text) or "FAILED" for file, text in blocks}


def _write(path: Path, data: object) -> None:
    path.write_text(json.dumps(data), encoding="utf-8")


def _scratch() -> Path | None:
    """Return a folder in memory where the system has one: promtool writes a small database for each case."""
    return _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None


# Few enough cases per process to show progress, enough to make the process start negligible.
_BATCH: Final = 12


def run_cases(
    promtool: Promtool, cases: Sequence[Case], rules: RuleFile, done: Callable[[int], None]
) -> list[CaseResult]:
    """Return the verdict on each case, each run on the rules that it needs.

    `done` is called with the numbers of newly finished cases.
    """
    needed = needed_rules(rules)
    trials = [CaseRun(case, needed(case)) for case in cases]
    batches = [trials[start : start + _BATCH] for start in range(0, len(trials), _BATCH)]

    def run(batch: Sequence[CaseRun]) -> list[CaseResult]:
        verdicts = list(run_trials(promtool, batch))
        done(len(batch))
        return verdicts

    with ThreadPoolExecutor(max_workers=workers()) as pool:
        return [verdict for verdicts in pool.map(run, batches) for verdict in verdicts]


def workers() -> int:
    """Return the number of processes to run at once: the CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def needed_rules(rules: RuleFile) -> Callable[[Case], RuleFile]:
    """Return a cached function from a case to the rules that its expectations are about."""
    known: dict[object, RuleFile] = {}

    def needed(case: Case) -> RuleFile:
        key = (case.alerts, case.records)
        if key not in known:
            known[key] = rules.needed_by(*key)
        return known[key]

    return needed


def junit(suites: Sequence[tuple[str, Sequence[CaseResult]]]) -> str:
    """Return a JUnit XML document: a suite for each spec and context, a test case for each case."""
    root = Xml.Element("testsuites")
    for name, verdicts in suites:
        failures = sum(not verdict.passed for verdict in verdicts)
        counts = {"tests": str(len(verdicts)), "failures": str(failures), "errors": "0", "skipped": "0"}
        suite = Xml.SubElement(root, "testsuite", {"name": name, **counts})
        for verdict in verdicts:
            case = verdict.case
            names = {"classname": f"{name}.{case.alert}", "name": f"{case.kind}: {case.about}"}
            element = Xml.SubElement(suite, "testcase", names)
            if not verdict.passed:
                Xml.SubElement(element, "failure", {"message": case.name}).text = verdict.failure
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"

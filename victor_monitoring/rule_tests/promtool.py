"""promtool run on tests: one file for each case, so that a failure is the case's."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as Xml

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.rule_tests.case import Case
from victor_monitoring.rule_tests.rules import RuleFile
from victor_monitoring.rule_tests.test_file import test_file

# A case is a fraction of a second; promtool that takes so long for one has hung.
_PATIENCE: Final = 120
_REPORT: Final = "report.xml"
_BLOCK: Final = re.compile(r"^Unit Testing:\s+(\S+)\n", re.MULTILINE)
_FAILED: Final = re.compile(r"\A\s*FAILED:\s*")
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - where Linux keeps files in memory; names below are random


@dataclass(frozen=True, slots=True)
class Promtool:
    """A promtool and the form in which it reports on test files, which depends on its version.

    From Prometheus 2.54 on `--junit` writes one suite a file. Before, one block a file is printed, headed
    `Unit Testing: FILE`; 3.x prints no such heads.
    """

    path: Path
    has_junit: bool

    @classmethod
    def at(cls, path: Path) -> Promtool:
        """Ask the program which form it knows. Raise UserError where it cannot be run."""
        return cls(path, "--junit" in _run(path, "test", "--help").stdout)

    def test(self, folder: Path, files: Sequence[str]) -> list[str]:
        """Run test files of a folder; return the failures of each in order, empty text where it passes.

        Raise UserError unless every file is reported on.
        """
        options = ["--junit", _REPORT] if self.has_junit else []
        done = _run(
            self.path, "test", *options, "rules", *files, folder=folder, timeout=_PATIENCE * len(files)
        )
        failures = _suites(folder / _REPORT) if self.has_junit else _blocks(done.stdout)
        if done.returncode not in (0, 1) or failures.keys() != set(files):
            lines = done.stdout.strip().splitlines() or [f"nothing, with exit status {done.returncode}"]
            version = _run(self.path, "--version").stdout.partition("\n")[0].strip() or "version unknown"
            message = f"`{self.path}` ({version}) reports on tests in no known form; it printed: "
            raise UserError(
                message + lines[-1].strip(),
                "put the promtool of Prometheus 2.42 or newer first on PATH",
            )
        return [failures[file] for file in files]


@dataclass(frozen=True, slots=True)
class Trial:
    """One case and the rules that it is run on."""

    case: Case
    rules: RuleFile
    evaluate: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What promtool says of one case: nothing where it passes."""

    case: Case
    said: str

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.said


def find_promtool() -> Promtool:
    """Find promtool on PATH. Raise UserError where it is not installed."""
    found = shutil.which("promtool")
    if found is None:
        raise UserError(
            "`promtool` is not on PATH, and the tests of the rules are run by it",
            "install Prometheus, whose archive and packages bring it: apt-get install prometheus, "
            "brew install prometheus, or https://prometheus.io/download",
        )
    return Promtool.at(Path(found))


def run_trials(promtool: Promtool, trials: Sequence[Trial]) -> Iterator[Verdict]:
    """The verdicts, in order, by one process for all of the trials."""
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
                evaluate=trial.evaluate,
            )
            _write(Path(folder) / f"{index}.json", test)
        failures = promtool.test(Path(folder), [f"{index}.json" for index in range(len(trials))])
    for trial, said in zip(trials, failures, strict=True):
        yield Verdict(trial.case, said)


def _run(
    program: Path, *arguments: str, folder: Path | None = None, timeout: int = _PATIENCE
) -> subprocess.CompletedProcess[str]:
    """Run promtool with its streams joined: of several failures some go to either."""
    try:
        return subprocess.run(  # noqa: S603 - the program that was found on PATH, and files of our own
            [program, *arguments],
            cwd=folder,
            env={**os.environ, **({"TMPDIR": str(folder)} if folder else {})},
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
    """The failures that a JUnit report holds, by the name of their file."""
    try:
        root = Xml.parse(report).getroot()  # noqa: S314 - written by the program that was just run
    except (OSError, Xml.ParseError):
        return {}
    return {
        suite.get("name", ""): "\n".join((failure.text or "").strip() for failure in suite.iter("failure"))
        for suite in root.iter("testsuite")
    }


def _blocks(printed: str) -> dict[str, str]:
    """The failures that are printed, by the name of their file."""
    _, *parts = _BLOCK.split(printed)
    blocks = zip(parts[::2], (text.strip() for text in parts[1::2]), strict=True)
    return {file: "" if text == "SUCCESS" else _FAILED.sub("", text) or "FAILED" for file, text in blocks}


def _write(path: Path, data: object) -> None:
    path.write_text(json.dumps(data), encoding="utf-8")


def _scratch() -> Path | None:
    """Files in memory where there are some: promtool writes a small database for each case."""
    return _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None


# So few cases to a process that progress is seen, so many that starting it does not count.
_BATCH: Final = 12


def run_cases(
    promtool: Promtool, cases: Sequence[Case], rules: RuleFile, evaluate: int, done: Callable[[int], None]
) -> list[Verdict]:
    """The verdict on each case, run on the rules that it needs alone. `done` hears how many more are."""
    needed = needed_rules(rules)
    trials = [Trial(case, needed(case), evaluate) for case in cases]
    batches = [trials[start : start + _BATCH] for start in range(0, len(trials), _BATCH)]

    def run(batch: Sequence[Trial]) -> list[Verdict]:
        verdicts = list(run_trials(promtool, batch))
        done(len(batch))
        return verdicts

    with ThreadPoolExecutor(max_workers=workers()) as pool:
        return [verdict for verdicts in pool.map(run, batches) for verdict in verdicts]


def workers() -> int:
    """How many processes run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def needed_rules(rules: RuleFile) -> Callable[[Case], RuleFile]:
    """The rules that a case needs: of the alerts and recordings that it expects something of."""
    known: dict[object, RuleFile] = {}

    def needed(case: Case) -> RuleFile:
        key = (case.alerts, case.records)
        if key not in known:
            known[key] = rules.needed_by(*key)
        return known[key]

    return needed


def junit(suites: Sequence[tuple[str, Sequence[Verdict]]]) -> str:
    """The document: a suite for each spec and place, a test case for each case of an alert."""
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
                Xml.SubElement(element, "failure", {"message": case.name}).text = verdict.said
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"

"""A fault at every step of applying to three targets: the report is correct, and a second run succeeds.

The run prints the steps and outcomes as a table.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.apply.faults import (
    NEW,
    OLD,
    Case,
    Kind,
    Phase,
    Place,
    ProxyFaults,
    Site,
    apply_with_fault,
    requests_to,
    summary,
)
from tests.apply.proxy import Fault, Judge, Request, Wire, proxy
from tests.apply.stores import FileStore, rules
from tests.apply.world import SPEC, World, paths, scraping, world
from tests.cli.commands import ROOT, Outcome
from tests.tables import row

pytestmark = pytest.mark.minutes(1.5)

SECOND = '      - prometheus: {url: "SECOND", rules_dir: "OTHER"}\n'
KINDS: Sequence[Kind] = ("500", "lost", "gone", "taken", "interrupted")
# The requests of a run to its targets, up to the first one that verifies.
REQUESTS: Mapping[Phase, Sequence[Place]] = {
    "before": [
        Place("first", "GET", "/api/v1/status/flags"),
        Place("first", "GET", "/api/v1/status/config"),
        Place("second", "GET", "/api/v1/status/flags"),
        Place("second", "GET", "/api/v1/status/config"),
        Place("alertmanager", "GET", "/api/v2/status"),
    ],
    "during": [
        Place("first", "POST", "/-/reload"),
        Place("first", "GET", "/api/v1/rules"),
        Place("second", "POST", "/-/reload"),
        Place("second", "GET", "/api/v1/rules"),
        Place("alertmanager", "POST", "/-/reload"),
        Place("alertmanager", "GET", "/api/v2/status", 2),
    ],
}
CASES = [
    Case(kind, phase, place)
    for phase, places in REQUESTS.items()
    for place in places
    for kind in KINDS
    if kind not in ("lost", "taken") or place.is_write
]
TITLE = "faults while applying to three targets, and the reported states"


@dataclass
class Trio(Site):
    """Two Prometheus and an Alertmanager behind proxies."""

    world: World = field(kw_only=True)
    wire: Wire = field(kw_only=True)
    files: Mapping[str, Path] = field(kw_only=True)

    def judged_by(self, judge: Judge) -> None:
        """Restore the old version, and let `judge` choose faults from now on."""
        self.reset()
        self.wire.reset(judge)


@pytest.fixture(scope="module")
def trio(
    prometheus: Path,
    promtool: Path,
    alertmanager: Path,
    amtool: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Trio]:
    folder = tmp_path_factory.mktemp("trio")
    other, wire = folder / "second" / "rules", Wire()
    other.mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        one = stack.enter_context(world(folder))
        second = stack.enter_context(scraping(other.parent, other, one.scrape))
        real = {"first": one.prometheus.url, "second": second.url, "alertmanager": one.alertmanager}
        urls = {name: stack.enter_context(proxy(name, url, wire)) for name, url in real.items()}
        text = SPEC.read_text(encoding="utf-8").replace("evaluate_every: 500ms", "evaluate_every: 200ms")
        text = text.replace("      - alertmanager: {", SECOND + "      - alertmanager: {", 1)
        text = text.replace('"SECOND"', f'"{urls["second"]}"').replace('"OTHER"', f'"{other}"')
        files = {"first": one.rules_file, "second": other / "brew-prod.yaml", "alertmanager": one.config}
        loaded = {
            "first": rules(one.prometheus, files["first"]),
            "second": rules(second, files["second"]),
            "alertmanager": lambda: (one.routed(), None),  # the host's part is in the same text
        }
        stores = {
            name: FileStore(
                f"{'alertmanager' if name == 'alertmanager' else 'prometheus'} {urls[name]}",
                path,
                real[name],
                loaded[name],
            )
            for name, path in files.items()
        }
        found = Trio(
            stores, dict.fromkeys(stores, ProxyFaults(wire)), one.command, world=one, wire=wire, files=files
        )
        for version, changed in (
            ("old", text),
            ("new", text.replace("> 60%", "> 70%").replace("pager:", "siren:")),
        ):
            one.write_spec(changed, prometheus=urls["first"], alertmanager=urls["alertmanager"])
            found.apply_as(version)
        yield found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault(trio: Trio, case: Case, record_property) -> None:
    """The run fails, its report of every target is correct, and a second run applies everything."""
    cells = apply_with_fault(trio, case)
    record_property(*row(TITLE, {"at": str(case.place), "fault": case.kind, **cells}))


def test_every_step_has_its_fault(trio: Trio) -> None:
    """The places of the faults are all requests of a run until it verifies."""
    trio.reset()
    assert trio.apply().status == 0
    for name in trio.stores:
        expected = [place for places in REQUESTS.values() for place in places if place.target == name]
        assert requests_to(trio.wire, name)[: len(expected)] == expected


def test_somebody_edits_a_file_meanwhile(trio: Trio, record_property) -> None:
    """A file that changed since it was read is not overwritten: the run fails, and the edit stays."""

    def judge(request: Request) -> Fault:
        if (request.target, request.method) == ("first", "POST"):
            trio.files["second"].write_text("groups: []\n", encoding="utf-8")
        return ""

    trio.judged_by(judge)
    failed = trio.apply()
    reported = {name: summary(steps) for name, steps in trio.reported(failed).items()}
    assert (failed.status, trio.files["second"].read_text(encoding="utf-8")) == (2, "groups: []\n")
    assert "has changed since it was read" in failed.err
    assert reported["first"] == "undone, as before"
    assert "neither as before nor as planned" in reported["second"]
    assert reported["alertmanager"] == "not begun, as before"
    record_property(*row(TITLE, {"at": "second: its file edited meanwhile", "fault": "edited", **reported}))
    trio.disarm()
    assert trio.apply(20, "--force").status == 0


def test_killed(trio: Trio, record_property) -> None:
    """A run that is killed while a system reloads leaves complete files, and the next run applies them."""
    process: list[subprocess.Popen[bytes]] = []

    def judge(request: Request) -> Fault:
        if (request.target, request.method) == ("second", "POST"):
            process[0].kill()
            return "gone"
        return ""

    trio.judged_by(judge)
    command = [sys.executable, "-m", "victor_monitoring", "apply", "--context", "prod", "--yes"]
    env = {**os.environ, **paths(), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=trio.world.folder, env=env, stdout=-3, stderr=-3) as run:
        process.append(run)
        assert run.wait(timeout=60) == -signal.SIGKILL
    found = {name: next(iter(steps.values())) for name, steps in trio.truth().items()}
    assert (found["first"], found["second"].stored, found["alertmanager"]) == (NEW, "new", OLD)
    cells = {name: f"on disk {each.stored}" for name, each in found.items()}
    record_property(*row(TITLE, {"at": "second: POST /-/reload", "fault": "killed", **cells}))
    trio.disarm()
    assert trio.apply().status == 0
    assert trio.is_all(NEW)


def test_two_at_once(trio: Trio) -> None:
    """A second run that starts during the first, and may not wait, is refused; the first one succeeds."""
    second: list[Outcome] = []

    def judge(request: Request) -> Fault:
        if (request.target, request.method) == ("first", "POST") and not second:
            second.append(trio.world.run("apply", "--context", "prod", "--yes", "--wait", "0"))
        return ""

    trio.judged_by(judge)
    first = trio.apply(timeout=60)
    assert first.status == 0, first.err
    assert second[0].status == 2
    assert "another apply is at work on" in second[0].err


def test_nothing_is_locked_while_a_run_verifies(trio: Trio) -> None:
    """The folder of the rules is locked while it is changed, and no longer when the result is compared."""
    locked: list[tuple[str, bool]] = []

    def judge(request: Request) -> Fault:
        descriptor = os.open(trio.world.rules, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            locked.append((request.method, True))
        else:
            locked.append((request.method, False))
        finally:
            os.close(descriptor)
        return ""

    trio.judged_by(judge)
    assert trio.apply().status == 0
    assert {is_locked for method, is_locked in locked if method != "GET"} == {True}
    assert locked[-1] == ("GET", False)

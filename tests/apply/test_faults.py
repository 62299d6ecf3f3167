"""A fault at every step of applying to three targets: what is told is true, and a second run heals it.

The run prints the steps and outcomes as a table.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.apply.faults import NEW, OLD, Case, Interference, Kind, Phase, Place, Site, asked, suffered, words
from tests.apply.kept import KeptFile, rules
from tests.apply.proxy import Fault, Judge, Request, Wire, proxy
from tests.apply.world import SPEC, World, paths, scraping, world
from tests.cli.commands import ROOT, Outcome
from tests.tables import row

SECOND = '      - prometheus: {url: "SECOND", rules_dir: "OTHER"}\n'
# What a run asks of its targets, up to the first look at what was applied.
KINDS: Sequence[Kind] = ("500", "lost", "gone", "taken", "interrupted")
ASKED: Mapping[Phase, Sequence[Place]] = {
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
    for phase, places in ASKED.items()
    for place in places
    for kind in KINDS
    if kind not in ("lost", "taken") or place.is_write
]
TITLE = "faults while applying to three targets, and what was told and true"


@dataclass
class Trio(Site):
    """Two Prometheus and an Alertmanager behind proxies."""

    world: World = field(kw_only=True)
    wire: Wire = field(kw_only=True)
    files: Mapping[str, Path] = field(kw_only=True)

    def judged_by(self, judge: Judge) -> None:
        """The old version is applied, and `judge` decides what happens from now on."""
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
        files = {"first": one.ours, "second": other / "brew-prod.yaml", "alertmanager": one.config}
        loaded = {
            "first": rules(one.prometheus, files["first"]),
            "second": rules(second, files["second"]),
            "alertmanager": lambda: (one.routed(), None),  # the host's part is in the same text
        }
        kept = {
            name: KeptFile(
                f"{'alertmanager' if name == 'alertmanager' else 'prometheus'} {urls[name]}",
                path,
                real[name],
                loaded[name],
            )
            for name, path in files.items()
        }
        found = Trio(
            kept, dict.fromkeys(kept, Interference(wire)), one.command, world=one, wire=wire, files=files
        )
        for version, changed in (
            ("old", text),
            ("new", text.replace("> 60%", "> 70%").replace("pager:", "siren:")),
        ):
            one.write_spec(changed, prometheus=urls["first"], alertmanager=urls["alertmanager"])
            found.become(version)
        yield found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault(trio: Trio, case: Case, record_property) -> None:
    """The run fails, what is told of every target is true, and a second run heals it."""
    cells = suffered(trio, case)
    record_property(*row(TITLE, {"at": str(case.place), "fault": case.kind, **cells}))


def test_every_step_has_its_fault(trio: Trio) -> None:
    """What the faults come at is all that a run asks until it looks at what was applied."""
    trio.reset()
    assert trio.apply().status == 0
    for name in trio.kept:
        expected = [place for places in ASKED.values() for place in places if place.target == name]
        assert asked(trio.wire, name)[: len(expected)] == expected


def test_somebody_edits_a_file_meanwhile(trio: Trio, record_property) -> None:
    """What has changed since it was read is not overwritten: the run fails, and the edit stays."""

    def judge(request: Request) -> Fault:
        if (request.target, request.method) == ("first", "POST"):
            trio.files["second"].write_text("groups: []\n", encoding="utf-8")
        return ""

    trio.judged_by(judge)
    failed = trio.apply()
    told = {name: words(steps) for name, steps in trio.told(failed).items()}
    assert (failed.status, trio.files["second"].read_text(encoding="utf-8")) == (2, "groups: []\n")
    assert "has changed since it was read" in failed.err
    assert told["first"] == "undone, as before"
    assert "neither as before nor as planned" in told["second"]
    assert told["alertmanager"] == "not begun, as before"
    record_property(*row(TITLE, {"at": "second: its file edited by somebody", "fault": "edited", **told}))
    trio.calm()
    assert trio.apply(20, "--force").status == 0


def test_killed(trio: Trio, record_property) -> None:
    """A run that is killed while a system reloads leaves whole files, and the next run finishes."""
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
    assert (found["first"], found["second"].stands, found["alertmanager"]) == (NEW, "new", OLD)
    cells = {name: f"on disk {each.stands}" for name, each in found.items()}
    record_property(*row(TITLE, {"at": "second: POST /-/reload", "fault": "killed", **cells}))
    trio.calm()
    assert trio.apply().status == 0
    assert trio.is_all(NEW)


def test_two_at_once(trio: Trio) -> None:
    """A second run that comes while the first is at work is refused, and the first is not disturbed."""
    second: list[Outcome] = []

    def judge(request: Request) -> Fault:
        if (request.target, request.method) == ("first", "POST") and not second:
            second.append(trio.world.run("apply", "--context", "prod", "--yes"))
        return ""

    trio.judged_by(judge)
    first = trio.apply(timeout=60)
    assert first.status == 0, first.err
    assert second[0].status == 2
    assert "another apply is at work on" in second[0].err

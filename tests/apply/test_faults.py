"""A fault at every step of applying to three targets: what is told is true, and a second run heals it.

The run prints the steps and outcomes as a table.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from tests.apply.proxy import Fault, Request, Wire, proxy
from tests.apply.world import SPEC, World, paths, reload, world
from tests.cli.commands import ROOT, Outcome
from tests.end_to_end.live import Prometheus, running

SECOND = '      - prometheus: {url: "SECOND", rules_dir: "OTHER"}\n'
LINE = re.compile(r"  (prometheus|alertmanager) (\S+): (\S+): (.+)")
# What a run asks of its targets, up to the first look at what was applied: target, method, path, which time.
ASKED = {
    "before": [
        ("first", "GET", "/api/v1/status/flags", 1),
        ("first", "GET", "/api/v1/status/config", 1),
        ("second", "GET", "/api/v1/status/flags", 1),
        ("second", "GET", "/api/v1/status/config", 1),
        ("alertmanager", "GET", "/api/v2/status", 1),
    ],
    "during": [
        ("first", "POST", "/-/reload", 1),
        ("first", "GET", "/api/v1/rules", 1),
        ("second", "POST", "/-/reload", 1),
        ("second", "GET", "/api/v1/rules", 1),
        ("alertmanager", "POST", "/-/reload", 1),
        ("alertmanager", "GET", "/api/v2/status", 2),
    ],
}  # fmt: skip
CASES = [
    (kind, phase, place)
    for phase, places in ASKED.items()
    for place in places
    for kind in ("refused", "lost", "gone", "interrupted")
    if kind != "lost" or place[1] == "POST"
]


@dataclass(frozen=True)
class Live:
    """What is really on disk and loaded."""

    disk: str
    loaded: str


@dataclass
class Site:
    """Two Prometheus and an Alertmanager behind proxies; an old version is applied, a new one rendered."""

    world: World
    second: Prometheus
    other: Path
    wire: Wire
    urls: dict[str, str]
    old: dict[str, str]
    new: dict[str, str]

    @property
    def files(self) -> dict[str, Path]:
        """The file that each target is given."""
        return {
            "first": self.world.ours,
            "second": self.other / "brew-prod.yaml",
            "alertmanager": self.world.config,
        }

    def reset(self) -> None:
        """The old version is applied, and no fault is on the wire."""
        self.wire.reset()
        for name, path in self.files.items():
            path.write_text(self.old[name], encoding="utf-8")
        for url in (self.world.prometheus.url, self.second.url, self.world.alertmanager):
            reload(url)

    def apply(self, timeout: int = 20) -> Outcome:
        """The outcome of applying the new version."""
        return self.world.command("apply", "--context", "prod", "--yes", "--timeout", str(timeout))

    def truth(self) -> dict[str, Live]:
        """What is really there, past the proxies: `old`, `new` or `other`."""
        return {
            name: Live(self._version(name, path.read_text(encoding="utf-8")), self._loaded(name))
            for name, path in self.files.items()
        }

    def _version(self, name: str, text: str) -> str:
        return "old" if text == self.old[name] else "new" if text == self.new[name] else "other"

    def _loaded(self, name: str) -> str:
        if name == "alertmanager":
            names = {each["name"] for each in self.world.routed()["receivers"]}
            return "new" if "brew/prod/siren" in names else "old" if "brew/prod/pager" in names else "other"
        prometheus = self.world.prometheus if name == "first" else self.second
        rules = {each["name"]: each["query"] for each in prometheus.rules()}
        limit = rules.get("ManySour", "").rpartition(" ")[2]
        return {"0.6": "old", "0.7": "new"}.get(limit, "other")

    def told(self, outcome: Outcome) -> dict[str, str]:
        """What the output says of each target."""
        names = {url: name for name, url in self.urls.items()}
        return {
            names[found[2]]: found[4] for line in outcome.err.splitlines() if (found := LINE.fullmatch(line))
        }


@pytest.fixture(scope="module")
def site(
    prometheus: Path,
    promtool: Path,
    alertmanager: Path,
    amtool: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    other, wire = folder / "second" / "rules", Wire()
    other.mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        one = stack.enter_context(world(folder))
        started = running(
            prometheus, other.parent, [other / "*.yaml"], [one.scrape], "--web.enable-lifecycle"
        )
        second = stack.enter_context(started)
        real = {"first": one.prometheus.url, "second": second.url, "alertmanager": one.alertmanager}
        urls = {name: stack.enter_context(proxy(name, url, wire)) for name, url in real.items()}
        text = SPEC.read_text(encoding="utf-8").replace("evaluate_every: 500ms", "evaluate_every: 200ms")
        text = text.replace("      - alertmanager: {", SECOND + "      - alertmanager: {", 1)
        text = text.replace('"SECOND"', f'"{urls["second"]}"').replace('"OTHER"', f'"{other}"')
        found = Site(one, second, other, wire, urls, {}, {})
        for versions, changed in (
            (found.old, text),
            (found.new, text.replace("> 60%", "> 70%").replace("pager:", "siren:")),
        ):
            one.write_spec(changed, prometheus=urls["first"], alertmanager=urls["alertmanager"])
            applied = found.apply()
            assert applied.status == 0, applied.err
            versions.update({name: path.read_text(encoding="utf-8") for name, path in found.files.items()})
        yield found


def at(kind: str, target: str, method: str, path: str, time: int) -> Callable[[int, Request], Fault]:
    """The fault at one request; a GET that is refused is refused again while it is repeated."""
    place, seen, is_on = Request(target, method, path), 0, False

    def judge(_: int, request: Request) -> Fault:
        nonlocal seen, is_on
        seen += request == place
        is_on = request == place and (seen == time or (is_on and kind == "refused" and method == "GET"))
        if is_on and kind == "interrupted":
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            return ""
        return cast("Fault", kind) if is_on else ""

    return judge


@pytest.mark.parametrize(
    ("kind", "phase", "place"),
    CASES,
    ids=lambda each: "-".join(map(str, each)) if isinstance(each, tuple) else each,
)
def test_a_fault(site: Site, kind, phase, place, record_property) -> None:
    """The run fails, what is told of every target is true, and a second run heals it."""
    site.reset()
    site.wire.reset(at(kind, *place))
    failed = site.apply(timeout=2)
    truth, told = site.truth(), site.told(failed)
    assert failed.status == 2, failed.err
    if phase == "before":
        assert told == {}
        assert truth == dict.fromkeys(truth, Live("old", "old"))
    else:
        assert told.keys() == truth.keys(), failed.err
        for name, words in told.items():
            assert is_true(words, truth[name]), (name, words, truth[name])
            assert truth[name].disk == "old", words
            if kind != "gone" or place[0] != name:
                assert (truth[name].loaded, words.split(",")[0] in ("undone", "not begun")) == ("old", True)
        site.wire.reset()
        healed = site.apply()
        assert healed.status == 0, healed.err
        assert site.truth() == dict.fromkeys(truth, Live("new", "new"))
    shown = [told[name].partition(": ")[0] for name in told] or ["not touched"] * len(truth)
    record_property("fault", [f"{place[0]}: {place[1]} {place[2]}", kind, *shown])


def is_true(words: str, live: Live) -> bool:
    """Whether what is said of a target agrees with what is there."""
    disk = "old" if "as before" in words else "new" if "as planned" in words else "other"
    if "neither" in words:
        disk = "other"
    if "cannot be asked" in words:
        return live.disk == disk
    return live.disk == disk and (live.loaded != live.disk) == ("has loaded something else" in words)


def test_somebody_edits_a_file_meanwhile(site: Site, record_property) -> None:
    """What has changed since it was read is not overwritten: the run fails, and the edit stays."""
    site.reset()

    def judge(_: int, request: Request) -> Fault:
        if (request.target, request.method) == ("first", "POST"):
            site.files["second"].write_text("groups: []\n", encoding="utf-8")
        return ""

    site.wire.reset(judge)
    failed = site.apply()
    told = site.told(failed)
    assert (failed.status, site.files["second"].read_text(encoding="utf-8")) == (2, "groups: []\n")
    assert "has changed since it was read" in failed.err
    assert told["first"] == "undone, as before"
    assert "neither as before nor as planned" in told["second"]
    assert told["alertmanager"] == "not begun, as before"
    record_property(
        "fault",
        [
            "second: its file edited by somebody",
            "edited",
            *(each.partition(": ")[0] for each in told.values()),
        ],
    )
    site.wire.reset()
    assert site.world.command("apply", "--context", "prod", "--yes", "--force").status == 0


def test_killed(site: Site, record_property) -> None:
    """A run that is killed while a system reloads leaves whole files, and the next run finishes."""
    site.reset()
    process: list[subprocess.Popen[bytes]] = []

    def judge(_: int, request: Request) -> Fault:
        if (request.target, request.method) == ("second", "POST"):
            process[0].kill()
            return "gone"
        return ""

    site.wire.reset(judge)
    command = [sys.executable, "-m", "victor_monitoring", "apply", "--context", "prod", "--yes"]
    env = {**os.environ, **paths(), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=site.world.folder, env=env, stdout=-3, stderr=-3) as run:
        process.append(run)
        assert run.wait(timeout=60) == -signal.SIGKILL
    found = site.truth()
    assert (found["first"], found["second"].disk) == (Live("new", "new"), "new")
    assert found["alertmanager"] == Live("old", "old")
    record_property(
        "fault", ["second: POST /-/reload", "killed", *(f"on disk {each.disk}" for each in found.values())]
    )
    site.wire.reset()
    assert site.apply().status == 0
    assert site.truth() == dict.fromkeys(found, Live("new", "new"))


def test_two_at_once(site: Site) -> None:
    """A second run that comes while the first is at work is refused, and the first is not disturbed."""
    site.reset()
    second: list[Outcome] = []

    def judge(_: int, request: Request) -> Fault:
        if (request.target, request.method) == ("first", "POST") and not second:
            second.append(site.world.run("apply", "--context", "prod", "--yes"))
        return ""

    site.wire.reset(judge)
    first = site.world.command("apply", "--context", "prod", "--yes", "--timeout", "60")
    assert first.status == 0, first.err
    assert second[0].status == 2
    assert "another apply is at work on" in second[0].err

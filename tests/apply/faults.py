"""Faults at the steps of applying to several targets, and the truth of the report that follows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal, Protocol, cast

from tests.apply.proxy import Fault, Request, Wire
from tests.cli.commands import Outcome

Kind = Literal["500", "lost", "gone", "taken", "interrupted", "slow", "away", "fails"]
Phase = Literal["before", "during", "after"]
Sides = tuple[object, object]  # the stored content and the one that the system has loaded; None: absent
LEAVING = ("gone", "taken", "away")
_UNREADABLE = "the live content cannot be read"
_NOT_QUERIED = "cannot be queried"


@dataclass(frozen=True)
class Place:
    """A step of a run at which a fault may occur: the `nth` of equal requests to a target."""

    target: str
    method: str
    path: str
    nth: int = 1

    def __str__(self) -> str:
        which = f" ({self.nth})" if self.nth > 1 else ""
        return f"{self.target}: {f'{self.method} {self.path}'.strip()}{which}"

    @property
    def is_write(self) -> bool:
        """Whether the request asks for a change."""
        return self.method not in ("GET", "get")

    @property
    def is_repeated(self) -> bool:
        """Whether the client repeats it after a temporary failure; it repeats neither reloads nor kubectl."""
        return self.method.isupper() and self.path != "/-/reload"


@dataclass(frozen=True)
class Case:
    """A fault of a kind at a place; `phase` is when: before, during or after the changes."""

    kind: Kind
    phase: Phase
    place: Place

    def __str__(self) -> str:
        return f"{self.kind}-{self.phase}-{self.place}".replace(": ", "-").replace(" ", "-")


@dataclass(frozen=True)
class Live:
    """The versions that a target really stores and has loaded: `old`, `new` or `other`."""

    stored: str
    loaded: str


OLD, NEW = Live("old", "old"), Live("new", "new")


class Store(ABC):
    """The content of a target, read past every proxy; `name` is the target's, as printed."""

    name: str

    @abstractmethod
    def steps(self) -> Mapping[str, Sides]:
        """Return the content of this spec, by the names of the steps."""

    @abstractmethod
    def others(self) -> object:
        """Return the content of other owners."""

    @abstractmethod
    def snapshot(self) -> Any:
        """Return a copy of the content, for `restore`."""

    @abstractmethod
    def restore(self, snapshot: Any) -> None:
        """Restore the content of a snapshot."""


class Injector(Protocol):
    """An injector of faults into targets."""

    def arm(self, case: Case | None) -> None:
        """End earlier faults; from now on the fault of the case, if any, occurs at its place."""

    def has_struck(self) -> bool:
        """Return whether the fault has occurred."""


@dataclass
class ProxyFaults:
    """Faults at the requests that pass through proxies."""

    wire: Wire
    case: Case | None = None
    seen: int = 0

    def arm(self, case: Case | None) -> None:
        self.case, self.seen = case, 0
        self.wire.reset(self._judged)
        if case is not None and case.kind == "away":
            self.wire.take_down(case.place.target)
            self.seen = case.place.nth

    def has_struck(self) -> bool:
        return self.case is not None and self.seen >= self.case.place.nth

    def _judged(self, request: Request) -> Fault:
        if self.case is None or self.case.kind == "away":
            return ""
        place = self.case.place
        if request != Request(place.target, place.method, place.path):
            return ""
        self.seen += 1
        return cast("Fault", self.case.kind) if self.seen == place.nth else ""


@dataclass
class Site:
    """Targets to which an old version is applied, while a new one is rendered.

    The keys of `stores` and `injectors` are the targets' names in places; `run` runs a command. If runs are
    slow (`is_slow`), a case that ends with the old version is the start of the next, without a second run.
    """

    stores: Mapping[str, Store]
    injectors: Mapping[str, Injector]
    run: Callable[..., Outcome]
    is_slow: bool = False
    snapshots: dict[str, Any] = field(default_factory=dict)  # snapshots
    versions: dict[str, dict[str, Mapping[str, Sides]]] = field(default_factory=dict)
    others: dict[str, object] = field(default_factory=dict)

    def record(self, version: str) -> None:
        """Record the present content as this version; of `old` also snapshots and the content of others."""
        self.versions[version] = {name: store.steps() for name, store in self.stores.items()}
        if version == "old":
            self.snapshots = {name: store.snapshot() for name, store in self.stores.items()}
            self.others = {name: store.others() for name, store in self.stores.items()}

    def apply_as(self, version: str) -> None:
        """Apply the rendered files and record the result as this version."""
        outcome = self.apply()
        assert outcome.status == 0, outcome.err
        self.record(version)

    def reset(self, case: Case | None = None) -> None:
        """Restore the old version, and arm the fault of the case."""
        self.disarm()
        if not (self.is_slow and self.is_all(OLD)):
            for name, store in self.stores.items():
                store.restore(self.snapshots[name])
        if case is not None:
            self.injectors[case.place.target].arm(case)

    def disarm(self) -> None:
        """Disarm all faults."""
        for injector in self.injectors.values():
            injector.arm(None)

    def apply(self, timeout: float = 20, *arguments: str) -> Outcome:
        """Apply the new version, and return the outcome."""
        return self.run("apply", "--context", "prod", "--yes", "--timeout", str(timeout), *arguments)

    def truth(self) -> dict[str, dict[str, Live]]:
        """Return the versions that are really stored and loaded, by target and step."""
        found = {}
        for name, store in self.stores.items():
            now = store.steps()
            steps = now.keys() | self.versions["old"][name].keys() | self.versions["new"][name].keys()
            found[name] = {
                step: Live(*(self._version(name, step, side, now) for side in (0, 1))) for step in steps
            }
        return found

    def _version(self, name: str, step: str, side: int, now: Mapping[str, Sides]) -> str:
        present = now.get(step, (None, None))[side]
        for version in ("old", "new"):
            if present == self.versions[version][name].get(step, (None, None))[side]:
                return version
        return "other"

    def is_unchanged(self, name: str, step: str) -> bool:
        """Return whether the step has the same content in both versions."""
        return self.versions["old"][name].get(step) == self.versions["new"][name].get(step)

    def reported(self, outcome: Outcome) -> dict[str, dict[str, str]]:
        """Return the reported state of each step after a failure, by target; empty without a report."""
        found: dict[str, dict[str, str]] = {}
        for name, store in self.stores.items():
            for step in self.versions["old"][name].keys() | self.versions["new"][name].keys():
                start = f"  {store.name}: {step}: "
                for line in outcome.err.splitlines():
                    if line.startswith(start):
                        found.setdefault(name, {})[step] = line.removeprefix(start)
        return found

    def is_all(self, live: Live) -> bool:
        """Return whether every target has the version, and the content of others is unchanged."""
        truth = self.truth()
        return self.others == {name: store.others() for name, store in self.stores.items()} and all(
            found == live or self.is_unchanged(name, step)
            for name, steps in truth.items()
            for step, found in steps.items()
        )


def apply_with_fault(site: Site, case: Case) -> dict[str, str]:
    """Apply with a fault, and return the outcome for each target.

    Raises AssertionError if the report is wrong, or if another run does not apply everything.
    """
    site.reset(case)
    # Requests to a system that is gone are repeated until the timeout: most of the time of these tests.
    outcome = site.apply(1.3 if case.kind in LEAVING else 2)
    assert site.injectors[case.place.target].has_struck(), outcome.err
    reported = site.reported(outcome)
    if outcome.status == 0:
        assert (case.kind, case.place.is_repeated) == ("lost", True)
        assert site.is_all(NEW)
        return dict.fromkeys(site.stores, "applied")
    assert outcome.status == 2, outcome.err
    if case.phase == "during":
        _judge(site, case, reported, outcome)
    else:
        assert reported == {}, outcome.err
        assert site.is_all(NEW if case.phase == "after" else OLD), site.truth()
        assert ("everything is applied, and " in outcome.err) == (case.phase == "after")
        if case.phase == "before":
            return dict.fromkeys(site.stores, "not touched")
    if not (site.is_slow and site.is_all(OLD)):
        assert_recovers(site)
    return {name: summary(reported[name]) if reported else "applied, not verified" for name in site.stores}


def assert_recovers(site: Site) -> None:
    """Apply without faults; AssertionError unless everything is applied then."""
    site.disarm()
    outcome = site.apply()
    assert outcome.status == 0, outcome.err
    assert site.is_all(NEW), site.truth()


def _judge(site: Site, case: Case, reported: Mapping[str, Mapping[str, str]], outcome: Outcome) -> None:
    """Check that every step is reported correctly, and undone unless its target is unreachable."""
    truth = site.truth()
    assert {name: each.keys() for name, each in reported.items()} == {
        name: each.keys() for name, each in truth.items()
    }, outcome.err
    assert site.others == {name: store.others() for name, store in site.stores.items()}
    for name, steps in reported.items():
        for step, report in steps.items():
            live, about = truth[name][step], (name, step, report, truth[name][step])
            if site.is_unchanged(name, step):
                assert report == "unchanged", about
                assert live.stored == "old", about
                continue
            status = report.split(",")[0]
            assert is_true(report, live), about
            assert status in ("undone", "not begun", "could not be undone"), about
            if status != "could not be undone":
                assert live.stored == "old", about
            if case.kind not in LEAVING or name != case.place.target:
                assert (live, status != "could not be undone") == (OLD, True), about
                assert _UNREADABLE not in report, about
                assert _NOT_QUERIED not in report, about


def is_true(report: str, live: Live) -> bool:
    """Return whether the report of a step agrees with the live content."""
    if _UNREADABLE in report:
        return True  # it makes no claim
    stored = "old" if "as before" in report else "new" if "as planned" in report else "other"
    if "neither" in report:
        stored = "other"
    if _NOT_QUERIED in report:
        return live.stored == stored
    return live.stored == stored and (live.loaded != live.stored) == ("has loaded something else" in report)


def summary(steps: Mapping[str, str]) -> str:
    """Return a summary of a target's report: the number of steps of each status, without reasons."""
    statuses = Counter(
        each.partition(" (")[0] if _UNREADABLE in each else each.partition(": ")[0] for each in steps.values()
    )
    if len(statuses) == 1:
        return next(iter(statuses))
    return "; ".join(f"{count} {each}" for each, count in sorted(statuses.items()))


def requests_to(wire: Wire, target: str) -> list[Place]:
    """Return the requests to a target, in order; requests repeated until a condition is met count once."""
    seen: Counter[Request] = Counter()
    found = []
    requests = [each for each in wire.requests if each.target == target]
    polled = "/api/v1/rules"
    for request, group in groupby(requests):
        for _ in range(1 if request.path == polled else len(list(group))):
            seen[request] += 1
            found.append(Place(target, request.method, request.path, seen[request]))
    return found

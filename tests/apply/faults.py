"""A fault at a step of applying to several targets, and whether what is told of it is true."""

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
Sides = tuple[object, object]  # what stands there, and what the system works by; None: nothing
LEAVING = ("gone", "taken", "away")
_UNREAD = "what is there cannot be read"
_UNASKED = "cannot be asked"


@dataclass(frozen=True)
class Place:
    """A step of a run where a fault may come: the `nth` of the requests to a target that are alike."""

    target: str
    method: str
    path: str
    nth: int = 1

    def __str__(self) -> str:
        which = f" ({self.nth})" if self.nth > 1 else ""
        return f"{self.target}: {f'{self.method} {self.path}'.strip()}{which}"

    @property
    def is_write(self) -> bool:
        """Whether it asks for a change."""
        return self.method not in ("GET", "get")

    @property
    def is_repeated(self) -> bool:
        """Whether it is sent again after a passing failure: a reload is not, and kubectl is not run again."""
        return self.method.isupper() and self.path != "/-/reload"


@dataclass(frozen=True)
class Case:
    """A fault of a kind at a place; `phase` is whether anything is changed before, during or after it."""

    kind: Kind
    phase: Phase
    place: Place

    def __str__(self) -> str:
        return f"{self.kind}-{self.phase}-{self.place}".replace(": ", "-").replace(" ", "-")


@dataclass(frozen=True)
class Live:
    """Which version really stands in a target, and which it works by: `old`, `new` or `other`."""

    stands: str
    works_by: str


OLD, NEW = Live("old", "old"), Live("new", "new")


class Kept(ABC):
    """What a target keeps, past every proxy; `name` is the target's, as it is printed."""

    name: str

    @abstractmethod
    def steps(self) -> Mapping[str, Sides]:
        """What is there of ours, by the names of the steps."""

    @abstractmethod
    def others(self) -> object:
        """What is there of others."""

    @abstractmethod
    def snapshot(self) -> Any:
        """What `restore` brings back."""

    @abstractmethod
    def restore(self, snapshot: Any) -> None:
        """Everything is as it was."""


class Injector(Protocol):
    """What brings faults to targets."""

    def arm(self, case: Case | None) -> None:
        """Everybody answers; from now on the fault strikes once its place is reached."""

    def has_struck(self) -> bool:
        """Whether the place was reached."""


@dataclass
class Interference:
    """Faults at the requests that pass proxies."""

    wire: Wire
    case: Case | None = None
    seen: int = 0

    def arm(self, case: Case | None) -> None:
        self.case, self.seen = case, 0
        self.wire.reset(self._judged)
        if case is not None and case.kind == "away":
            self.wire.leave(case.place.target)
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

    `kept` and `injectors` go by the short names that places have; `run` applies with these arguments. Where
    a run `is_slow`, the next case is what shows that another run heals: it starts from where this one ended.
    """

    kept: Mapping[str, Kept]
    injectors: Mapping[str, Injector]
    run: Callable[..., Outcome]
    is_slow: bool = False
    olds: dict[str, Any] = field(default_factory=dict)  # snapshots
    versions: dict[str, dict[str, Mapping[str, Sides]]] = field(default_factory=dict)
    others: dict[str, object] = field(default_factory=dict)

    def learn(self, version: str) -> None:
        """What is there now is called so; of the old version everything is remembered."""
        self.versions[version] = {name: kept.steps() for name, kept in self.kept.items()}
        if version == "old":
            self.olds = {name: kept.snapshot() for name, kept in self.kept.items()}
            self.others = {name: kept.others() for name, kept in self.kept.items()}

    def become(self, version: str) -> None:
        """What is rendered now is applied, and called so."""
        outcome = self.apply()
        assert outcome.status == 0, outcome.err
        self.learn(version)

    def reset(self, case: Case | None = None) -> None:
        """The old version is applied, and the fault will strike."""
        self.calm()
        if not (self.is_slow and self.is_all(OLD)):
            for name, kept in self.kept.items():
                kept.restore(self.olds[name])
        if case is not None:
            self.injectors[case.place.target].arm(case)

    def calm(self) -> None:
        """No fault strikes any more."""
        for injector in self.injectors.values():
            injector.arm(None)

    def apply(self, timeout: float = 20, *arguments: str) -> Outcome:
        """The outcome of applying the new version."""
        return self.run("apply", "--context", "prod", "--yes", "--timeout", str(timeout), *arguments)

    def truth(self) -> dict[str, dict[str, Live]]:
        """What is really there, by target and step."""
        found = {}
        for name, kept in self.kept.items():
            now = kept.steps()
            steps = now.keys() | self.versions["old"][name].keys() | self.versions["new"][name].keys()
            found[name] = {
                step: Live(*(self._version(name, step, side, now) for side in (0, 1))) for step in steps
            }
        return found

    def _version(self, name: str, step: str, side: int, now: Mapping[str, Sides]) -> str:
        there = now.get(step, (None, None))[side]
        for version in ("old", "new"):
            if there == self.versions[version][name].get(step, (None, None))[side]:
                return version
        return "other"

    def is_unchanged(self, name: str, step: str) -> bool:
        """Whether the two versions are alike there."""
        return self.versions["old"][name].get(step) == self.versions["new"][name].get(step)

    def told(self, outcome: Outcome) -> dict[str, dict[str, str]]:
        """What the output says of each step after a failure, by target; empty where it says nothing."""
        found: dict[str, dict[str, str]] = {}
        for name, kept in self.kept.items():
            for step in self.versions["old"][name].keys() | self.versions["new"][name].keys():
                start = f"  {kept.name}: {step}: "
                for line in outcome.err.splitlines():
                    if line.startswith(start):
                        found.setdefault(name, {})[step] = line.removeprefix(start)
        return found

    def is_all(self, live: Live) -> bool:
        """Whether the version, and nothing else, is everywhere, and what others have is untouched."""
        truth = self.truth()
        return self.others == {name: kept.others() for name, kept in self.kept.items()} and all(
            found == live or self.is_unchanged(name, step)
            for name, steps in truth.items()
            for step, found in steps.items()
        )


def suffered(site: Site, case: Case) -> dict[str, str]:
    """What became of each target; AssertionError where an untruth is told or another run does not heal it."""
    site.reset(case)
    # Whoever is gone is asked again and again: that takes most of the time of these tests.
    outcome = site.apply(1.3 if case.kind in LEAVING else 2)
    assert site.injectors[case.place.target].has_struck(), outcome.err
    told = site.told(outcome)
    if outcome.status == 0:
        assert (case.kind, case.place.is_repeated) == ("lost", True)
        assert site.is_all(NEW)
        return dict.fromkeys(site.kept, "applied")
    assert outcome.status == 2, outcome.err
    if case.phase == "during":
        _judge(site, case, told, outcome)
    else:
        assert told == {}, outcome.err
        assert site.is_all(NEW if case.phase == "after" else OLD), site.truth()
        assert ("everything is applied, and " in outcome.err) == (case.phase == "after")
        if case.phase == "before":
            return dict.fromkeys(site.kept, "not touched")
    if not (site.is_slow and site.is_all(OLD)):
        healed(site)
    return {name: words(told[name]) if told else "applied, not verified" for name in site.kept}


def healed(site: Site) -> None:
    """Runs again without any fault; AssertionError where not everything is applied then."""
    site.calm()
    outcome = site.apply()
    assert outcome.status == 0, outcome.err
    assert site.is_all(NEW), site.truth()


def _judge(site: Site, case: Case, told: Mapping[str, Mapping[str, str]], outcome: Outcome) -> None:
    """Every step is told of, and truly; everything is undone but for what cannot be reached any more."""
    truth = site.truth()
    assert {name: each.keys() for name, each in told.items()} == {
        name: each.keys() for name, each in truth.items()
    }, outcome.err
    assert site.others == {name: kept.others() for name, kept in site.kept.items()}
    for name, steps in told.items():
        for step, said in steps.items():
            live, about = truth[name][step], (name, step, said, truth[name][step])
            if site.is_unchanged(name, step):
                assert said == "unchanged", about
                assert live.stands == "old", about
                continue
            status = said.split(",")[0]
            assert is_true(said, live), about
            assert status in ("undone", "not begun", "could not be undone"), about
            if status != "could not be undone":
                assert live.stands == "old", about
            if case.kind not in LEAVING or name != case.place.target:
                assert (live, status != "could not be undone") == (OLD, True), about
                assert _UNREAD not in said, about
                assert _UNASKED not in said, about


def is_true(said: str, live: Live) -> bool:
    """Whether what is said of a step agrees with what is there."""
    if _UNREAD in said:
        return True  # nothing is claimed
    stands = "old" if "as before" in said else "new" if "as planned" in said else "other"
    if "neither" in said:
        stands = "other"
    if _UNASKED in said:
        return live.stands == stands
    return live.stands == stands and (live.works_by != live.stands) == ("has loaded something else" in said)


def words(steps: Mapping[str, str]) -> str:
    """What is told of a target's steps, those that are alike as one, without reasons."""
    said = Counter(
        each.partition(" (")[0] if _UNREAD in each else each.partition(": ")[0] for each in steps.values()
    )
    if len(said) == 1:
        return next(iter(said))
    return "; ".join(f"{count} {each}" for each, count in sorted(said.items()))


def asked(wire: Wire, target: str) -> list[Place]:
    """What a target was asked, in order; a question that is repeated until the answer pleases counts once."""
    seen: Counter[Request] = Counter()
    found = []
    requests = [each for each in wire.requests if each.target == target]
    polled = "/api/v1/rules"
    for request, group in groupby(requests):
        for _ in range(1 if request.path == polled else len(list(group))):
            seen[request] += 1
            found.append(Place(target, request.method, request.path, seen[request]))
    return found

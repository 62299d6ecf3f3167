"""What a target is: a live system that takes what a context renders, and its settings in the spec.

A module of `targets` defines one subclass of `Settings`, and is found; its name is the key in the spec.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from victor_monitoring.apply.plan import Step
from victor_monitoring.artifacts import Artifact
from victor_monitoring.diagnostics import Pattern
from victor_monitoring.model.base import Written
from victor_monitoring.resolved.spec import Resolved
from victor_monitoring.spec.finding import Finding
from victor_monitoring.spec.tree import Path

if TYPE_CHECKING:
    from victor_monitoring.apply.means import Means


@dataclass(frozen=True, slots=True)
class Rival:
    """Another context of the spec: what it has in a live system that both share is not ours."""

    context: str
    settings: tuple[Settings, ...]
    routing: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a context renders, for its targets.

    `artifacts` are all files of the context, with their paths below the root. `rules`, `dashboard` and
    `routing` are the texts of three outputs, also where a Kubernetes object holds them; None: it is off.
    """

    spec: Resolved
    rules: str | None = field(repr=False)
    dashboard: str | None = field(repr=False)
    routing: str | None = field(repr=False)
    artifacts: tuple[Artifact, ...] = field(repr=False, default=())
    rivals: tuple[Rival, ...] = field(repr=False, default=())

    @property
    def context(self) -> str:
        """The context's name."""
        assert self.spec.context is not None  # base is applied nowhere
        return self.spec.context

    @property
    def mend(self) -> str:
        """What to do where a live system is not what the spec says."""
        return f"run `victor-mon apply --context {self.context}`"


class State(enum.StrEnum):
    """Which of a step's two sides really stands in the live system."""

    BEFORE = "as before"
    AFTER = "as planned"
    OTHER = "neither as before nor as planned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """What was found of a step's thing after a failure; `note` says what else there is to know."""

    state: State
    note: str = ""


def state_of(step: Step, there: str | None) -> State:
    """Which side of a step a text is."""
    if there == step.before:
        return State.BEFORE
    return State.AFTER if there == step.after else State.OTHER


class Target(ABC):
    """A live system of a context.

    Every method may raise UserError, which says what failed and what mends it. Nothing but `execute` and
    `undo` changes anything.
    """

    name: str  # as it is printed: the kind and the address
    _path: Path  # of its settings in the spec

    @abstractmethod
    def preflight(self) -> None:
        """Nothing that can be known before anything is touched stands in the way; else UserError."""

    @abstractmethod
    def read(self) -> Mapping[str, str]:
        """What is there of ours: texts by name."""

    @abstractmethod
    def plan(self, there: Mapping[str, str]) -> Sequence[Step]:
        """The steps from what was read to what shall be: recordings before the alerts that read them."""

    @abstractmethod
    def execute(self, step: Step) -> None:
        """The step is done, and has taken effect."""

    @abstractmethod
    def undo(self, step: Step) -> None:
        """What `execute` did, whole or in part, is as it was read; UserError where that cannot be."""

    def foresee(self) -> Iterator[Finding]:
        """What will keep the live system from what the spec says, though everything can be applied."""
        yield from ()

    @abstractmethod
    def verify(self) -> Iterator[Finding]:
        """Everything that is otherwise in the live system than the spec says."""

    def standing(self, step: Step) -> Standing:
        """What is really there, by what can be read now."""
        return Standing(state_of(step, self.read().get(step.name)))

    def _found(self, pattern: Pattern, message: str, help: str) -> Finding:  # noqa: A002 - the word users see
        """A difference that is the target's as a whole."""
        return Finding(self._path, message, help, on_key=True, pattern=pattern)


class Settings(Written, ABC):
    """The settings of a kind of target, as the spec has them.

    `takes` says what of a delivery goes there, to be judged before: rules, routing, dashboard.
    """

    takes: ClassVar[frozenset[str]]

    @abstractmethod
    def target(self, delivery: Delivery, means: Means, path: Path) -> Target:
        """The target; its settings stand at `path` of the spec."""

"""The interface of apply targets, and the steps of a plan with their content before and after."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from victor_monitoring.base.artifacts import Artifact
from victor_monitoring.base.diagnostics import Pattern
from victor_monitoring.base.unified_diff import unified
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path

if TYPE_CHECKING:
    from victor_monitoring.live.apply.settings import Settings


class StepKind(enum.StrEnum):
    """The effect of a step."""

    ADD = "add"
    CHANGE = "change"
    UNCHANGED = "unchanged"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Step:
    """A change of one object of a live system: as read (`before`) and as planned (`after`); None is absent.

    `meaning` describes the change to people, line by line; `diff` is the difference of the texts. `conflict`
    says why another owner is concerned: such a step is executed only with `--force`.
    """

    kind: StepKind
    name: str
    before: str | None = field(repr=False)
    after: str | None = field(repr=False)
    meaning: tuple[str, ...] = ()
    diff: str = field(repr=False, default="")
    conflict: str = ""


def step(
    name: str,
    before: str | None,
    after: str | None,
    *,
    meaning: Sequence[str] = (),
    diff: str | None = None,
    conflict: str = "",
    stale: bool = False,
) -> Step:
    """Return the step from one text to another; `stale`: equal texts that have not taken effect yet."""
    if before is None:
        kind = StepKind.UNCHANGED if after is None else StepKind.ADD
    elif after is None:
        kind = StepKind.REMOVE
    else:
        kind = StepKind.UNCHANGED if before == after and not stale else StepKind.CHANGE
    if diff is None:
        diff = unified((before or "").encode(), (after or "").encode(), name.lstrip("/"))
    return Step(kind, name, before, after, tuple(meaning), diff, conflict)


@dataclass(frozen=True, slots=True)
class OtherContext:
    """Another context of the spec, which owns its part of a live system that both share."""

    context: str
    settings: tuple[Settings, ...]
    routing: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything that a context renders, for its targets.

    `artifacts` are all files of the context, with paths relative to the root. `rules`, `dashboard` and
    `routing` are the texts of three outputs, even if a Kubernetes object contains them; None: not rendered.
    """

    spec: Resolved
    rules: str | None = field(repr=False)
    dashboard: str | None = field(repr=False)
    routing: str | None = field(repr=False)
    artifacts: tuple[Artifact, ...] = field(repr=False, default=())
    other_contexts: tuple[OtherContext, ...] = field(repr=False, default=())

    @property
    def context(self) -> str:
        """The name of the context."""
        assert self.spec.context is not None  # base is never applied
        return self.spec.context

    @property
    def hint(self) -> str:
        """The hint of findings about a live system that differs from the spec."""
        return f"run `victor-mon apply --context {self.context}`"


class LiveState(enum.StrEnum):
    """The content of a live system, compared with the two sides of a step."""

    BEFORE = "as before"
    CONTENT = "its content as before"  # and something else of a file is not
    AFTER = "as planned"
    OTHER = "neither as before nor as planned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ObservedState:
    """The state of a step's object, as read back after a failure; `note` adds details."""

    state: LiveState
    note: str = ""


def state_of(step: Step, live: str | None) -> LiveState:
    """Return which side of the step the live text equals."""
    if live == step.before:
        return LiveState.BEFORE
    return LiveState.AFTER if live == step.after else LiveState.OTHER


class Target(ABC):
    """A live system of a context.

    Every method may raise UserError, with the failure and its remedy. Only `execute` and `undo` change
    anything.
    """

    name: str  # as printed: the kind and the address
    _path: Path  # the path of its settings in the spec

    @abstractmethod
    def preflight(self) -> None:
        """Raise UserError if anything that can be known in advance prevents the apply."""

    @abstractmethod
    def read(self) -> Mapping[str, str]:
        """Return the live content that the context owns: texts by name."""

    @abstractmethod
    def plan(self, live: Mapping[str, str]) -> Sequence[Step]:
        """Return the steps from the live to the rendered content: recording rules before their alerts."""

    @abstractmethod
    def execute(self, step: Step) -> None:
        """Execute the step, and return once it has taken effect."""

    @abstractmethod
    def undo(self, step: Step) -> None:
        """Revert a complete or partial `execute`; raise UserError if that fails."""

    def predicted_findings(self) -> Iterator[Finding]:
        """Yield the problems that will remain after a complete apply."""
        yield from ()

    @abstractmethod
    def verify(self) -> Iterator[Finding]:
        """Yield every difference between the live system and the spec."""

    def observed(self, step: Step) -> ObservedState:
        """Return the current state of the step's object, as far as it can be read."""
        return ObservedState(state_of(step, self.read().get(step.name)))

    def _found(self, pattern: Pattern, message: str, hint: str) -> Finding:
        """Return a finding about the target as a whole."""
        return Finding(self._path, message, hint, on_key=True, pattern=pattern)

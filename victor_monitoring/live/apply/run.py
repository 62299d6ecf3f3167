"""The run over all targets of a context: planned together, executed in order, undone if a step fails."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from victor_monitoring.base.diagnostics import Severity, UserError
from victor_monitoring.base.interruption import Interrupted, shielded
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.live.apply.patterns import LASTING, UNEVALUATED
from victor_monitoring.live.apply.target import LiveState, ObservedState, Step, StepKind, Target

Report = Callable[[str], None]
_FIRST_PAUSE: Final = 0.25  # seconds between two reads of a live system
_LONGEST_PAUSE: Final = 2.0


@dataclass(frozen=True, slots=True)
class TargetStep:
    """A step and its target."""

    target: Target
    step: Step

    @property
    def is_work(self) -> bool:
        """Whether the step changes anything."""
        return self.step.kind is not StepKind.UNCHANGED


class StepStatus(enum.StrEnum):
    """The outcome of a step."""

    UNCHANGED = "unchanged"
    DONE = "done"
    UNDONE = "undone"
    NOT_UNDONE = "could not be undone"
    NOT_BEGUN = "not begun"


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """The outcome and the observed state of a step; `reason` says why it could not be undone."""

    task: TargetStep
    status: StepStatus
    observed: ObservedState | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ApplyOutcome:
    """The outcome of every step; `failure` is the error that stopped the run, if any."""

    records: tuple[StepOutcome, ...]
    failure: UserError | None = None
    failed: TargetStep | None = None


def plan(targets: Sequence[Target], say: Report) -> tuple[TargetStep, ...]:
    """Return the steps of all targets, in order, and change nothing. All preflights pass before any read."""
    for target in targets:
        say(f"{target.name}: checking that it can be applied")
        target.preflight()
    tasks: list[TargetStep] = []
    for target in targets:
        say(f"{target.name}: reading the live content")
        tasks += [TargetStep(target, step) for step in target.plan(target.read())]
    return tuple(tasks)


def execute(tasks: Sequence[TargetStep], say: Report) -> ApplyOutcome:
    """Execute every step; if one fails, undo all that were begun, as far as possible.

    An interruption is a failure too. After any other exception the steps are undone and it is raised again.
    """
    begun: list[TargetStep] = []
    try:
        for task in tasks:
            if task.is_work:
                begun.append(task)
                say(f"{task.target.name}: {task.step.kind.value} {task.step.name}")
                task.target.execute(task.step)
    except (UserError, Interrupted) as error:
        failure = error if isinstance(error, UserError) else UserError("interrupted", "run it again")
        with shielded():
            return ApplyOutcome(tuple(_undone(tasks, begun, say)), failure, begun[-1] if begun else None)
    except BaseException:
        with shielded():
            _undone(tasks, begun, say)
        raise
    return ApplyOutcome(
        tuple(StepOutcome(each, StepStatus.DONE if each.is_work else StepStatus.UNCHANGED) for each in tasks)
    )


def findings(
    targets: Sequence[Target], say: Report, patience: float, *, is_applied: bool = False
) -> list[Finding]:
    """Return all differences between live systems and the spec, after up to `patience` seconds of waiting.

    It waits while a difference may resolve by itself: an unevaluated rule always, since it may just have
    been loaded; after an apply (`is_applied`) every error that is not lasting, since a recorded series exists
    only after the first evaluation of its rule. The awaited finding is reported whenever it changes.
    """
    deadline, pause, pending = time.monotonic() + patience, _FIRST_PAUSE, list(targets)
    reported = ""
    found: dict[int, list[Finding]] = {}
    while True:
        for target in pending:
            found[id(target)] = list(target.verify())
        pending = [target for target in pending if any(map(_is_error, found[id(target)]))]
        differences = [each for target in targets for each in found[id(target)]]
        may_pass = any(
            each.pattern is UNEVALUATED or (is_applied and _is_error(each) and each.pattern not in LASTING)
            for each in differences
        )
        if not may_pass or time.monotonic() + pause > deadline:
            return differences
        first, *others = (each.message for each in differences if _is_error(each))
        progress = f"waiting, {patience:g} s at most: {first}{f', and {len(others)} more' if others else ''}"
        if progress != reported:
            reported = progress
            say(progress)
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _is_error(finding: Finding) -> bool:
    return finding.pattern is None or finding.pattern.severity is Severity.ERROR


def _undone(tasks: Sequence[TargetStep], begun: Sequence[TargetStep], say: Report) -> list[StepOutcome]:
    """Undo the begun steps, the last first, and return the outcome and observed state of every step."""
    statuses = {
        id(task): (StepStatus.NOT_BEGUN if task.is_work else StepStatus.UNCHANGED, "") for task in tasks
    }
    for task in reversed(begun):
        say(f"{task.target.name}: undoing {task.step.name}")
        try:
            task.target.undo(task.step)
        except UserError as error:
            statuses[id(task)] = (StepStatus.NOT_UNDONE, f"{error.message}; {error.hint}")
        else:
            statuses[id(task)] = (StepStatus.UNDONE, "")
    return [
        StepOutcome(task, statuses[id(task)][0], _observed(task), statuses[id(task)][1]) for task in tasks
    ]


def _observed(task: TargetStep) -> ObservedState:
    try:
        return task.target.observed(task.step)
    except UserError as error:
        return ObservedState(LiveState.UNKNOWN, error.message)

"""All targets of a context: planned as one, executed in order, and undone where a step fails."""

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
_FIRST_PAUSE: Final = 0.25  # seconds between two looks at a live system
_LONGEST_PAUSE: Final = 2.0


@dataclass(frozen=True, slots=True)
class TargetStep:
    """A step and the target that it is done to."""

    target: Target
    step: Step

    @property
    def is_work(self) -> bool:
        """Whether there is anything to do."""
        return self.step.kind is not StepKind.UNCHANGED


class StepStatus(enum.StrEnum):
    """What became of a step."""

    UNCHANGED = "unchanged"
    DONE = "done"
    UNDONE = "undone"
    LEFT = "could not be undone"
    NOT_BEGUN = "not begun"


@dataclass(frozen=True, slots=True)
class Record:
    """What became of a step, and what really stands there; `reason` says why it could not be undone."""

    task: TargetStep
    status: StepStatus
    observed: ObservedState | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ApplyOutcome:
    """What became of every step; `failure` is what stopped the run, None where nothing did."""

    records: tuple[Record, ...]
    failure: UserError | None = None
    failed: TargetStep | None = None


def plan(targets: Sequence[Target], say: Report) -> tuple[TargetStep, ...]:
    """What is to be done, in order. Every preflight passes before anything is read; nothing is changed."""
    for target in targets:
        say(f"{target.name}: can it be applied?")
        target.preflight()
    tasks: list[TargetStep] = []
    for target in targets:
        say(f"{target.name}: what is there?")
        tasks += [TargetStep(target, step) for step in target.plan(target.read())]
    return tuple(tasks)


def execute(tasks: Sequence[TargetStep], say: Report) -> ApplyOutcome:
    """Every step done, or at the first that fails all of them undone as far as that goes.

    An interruption is a failure too. What cannot have been expected is undone and raised again.
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
        tuple(Record(each, StepStatus.DONE if each.is_work else StepStatus.UNCHANGED) for each in tasks)
    )


def findings(
    targets: Sequence[Target], say: Report, patience: float, *, is_applied: bool = False
) -> list[Finding]:
    """What the live systems have otherwise than the spec; asked for `patience` seconds while it may pass.

    What was applied just now may all pass, but for warnings: a series that is recorded from now on exists
    only after its first evaluation. At any time a rule that somebody has loaded just now may be evaluated
    yet. What is waited for is told whenever that changes.
    """
    deadline, pause, left, told = time.monotonic() + patience, _FIRST_PAUSE, list(targets), ""
    found: dict[int, list[Finding]] = {}
    while True:
        for target in left:
            found[id(target)] = list(target.verify())
        left = [target for target in left if any(map(_is_error, found[id(target)]))]
        parted = [each for target in targets for each in found[id(target)]]
        may_pass = any(
            each.pattern is UNEVALUATED or (is_applied and _is_error(each) and each.pattern not in LASTING)
            for each in parted
        )
        if not may_pass or time.monotonic() + pause > deadline:
            return parted
        first, *others = (each.message for each in parted if _is_error(each))
        progress = f"waiting, {patience:g} s at most: {first}{f', and {len(others)} more' if others else ''}"
        if progress != told:
            told = progress
            say(progress)
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _is_error(finding: Finding) -> bool:
    return finding.pattern is None or finding.pattern.severity is Severity.ERROR


def _undone(tasks: Sequence[TargetStep], begun: Sequence[TargetStep], say: Report) -> list[Record]:
    """Undoes what was begun, the last first; then looks at what really stands."""
    statuses = {
        id(task): (StepStatus.NOT_BEGUN if task.is_work else StepStatus.UNCHANGED, "") for task in tasks
    }
    for task in reversed(begun):
        say(f"{task.target.name}: taking back {task.step.name}")
        try:
            task.target.undo(task.step)
        except UserError as error:
            statuses[id(task)] = (StepStatus.LEFT, f"{error.message}; {error.hint}")
        else:
            statuses[id(task)] = (StepStatus.UNDONE, "")
    return [Record(task, statuses[id(task)][0], _observed(task), statuses[id(task)][1]) for task in tasks]


def _observed(task: TargetStep) -> ObservedState:
    try:
        return task.target.observed(task.step)
    except UserError as error:
        return ObservedState(LiveState.UNKNOWN, error.message)

"""Plans and their outcomes, as text and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from victor_monitoring.live.apply.run import ApplyOutcome, StepOutcome, StepStatus, TargetStep
from victor_monitoring.live.apply.target import LiveState, Step, StepKind

VERSION: Final = 1
_ORDER: Final = (StepKind.ADD, StepKind.CHANGE, StepKind.REMOVE, StepKind.UNCHANGED)


def summary(tasks: Sequence[TargetStep]) -> str:
    """Return the number of steps of each kind, in words."""
    counts = Counter(task.step.kind for task in tasks)
    counted = [f"{counts[kind]} to {kind.value}" for kind in _ORDER[:-1] if counts[kind]]
    rest = [f"{counts[StepKind.UNCHANGED]} unchanged"] if counts[StepKind.UNCHANGED] else []
    return ", ".join([*counted, *rest]) or "nothing"


def plan_text(tasks: Sequence[TargetStep]) -> str:
    """Return the plan as text: each target with its steps, their meaning and the differences of the texts."""
    lines: list[str] = []
    target = ""
    for task in tasks:
        if task.target.name != target:
            target = task.target.name
            lines.append(target)
        lines += _step_lines(task.step)
    return "".join(f"{line}\n" for line in [*lines, "", summary(tasks)])


def outcome_text(outcome: ApplyOutcome) -> str:
    """Return the outcome and the observed state of every step after a failure, as text."""
    lines = [
        "state of each step:",
        *(
            f"  {each.task.target.name}: {each.task.step.name}: {_status_text(each)}"
            for each in outcome.records
        ),
    ]
    return "".join(f"{line}\n" for line in lines)


def document(
    spec: str,
    context: str,
    tasks: Sequence[TargetStep],
    outcome: ApplyOutcome | None,
    findings: Sequence[Mapping[str, object]],
) -> str:
    """Return the plan, its outcome if it was executed, and findings as JSON; its keys are stable."""
    records = {id(record.task): record for record in outcome.records} if outcome else {}
    data = {
        "version": VERSION,
        "spec": spec,
        "context": context,
        "steps": [_data(task, records.get(id(task))) for task in tasks],
        "failure": outcome.failure.message if outcome and outcome.failure else None,
        "findings": list(findings),
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _step_lines(step: Step) -> Iterator[str]:
    yield f"  {step.kind.value:<9} {step.name}"
    if step.kind is StepKind.UNCHANGED:
        return
    yield from (f"    {line}" for line in step.meaning)
    if step.conflict:
        yield f"    conflict: {step.conflict}"
    if step.kind is StepKind.CHANGE:
        yield from (f"      {line}" for line in step.diff.splitlines())


def _status_text(record: StepOutcome) -> str:
    observed = record.observed
    words = [record.status.value]
    if observed is not None and record.status is not StepStatus.UNCHANGED:
        is_read = observed.state is not LiveState.UNKNOWN
        found = observed.state if is_read else "the live content cannot be read"
        words.append(f"{found}{f' ({observed.note})' if observed.note else ''}")
    return ", ".join(words) + (f": {record.reason}" if record.reason else "")


def _data(task: TargetStep, record: StepOutcome | None) -> Mapping[str, object]:
    step = task.step
    data: dict[str, object] = {
        "target": task.target.name,
        "kind": step.kind.value,
        "name": step.name,
        "meaning": list(step.meaning),
        "diff": step.diff if step.kind is not StepKind.UNCHANGED else "",
        "conflict": step.conflict or None,
    }
    if record is not None:
        data["outcome"] = record.status.value
        data["reason"] = record.reason or None
        data["stands"] = record.observed.state.value if record.observed else None
        data["note"] = record.observed.note or None if record.observed else None
    return data

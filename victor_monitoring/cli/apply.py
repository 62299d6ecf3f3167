"""`victor-mon apply`: apply a context of the spec to its live systems."""

from __future__ import annotations

import enum
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from victor_monitoring.base.diagnostics import Diagnostic, UserError
from victor_monitoring.cli.live import (
    LiveContext,
    applicable_context,
    as_far_as_known,
    check_artifacts,
    located,
    opened,
    predicted_findings,
)
from victor_monitoring.cli.options import Format, Specs, Today
from victor_monitoring.cli.printing import fails, print_message, show

if TYPE_CHECKING:
    from victor_monitoring.live.apply.run import ApplyOutcome, TargetStep


class ApplyFormat(enum.StrEnum):
    """Formats of a plan and its outcome."""

    TEXT = "text"
    JSON = "json"


TargetContext = Annotated[
    str, typer.Option("--context", metavar="NAME", help="The context to apply to its targets.")
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Show the plan and exit; exit status 1 if it has steps."),
]
SkipPrompt = Annotated[bool, typer.Option("--yes", help="Apply without confirmation, as in CI.")]
OverwriteForeign = Annotated[
    bool, typer.Option("--force", help="Overwrite changes that others made in a live system.")
]
PlanFormat = Annotated[ApplyFormat, typer.Option("--format", help="Format of the plan and its outcome.")]
AgreementTimeout = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="Seconds to wait for a live system.")
]
ApplyWait = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", min=0.0, help="Seconds to wait for another apply to end."),
]


def apply(
    context: TargetContext,
    spec: Specs = None,
    dry_run: DryRun = False,
    yes: SkipPrompt = False,
    force: OverwriteForeign = False,
    format: PlanFormat = ApplyFormat.TEXT,  # noqa: A002 - the option's name
    timeout: AgreementTimeout = 10.0,
    wait: ApplyWait = 120.0,
    today: Today = None,
) -> None:
    """Apply a context to its targets: plan, confirm, execute, verify.

    Nothing is changed unless the spec is valid, its files are as rendered, promtool and amtool accept them
    and every target can be applied to. At the first failure all changes are undone as far as possible.

    Example: victor-mon apply --context prod --dry-run
    """
    with opened(applicable_context(spec, context, today), timeout=timeout, force=force, wait=wait) as live:
        check_artifacts(live)
        live.environment.hold(live.applicable.file.path)
        status = _applied(live, dry_run=dry_run, yes=yes, how=format)
    if status:
        raise typer.Exit(status)


def _applied(live: LiveContext, *, dry_run: bool, yes: bool, how: ApplyFormat) -> int:
    """Plan, then execute and verify if wanted and confirmed; return the exit status."""
    from victor_monitoring.base.interruption import Interrupted
    from victor_monitoring.live.apply.plan_report import outcome_text, plan_text, summary
    from victor_monitoring.live.apply.run import execute, plan
    from victor_monitoring.reporters._visible import visible_lines

    tasks = plan(live.targets, live.environment.say)
    is_work = any(task.is_work for task in tasks)
    if how is ApplyFormat.TEXT:
        print(visible_lines(live.redacted(plan_text(tasks))), end="", flush=True)
        show(predicted_findings(live), Format.TEXT, sys.stderr)
    if dry_run:
        _document(live, tasks, None, (), how)
        return int(is_work)
    if is_work:
        _refuse_conflicts(live, tasks)
        _confirm(live, summary(tasks), yes)
    outcome = execute(tasks, live.environment.say)
    if outcome.failure is not None:
        live.environment.say(f"victor-mon: {outcome.failure.message}")
        live.environment.say(f"hint: {outcome.failure.hint}")
        live.environment.say(f"{outcome_text(outcome)}next: {live.command}")
        _document(live, tasks, outcome, (), how)
        return 2
    live.environment.release()  # nothing is changed any more, and others may wait
    result = "everything is applied" if is_work else "there was nothing to do"
    try:
        found = located(live, is_applied=is_work)
    except UserError as error:
        raise UserError(f"{result}, and cannot be verified: {error.message}", error.hint) from None
    except Interrupted:
        raise UserError(f"interrupted: {result}, and is not verified", "run it again") from None
    _document(live, tasks, outcome, found, how)
    if how is ApplyFormat.TEXT:
        show(found, Format.TEXT, sys.stdout)
    if fails(found):
        print_message(f"{'applied, and ' if is_work else ''}the live systems do not match the spec")
        return 1
    qualification = as_far_as_known(found)
    print_message(
        f"{'applied' if is_work else 'nothing to do'}; the live systems match the spec{qualification}"
    )
    return 0


def _refuse_conflicts(live: LiveContext, tasks: Sequence[TargetStep]) -> None:
    conflicts = [task for task in tasks if task.is_work and task.step.conflict]
    if conflicts and not live.environment.force:
        first = conflicts[0]
        message = f"{first.target.name}: {first.step.name}: {first.step.conflict}"
        hint = "take this change into the spec, or undo it; only if nobody needs it, overwrite it: --force"
        raise UserError(live.redacted(message), hint)


def _confirm(live: LiveContext, steps: str, yes: bool) -> None:
    """Ask the user to confirm the plan; exit with 1 if they decline, raise UserError without a terminal."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError("the plan needs a confirmation, and stdin is no terminal", "add --yes to apply it")
    print(f"Apply this to {live.context} ({steps})? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        print_message("nothing was applied")
        raise typer.Exit(1)


def _document(
    live: LiveContext,
    tasks: Sequence[TargetStep],
    outcome: ApplyOutcome | None,
    found: Sequence[Diagnostic],
    how: ApplyFormat,
) -> None:
    if how is ApplyFormat.JSON:
        from victor_monitoring.live.apply.plan_report import document
        from victor_monitoring.reporters.json import as_data

        text = document(live.spec_name, live.context, tasks, outcome, [as_data(each) for each in found])
        print(live.redacted(text), end="", flush=True)

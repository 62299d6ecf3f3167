"""`victor-mon apply`: live systems are what a context of the spec says."""

from __future__ import annotations

import enum
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from victor_monitoring.base.diagnostics import Diagnostic, UserError
from victor_monitoring.cli.live import (
    LiveContext,
    as_far_as_known,
    foreseen,
    gate,
    located,
    opened,
    sound_context,
)
from victor_monitoring.cli.options import Format, Specs, Today
from victor_monitoring.cli.printing import fails, print_message, show

if TYPE_CHECKING:
    from victor_monitoring.live.apply.run import ApplyOutcome, TargetStep


class ApplyFormat(enum.StrEnum):
    """How a plan and its outcome are printed."""

    TEXT = "text"
    JSON = "json"


TargetContext = Annotated[
    str, typer.Option("--context", metavar="NAME", help="The context whose targets are brought to it.")
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Show the plan and end; exit status 1 where there is something to do."),
]
SkipPrompt = Annotated[bool, typer.Option("--yes", help="Apply without asking, as where nobody can answer.")]
OverwriteForeign = Annotated[
    bool, typer.Option("--force", help="Overwrite what others have changed in a live system.")
]
PlanFormat = Annotated[
    ApplyFormat, typer.Option("--format", help="How the plan and its outcome are printed.")
]
AgreementTimeout = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="How long a live system may take.")
]


def apply(
    context: TargetContext,
    spec: Specs = None,
    dry_run: DryRun = False,
    yes: SkipPrompt = False,
    force: OverwriteForeign = False,
    format: PlanFormat = ApplyFormat.TEXT,  # noqa: A002 - the option's name
    timeout: AgreementTimeout = 10.0,
    today: Today = None,
) -> None:
    """Bring the targets of a context to what the spec says: plan, confirm, execute, verify.

    Nothing is touched before the spec is valid, its files are as rendered, promtool and amtool accept them
    and every target can be applied to. At the first failure everything is taken back as far as that goes.

    Example: victor-mon apply --context prod --dry-run
    """
    with opened(sound_context(spec, context, today), timeout=timeout, force=force) as live:
        gate(live)
        live.environment.hold(live.sound.file.path)
        status = _applied(live, dry_run=dry_run, yes=yes, how=format)
    if status:
        raise typer.Exit(status)


def _applied(live: LiveContext, *, dry_run: bool, yes: bool, how: ApplyFormat) -> int:
    """The exit status of planning, and where that is wanted and agreed of executing and verifying."""
    from victor_monitoring.base.interruption import Interrupted
    from victor_monitoring.live.apply.plan_report import outcome_text, plan_text, summary
    from victor_monitoring.live.apply.run import execute, plan
    from victor_monitoring.reporters._visible import visible_lines

    tasks = plan(live.targets, live.environment.say)
    is_work = any(task.is_work for task in tasks)
    if how is ApplyFormat.TEXT:
        print(visible_lines(live.hidden(plan_text(tasks))), end="", flush=True)
        show(foreseen(live), Format.TEXT, sys.stderr)
    if dry_run:
        _document(live, tasks, None, (), how)
        return int(is_work)
    if is_work:
        _refuse_conflicts(live, tasks)
        _agree(live, summary(tasks), yes)
    outcome = execute(tasks, live.environment.say)
    if outcome.failure is not None:
        live.environment.say(f"victor-mon: {outcome.failure.message}")
        live.environment.say(f"hint: {outcome.failure.hint}")
        live.environment.say(f"{outcome_text(outcome)}next: {live.command}")
        _document(live, tasks, outcome, (), how)
        return 2
    stands = "everything is applied" if is_work else "nothing was to do"
    try:
        found = located(live, is_applied=is_work)
    except UserError as error:
        raise UserError(f"{stands}, and cannot be verified: {error.message}", error.hint) from None
    except Interrupted:
        raise UserError(f"interrupted: {stands}, and is not verified", "run it again") from None
    _document(live, tasks, outcome, found, how)
    if how is ApplyFormat.TEXT:
        show(found, Format.TEXT, sys.stdout)
    if fails(found):
        print_message(f"{'applied, and ' if is_work else ''}the live systems are not what the spec says")
        return 1
    known = as_far_as_known(found)
    print_message(
        f"{'applied' if is_work else 'nothing to do'}; the live systems are what the spec says{known}"
    )
    return 0


def _refuse_conflicts(live: LiveContext, tasks: Sequence[TargetStep]) -> None:
    conflicts = [task for task in tasks if task.is_work and task.step.conflict]
    if conflicts and not live.environment.force:
        first = conflicts[0]
        message = f"{first.target.name}: {first.step.name}: {first.step.conflict}"
        raise UserError(live.hidden(message), "look at the plan; --force overwrites it")


def _agree(live: LiveContext, what: str, yes: bool) -> None:
    """Returns where the user agrees; ends the command where not."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError("nobody is there to confirm the plan", "add --yes to apply it")
    print(f"Apply this to {live.context} ({what})? [y/N] ", end="", file=sys.stderr, flush=True)
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
        print(live.hidden(text), end="", flush=True)

"""`victor-mon generate`: write the files that a spec renders."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from victor_monitoring.cli.options import ContextName, Format, OutDir, Specs, Today
from victor_monitoring.cli.printing import print_message, show
from victor_monitoring.cli.rendering import render_specs
from victor_monitoring.cli.specs import find_specs

if TYPE_CHECKING:
    from victor_monitoring.outputs import WriteReport

OnlyOutputs = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="OUTPUT", help="Only this output, such as rules; repeatable."),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force", help="Replace files that were not generated, remove those that git cannot restore."
    ),
]


def generate(
    spec: Specs = None,
    only: OnlyOutputs = None,
    context: ContextName = None,
    out: OutDir = None,
    force: Force = False,
    today: Today = None,
) -> None:
    """Write every file that a spec renders, and remove those that it no longer renders.

    Each file is replaced atomically; unchanged files are not touched. A file is removed if git can restore
    it, otherwise it is named; with --only or --context none is. A spec with errors writes nothing.

    Example: victor-mon generate --context prod --out /tmp/look
    """
    from victor_monitoring.outputs import write

    rendered = render_specs(find_specs(spec), out=out, only=only, context=context, today=today)
    show(rendered.diagnostics, Format.TEXT, sys.stderr)
    has_findings = False
    for run in rendered.runs:
        report = write(run.root, run.renderings, complete=run.complete, force=force)
        _print_report(report, renders_nothing=not any(each.artifacts or each.gone for each in run.renderings))
        has_findings = has_findings or bool(report.findings)
    if has_findings:
        raise typer.Exit(1)


def _print_report(report: WriteReport, *, renders_nothing: bool) -> None:
    for path in report.written:
        print_message(f"wrote     {path}")
    for path in report.removed:
        print_message(f"removed   {path}")
    for finding in report.findings:
        print_message(f"{finding.message}\nhint: {finding.hint}")
    if report.refused:
        print_message("nothing was written")
    elif renders_nothing:
        print_message("nothing to render")
    else:
        written, unchanged, removed = map(len, (report.written, report.unchanged, report.removed))
        print_message(f"{written} written, {unchanged} unchanged, {removed} removed")

"""`victor-mon validate`: report every mistake in a spec."""

from __future__ import annotations

import sys

import typer

from victor_monitoring.cli.options import Format, FormatOption, Specs, StrictOption, Today
from victor_monitoring.cli.printing import fails, print_message, show
from victor_monitoring.cli.specs import compile_files, find_specs


def validate(
    spec: Specs = None,
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
    strict: StrictOption = False,
    today: Today = None,
) -> None:
    """Report every mistake in a spec, without writing anything.

    Example: victor-mon validate --spec specs/performance.yaml --strict
    """
    compiled, diagnostics = compile_files(find_specs(spec), today)
    show(diagnostics, format, sys.stdout)
    if fails(diagnostics, strict):
        raise typer.Exit(1)
    for each in compiled:
        if each.base:
            counts = {
                "alert": len(each.base.alerts),
                "signal": len(each.base.signals),
                "metric": sum(1 for _ in each.base.declared),
                "context": len(each.contexts),
            }
            parts = (f"{count} {noun}{'' if count == 1 else 's'}" for noun, count in counts.items())
            print_message(f"{each.source.name}: valid, {', '.join(parts)}")

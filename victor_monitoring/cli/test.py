"""`victor-mon test`: run the tests derived from a spec."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from victor_monitoring.base import files
from victor_monitoring.base.diagnostics import UserError, unknown_name_hint
from victor_monitoring.base.spec_file import SpecFile
from victor_monitoring.cli.options import ContextName, Format, FormatOption, Specs, Today
from victor_monitoring.cli.printing import Progress, fails, print_message, report, show, stop_on_errors
from victor_monitoring.cli.schema import write_text
from victor_monitoring.cli.specs import compile_file, find_specs, require_context

if TYPE_CHECKING:
    from victor_monitoring.app.pipeline import Compiled
    from victor_monitoring.base.diagnostics import Diagnostic
    from victor_monitoring.language.resolved.spec import Resolved
    from victor_monitoring.rule_tests.promtool import CaseResult, Promtool

Filter = Annotated[
    str | None,
    typer.Option("--filter", metavar="TEXT", help="Only cases whose alert, kind or name contains TEXT."),
]
List = Annotated[bool, typer.Option("--list", help="Print a line for each case, and run none.")]
Write = Annotated[
    Path | None,
    typer.Option(
        "--write", metavar="FILE", help="Write the cases of base as a test file for promtool, and run none."
    ),
]
JUnit = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Also write the results as JUnit XML.")
]


Mutate = Annotated[
    bool,
    typer.Option(
        "--mutate", help="Mutate the rules of base, or of --context, and report mutants that no case notices."
    ),
]


@dataclass(frozen=True, slots=True)
class TestedSpec:
    """The verdicts on a spec in base or one context, and their diagnostics."""

    name: str
    verdicts: tuple[CaseResult, ...]
    diagnostics: tuple[Diagnostic, ...]


def test(
    spec: Specs = None,
    context: ContextName = None,
    filter: Filter = None,  # noqa: A002 - the option's name
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
    junit: JUnit = None,
    list_cases: List = False,
    write: Write = None,
    mutate: Mutate = False,
    today: Today = None,
) -> None:
    """Run the tests derived from a spec against its rules, in base and in every context.

    Each alert is made to fire and to stay silent, in every kind of case that applies to it. Requires
    promtool, which is part of Prometheus, unless the cases are only listed or written.

    Example: victor-mon test --filter HighLatency
    """
    specs = find_specs(spec)
    places = list(_places(specs, context, today, format))
    if write is not None:
        _write_tests(write, specs, places)
        return
    if list_cases:
        _print_cases(places, filter or "")
        return
    from victor_monitoring.rule_tests.promtool import find_promtool

    promtool = find_promtool()
    if mutate:
        from victor_monitoring.cli.mutate import mutate as mutate_rules

        chosen = [each for each in places if each[1].context == context]
        mutate_rules(promtool, chosen, filter or "", format)
        return
    tested = [_tested(promtool, compiled, resolved, filter or "") for compiled, resolved in places]
    if not any(each.verdicts or each.diagnostics for each in tested):
        names = {each.id for _, resolved in places for each in resolved.alerts}
        raise UserError(
            f"no case contains `{filter}`" if filter else "there is no alert",
            unknown_name_hint(filter or "", names),
        )
    if junit is not None:
        from victor_monitoring.rule_tests.promtool import junit as document

        junit.write_text(document([(each.name, each.verdicts) for each in tested]), encoding="utf-8")
    diagnostics = [diagnostic for each in tested for diagnostic in each.diagnostics]
    _report(tested, diagnostics, format)
    if fails(diagnostics):
        raise typer.Exit(1)


def _places(
    specs: Sequence[SpecFile], context: str | None, today: Today, how: Format
) -> Iterator[tuple[Compiled, Resolved]]:
    """Yield each spec in base and every context, or in one; exit with 1 if a spec has errors."""
    found = [compile_file(each, today) for each in specs]
    diagnostics = [diagnostic for each in found for diagnostic in each.diagnostics]
    stop_on_errors(diagnostics, how)
    contexts = {name for each in found for name in each.contexts}
    require_context(context, contexts)
    for compiled in found:
        assert compiled.base is not None  # it has no errors
        if context is None:
            yield compiled, compiled.base
        for name, resolved in compiled.contexts.items():
            if context in (None, name):
                yield compiled, resolved


def _print_cases(places: Sequence[tuple[Compiled, Resolved]], text: str) -> None:
    """Print a line for each case whose name contains the text: the place, and the name of the case."""
    from victor_monitoring.rule_tests.derive import derive

    for _, spec in places:
        for case in derive(spec).cases:
            if text in case.name:
                print(f"{spec.service.name} {spec.context or 'base'}: {case.name}")


def _write_tests(path: Path, specs: Sequence[SpecFile], places: Sequence[tuple[Compiled, Resolved]]) -> None:
    """Write the cases of one spec's base as a test file for promtool, next to which its rules are found."""
    from victor_monitoring.renderers.tests import test_texts

    (spec, *others), (_, base) = specs, places[0]
    rules = base.outputs.get("rules")
    if others or base.context is not None:
        raise UserError(
            "`--write` writes the cases of one spec, in base", "name it: --spec FILE, without --context"
        )
    if rules is None:
        raise UserError(f"`{spec.path}` renders no rules to test", "switch on `outputs.rules`")
    relative = os.path.relpath(spec.root / rules, files.resolved(path).parent)
    for name, text in test_texts(base, path.name, Path(relative).as_posix()):
        is_new = write_text(path.with_name(name), text)
        print_message(f"{'wrote' if is_new else 'unchanged':<9} {path.with_name(name).as_posix()}")


def _tested(promtool: Promtool, compiled: Compiled, spec: Resolved, text: str) -> TestedSpec:
    from victor_monitoring.rule_tests.derive import derive
    from victor_monitoring.rule_tests.failing_templates import failing_templates
    from victor_monitoring.rule_tests.failures import (
        diagnostics,
        failing_template,
        skipped_case,
        unproven_alert,
    )
    from victor_monitoring.rule_tests.promtool import run_cases

    derived = derive(spec)
    cases = [case for case in derived.cases if text in case.name]
    name = f"{spec.service.name} {spec.context or 'base'}"
    tree = compiled.trees[spec.context]
    with Progress(name, len(cases)) as progress:
        verdicts = run_cases(promtool, cases, derived.rules(), progress.add)
    found = [each for verdict in verdicts if not verdict.passed for each in diagnostics(verdict, tree)]
    found += [skipped_case(each, tree) for each in derived.skipped if text in f"{each.alert}, {each.kind}"]
    unproven = derived.unproven.items()
    found += [unproven_alert(alert, reason, tree) for alert, reason in unproven if text in alert.id]
    failing = failing_templates(promtool, spec)
    found += [failing_template(each, tree) for each in failing if text in each.alert.id]
    return TestedSpec(name, tuple(verdicts), tuple(found))


def _report(tested: Sequence[TestedSpec], diagnostics: Sequence[Diagnostic], how: Format) -> None:
    from victor_monitoring.rule_tests.failures import coverage, table

    found = {each.name: coverage(each.verdicts) for each in tested}
    if how is Format.JSON:
        places = {
            name: {
                "cases": each.count,
                "failed": each.failed,
                "byAlert": each.by_alert,
                "byKind": each.by_kind,
            }
            for name, each in found.items()
        }
        print(json.dumps({**json.loads(report(diagnostics, how)), "places": places}, indent=2))
    elif how is Format.TEXT:
        print("\n".join(table(next(iter(found.values())))))
    if how is not Format.JSON:
        show(diagnostics, how, sys.stderr if how is Format.TEXT else sys.stdout)
    for name, each in found.items():
        print_message(f"{name}: {each.count} cases, {each.failed or 'none'} failed")

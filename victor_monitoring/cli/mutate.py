"""`victor-mon test --mutate`: rules made wrong on purpose, to see whether the cases notice."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.cli.options import Format
from victor_monitoring.cli.printing import Progress, print_message, show
from victor_monitoring.renderers.rules import rule_data
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.rule_tests.equivalence import is_equivalent
from victor_monitoring.rule_tests.mutation_run import (
    MutantResult,
    Strength,
    run_mutants,
    strength_table,
    survivor,
)
from victor_monitoring.rule_tests.rules import RuleFile

if TYPE_CHECKING:
    from victor_monitoring.app.pipeline import Compiled
    from victor_monitoring.base.diagnostics import Diagnostic
    from victor_monitoring.language.resolved.spec import Resolved
    from victor_monitoring.language.syntax.tree import Path as SpecPath
    from victor_monitoring.rule_tests.promtool import Promtool


def mutate(promtool: Promtool, places: Sequence[tuple[Compiled, Resolved]], text: str, how: Format) -> None:
    """Mutates the rules of each place and tells what was noticed; ends with 1 below the spec's share."""
    is_weak = False
    for compiled, there in places:
        found = _strength(promtool, there, text)
        wanted = there.mutation if there.mutation is not None else 0
        enough = found.share >= wanted
        if how is Format.TEXT:
            print("\n".join(strength_table(found)))
        diagnostics = list(_survivors(compiled, there, found, Severity.NOTE if enough else Severity.ERROR))
        show(diagnostics, how, sys.stderr if how is Format.TEXT else sys.stdout)
        survived, equivalent = len(found.survivors), len(found.equivalent)
        counts = f"{len(found.results)} mutants, {survived} survived, {equivalent} equivalent"
        share = f"{float(found.share):.1%} noticed"
        print_message(f"{there.service.name} {there.context or 'base'}: {counts}, {share}")
        is_weak = is_weak or not enough
    if is_weak:
        raise typer.Exit(1)


def _strength(promtool: Promtool, there: Resolved, text: str) -> Strength:
    rules = RuleFile.of(rule_data(there))
    select = frozenset(matcher.label for each in there.components.values() for matcher in each.select)
    cases = derive(there).cases
    name = f"{there.service.name} {there.context or 'base'}"
    with Progress(f"{name}: mutants noticed", None) as progress:
        fates = run_mutants(promtool, cases, rules, there.evaluate, select, progress.add, text)
    alive = [fate.mutant for fate in fates if fate.caught_by is None]
    return Strength(tuple(fates), tuple(mutant for mutant in alive if is_equivalent(mutant)))


def _survivors(compiled: Compiled, there: Resolved, found: Strength, severity: Severity) -> list[Diagnostic]:
    tree = compiled.trees[there.context]
    return [
        dataclasses.replace(survivor(fate, _path(there, fate), tree), severity=severity)
        for fate in found.survivors
    ]


def _path(there: Resolved, fate: MutantResult) -> SpecPath:
    """Where the spec has the alert that a mutant counts for."""
    return next((alert.path for alert in there.alerts if alert.name == fate.alert), ("meta",))

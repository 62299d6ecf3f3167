"""`victor-mon test --mutate`: change rules on purpose, and count the mutants that the cases notice."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.cli.options import Format
from victor_monitoring.cli.printing import Progress, print_message, show
from victor_monitoring.rule_tests.derive import derive
from victor_monitoring.rule_tests.equivalence import is_equivalent
from victor_monitoring.rule_tests.mutation_run import (
    MutantResult,
    MutationResults,
    run_mutants,
    strength_table,
    survivor,
)

if TYPE_CHECKING:
    from victor_monitoring.app.pipeline import Compiled
    from victor_monitoring.base.diagnostics import Diagnostic
    from victor_monitoring.language.resolved.spec import Resolved
    from victor_monitoring.language.syntax.tree import Path as SpecPath
    from victor_monitoring.rule_tests.promtool import Promtool


def mutate(promtool: Promtool, places: Sequence[tuple[Compiled, Resolved]], text: str, how: Format) -> None:
    """Mutate the rules of each spec and print the results; exit with 1 if too few mutants are noticed."""
    is_weak = False
    for compiled, spec in places:
        found = _strength(promtool, spec, text)
        required = spec.mutation if spec.mutation is not None else 0
        enough = found.share >= required
        if how is Format.TEXT:
            print("\n".join(strength_table(found)))
        diagnostics = list(_survivors(compiled, spec, found, Severity.NOTE if enough else Severity.ERROR))
        show(diagnostics, how, sys.stderr if how is Format.TEXT else sys.stdout)
        survived, equivalent = len(found.survivors), len(found.equivalent)
        counts = f"{len(found.results)} mutants, {survived} survived, {equivalent} equivalent"
        share = f"{float(found.share):.1%} noticed"
        print_message(f"{spec.service.name} {spec.context or 'base'}: {counts}, {share}")
        is_weak = is_weak or not enough
    if is_weak:
        raise typer.Exit(1)


def _strength(promtool: Promtool, spec: Resolved, text: str) -> MutationResults:
    derived = derive(spec)
    rules = derived.rules().without([alert.id for alert in derived.unproven])
    select = frozenset(label for each in spec.components.values() for label in each.select.labels)
    name = f"{spec.service.name} {spec.context or 'base'}"
    with Progress(f"{name}: mutants noticed", None) as progress:
        results = run_mutants(promtool, derived.cases, rules, select, progress.add, text)
    alive = [result.mutant for result in results if result.caught_by is None]
    return MutationResults(tuple(results), tuple(mutant for mutant in alive if is_equivalent(mutant)))


def _survivors(
    compiled: Compiled, spec: Resolved, found: MutationResults, severity: Severity
) -> list[Diagnostic]:
    tree = compiled.trees[spec.context]
    return [
        dataclasses.replace(survivor(result, _path(spec, result), tree), severity=severity)
        for result in found.survivors
    ]


def _path(spec: Resolved, result: MutantResult) -> SpecPath:
    """Return the path of the alert that a mutant counts for."""
    return next((alert.path for alert in spec.alerts if alert.id == result.alert), ("meta",))

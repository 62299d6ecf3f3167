"""Existing Prometheus rules, written as a spec that renders the same rules.

files -> documents   -> rules -> draft      -> text  -> comparison
         documents      read     recognition  sections  compile, compare
                                   |
                  expositions: metrics as they are exposed
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from victor_monitoring.app.importing.comparison import Comparison, compare
from victor_monitoring.app.importing.documents import rule_documents
from victor_monitoring.app.importing.draft import Draft
from victor_monitoring.app.importing.drafting import draft
from victor_monitoring.app.importing.expositions import known_metrics
from victor_monitoring.app.importing.objects import rule_objects
from victor_monitoring.app.importing.read import FoundRules, read_rules
from victor_monitoring.app.importing.sections import drafted_text
from victor_monitoring.app.pipeline import Compiled, compile_spec
from victor_monitoring.base.diagnostics import Diagnostic, Pattern, Severity, Source, in_order
from victor_monitoring.checks.check import all_checks
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.live.exposition.exposition import Exposition
from victor_monitoring.live.exposition.verify import faults


@dataclass(frozen=True, slots=True)
class Imported:
    """The text of a spec, the rules that it was made from, and how they compare with those that it renders.

    `diagnostics` are malformed lines of expositions, files and rules that were left out, rules with mistakes
    that the spec acknowledges, and rules that differ; or the errors of the spec, if it has any.
    """

    text: str
    rules: FoundRules
    draft: Draft
    compiled: Compiled
    comparison: Comparison
    diagnostics: tuple[Diagnostic, ...]


def import_rules(
    sources: Sequence[Source],
    *,
    name: str,
    metrics: Sequence[Exposition] = (),
    file: str | None = None,
    today: datetime.date,
) -> Imported:
    """Return a spec of the service `name` with the rules of all sources, and what became of each rule.

    `file` is the name of the spec in diagnostics, by default that of the service. Metrics of the expositions
    `metrics` are declared as they are exposed, all others by their use and names.
    """
    documents, mistakes = rule_documents(sources)
    rules = read_rules([group for each in documents for group in each.groups])
    made = draft(rules, name, known_metrics(metrics))
    made.objects = rule_objects(documents)
    file = file or f"{name}.yaml"
    compiled = _compiled(made, file, today)
    if compiled.has_errors and compiled.base is not None:
        made.acknowledge(_errors(compiled.base))
        compiled = _compiled(made, file, today)
    comparison = compare(made, compiled)
    malformed = [fault for each in metrics for fault in faults(each)]
    found = in_order([*malformed, *mistakes, *rules.diagnostics, *made.diagnostics, *comparison.diagnostics])
    return Imported(compiled.source.text, rules, made, compiled, comparison, tuple(found))


def _compiled(made: Draft, file: str, today: datetime.date) -> Compiled:
    return compile_spec(Source(file, drafted_text(made)), today=today)


def _errors(spec: Resolved) -> Iterator[tuple[Pattern, Finding]]:
    """Yield each finding of the checks whose findings are errors."""
    for check in all_checks():
        if check.pattern.severity is Severity.ERROR:
            yield from ((check.pattern, finding) for finding in check.find(spec))

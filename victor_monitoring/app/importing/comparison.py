"""The rules that a spec renders, compared with those that it was made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from victor_monitoring.app.importing.conditions import folded
from victor_monitoring.app.importing.draft import Draft
from victor_monitoring.app.importing.patterns import CHANGED_RULE
from victor_monitoring.app.importing.read import FoundRule
from victor_monitoring.app.pipeline import Compiled
from victor_monitoring.base.diagnostics import Diagnostic, Severity
from victor_monitoring.language.resolved.rules import rule_file
from victor_monitoring.promql.rules import Rule
from victor_monitoring.promql.tree import Aggregate, Expr, mapped


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many alerts and records are rendered as they were, and the differences of the others."""

    alerts: int
    records: int
    diagnostics: tuple[Diagnostic, ...]


def compare(draft: Draft, compiled: Compiled) -> Comparison:
    """Return the comparison; of a spec with errors, which renders nothing, the errors."""
    if not (draft.rules or draft.records):
        return Comparison(0, 0, ())
    if compiled.base is None or compiled.has_errors:
        return Comparison(
            0, 0, tuple(each for each in compiled.diagnostics if each.severity is Severity.ERROR)
        )
    rendered: dict[str, tuple[Rule, int | None]] = {}
    for group in rule_file(compiled.base).groups:
        rendered |= {rule.id: (rule, group.interval) for rule in group.rules}
    intervals = {each.place: group.interval for group in draft.groups for each in group.rules}
    counts = {"alert": 0, "record": 0}
    differences = []
    for key, found in (*draft.rules.items(), *draft.records.items()):
        rule, interval = rendered[key]
        changed = list(_changed(found, rule, interval, intervals[found.place]))
        if changed:
            message = f"`{found.rule.name}` is rendered with another {' and '.join(changed)}"
            differences.append(CHANGED_RULE.at(found.place, message, "compare it with the rendered rule"))
        else:
            counts[found.rule.kind] += 1
    return Comparison(counts["alert"], counts["record"], tuple(differences))


def _changed(found: FoundRule, rule: Rule, interval: int | None, wanted: int | None) -> Iterator[str]:
    """Yield the names of the parts in which a rendered rule differs from the one that was found."""
    was = found.rule
    parts = {
        "expression": (_normal(was.expr), _normal(rule.expr)),
        "name": (was.name, rule.name),
        "labels": (dict(was.labels), dict(rule.labels)),
        "annotations": (dict(was.annotations), dict(rule.annotations)),
        "`for`": (was.pending, rule.pending),
        "`keep_firing_for`": (was.keep_firing, rule.keep_firing),
        "interval": (wanted if was.kind == "alert" else None, interval if was.kind == "alert" else None),
    }
    yield from (name for name, (before, after) in parts.items() if before != after)


def _normal(expr: Expr) -> Expr:
    """Return the expression with numbers computed, and the labels of each aggregation in one order."""
    return mapped(
        folded(expr),
        lambda node: (
            replace(node, by=tuple(sorted(node.by))) if isinstance(node, Aggregate) and node.by else node
        ),
    )

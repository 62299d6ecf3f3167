"""Running checks over a resolved spec, with the spec's own severities and acknowledgements."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from victor_monitoring.base.diagnostics import Diagnostic, Pattern, Severity
from victor_monitoring.checks.acknowledged import (
    EXPIRED_ACK,
    UNUSED_ACK,
    covers,
    expired_acks,
    is_expired,
    unused_acks,
)
from victor_monitoring.checks.check import Check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding, locate
from victor_monitoring.language.syntax.tree import MapNode, Path

_SEVERITIES = {severity.word: severity for severity in Severity}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The diagnostics of one resolved spec, and the paths of the acknowledgements that were used."""

    spec: Resolved
    tree: MapNode
    diagnostics: tuple[Diagnostic, ...]
    used: frozenset[Path]


def run_checks(spec: Resolved, tree: MapNode, checks: Sequence[Check], today: datetime.date) -> CheckResult:
    """Return the findings of the checks with their positions, without the acknowledged ones.

    An acknowledgement is valid up to and including its last day; an expired one is a finding itself.
    """
    acks = [ack for ack in spec.as_written.acks if not is_expired(ack, today)]
    used: set[Path] = set()
    diagnostics = list(_located(spec, tree, expired_acks(spec, today), EXPIRED_ACK))
    for check in checks:
        findings = []
        for finding in check.find(spec):
            matching = [ack.place for ack in acks if covers(ack, check.pattern, finding)]
            used.update(matching)
            findings += [] if matching else [finding]
        diagnostics += _located(spec, tree, findings, check.pattern)
    return CheckResult(spec, tree, tuple(diagnostics), frozenset(used))


def check_acks(
    judgements: Sequence[CheckResult], checks: Sequence[Check], today: datetime.date
) -> list[Diagnostic]:
    """Return a diagnostic for each acknowledgement that no finding needs, in base or in any context.

    An acknowledgement in a file that the spec extends is exempt: another spec may need it.
    """
    used = frozenset[Path]().union(*(each.used for each in judgements))
    patterns = [check.pattern for check in checks]
    return [
        diagnostic
        for each in judgements
        for diagnostic in _located(
            each.spec, each.tree, unused_acks(each.spec, used, patterns, today), UNUSED_ACK
        )
        if diagnostic.span.source == each.tree.source
    ]


def severity_of(pattern: Pattern, settings: Mapping[str, str]) -> Severity | None:
    """Return the severity of a pattern according to the spec's `checks`; None if it is off."""
    word = settings.get(pattern.name, settings.get(pattern.code, pattern.severity.word))
    return _SEVERITIES.get(word)


def _located(
    spec: Resolved, tree: MapNode, findings: Iterable[Finding], pattern: Pattern
) -> Iterator[Diagnostic]:
    severity = severity_of(pattern, spec.as_written.checks)
    if severity is not None:
        adjusted = dataclasses.replace(pattern, severity=severity)
        yield from (locate(finding, adjusted, tree) for finding in findings)

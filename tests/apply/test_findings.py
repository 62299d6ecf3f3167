"""The wait for live systems to agree with the spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest

from victor_monitoring.base.diagnostics import Pattern
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.live.apply.patterns import (
    ABSENT_SERIES,
    FOREIGN_NAMESPACE,
    MISSING_REFERENCE,
    OTHER_VERSION,
    UNEVALUATED,
    UNSELECTED,
)
from victor_monitoring.live.apply.run import findings
from victor_monitoring.live.apply.target import Step, Target


class Recovering(Target):
    """A target with findings of these patterns at its first verification, and none later."""

    name = "recovering"

    def __init__(self, *patterns: Pattern) -> None:
        self.patterns, self.asked = patterns, 0

    def preflight(self) -> None: ...

    def read(self) -> Mapping[str, str]:
        return {}

    def plan(self, there: Mapping[str, str]) -> Sequence[Step]:
        return ()

    def execute(self, step: Step) -> None: ...

    def undo(self, step: Step) -> None: ...

    def verify(self) -> Iterator[Finding]:
        self.asked += 1
        if self.asked == 1:
            yield from (Finding((), "a finding", pattern=each) for each in self.patterns)


@pytest.mark.parametrize(
    ("patterns", "is_applied", "asked"),
    [
        ([ABSENT_SERIES], True, 2),  # applied rules may not be evaluated yet
        ([ABSENT_SERIES], False, 1),
        ([UNEVALUATED], False, 2),
        ([UNSELECTED, FOREIGN_NAMESPACE, MISSING_REFERENCE], True, 1),  # a user has to act
        ([UNSELECTED, ABSENT_SERIES], True, 2),
        ([OTHER_VERSION], True, 1),  # a warning is not waited for
        ([], True, 1),
    ],
)
def test_only_temporary_findings_are_waited_for(
    patterns: list[Pattern], is_applied: bool, asked: int
) -> None:
    """A finding that lasts until a user acts is reported at once, others after a wait."""
    target = Recovering(*patterns)
    found = findings([target], lambda text: None, 5, is_applied=is_applied)
    assert (target.asked, len(found)) == (asked, 0 if asked == 2 else len(patterns))

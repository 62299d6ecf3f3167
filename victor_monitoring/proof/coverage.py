"""Which alerts are tried in which kinds of case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from victor_monitoring.cases.derive import Lack
from victor_monitoring.diagnostics import Diagnostic, Pattern, Severity
from victor_monitoring.proof.promtool import Verdict
from victor_monitoring.spec.tree import MapNode, span_at

LACKING_CASE = Pattern(
    "VM702",
    "lacking-case",
    Severity.WARNING,
    """A kind of case applies to an alert, and no series can be made for it.

The alert is not shown to do what that kind of case shows: so far it is taken on trust. A threshold at the
very edge of what a signal can be has this effect, and so has a guard that its own signal always meets.""",
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many cases there are, by alert and by kind, and how many failed."""

    by_alert: Mapping[str, Mapping[str, int]]
    by_kind: Mapping[str, int]
    failed: int

    @property
    def count(self) -> int:
        """All cases."""
        return sum(self.by_kind.values())


def coverage(verdicts: Sequence[Verdict]) -> Coverage:
    """The coverage of cases that were run."""
    by_alert: dict[str, Counter[str]] = {}
    for verdict in verdicts:
        by_alert.setdefault(verdict.case.alert, Counter())[verdict.case.kind] += 1
    by_kind = sum(by_alert.values(), Counter())
    return Coverage(by_alert, by_kind, sum(not verdict.passed for verdict in verdicts))


def lacking(lack: Lack, tree: MapNode) -> Diagnostic:
    """A kind of case that an alert lacks, as a finding."""
    message = f"`{lack.alert}` has no case of the kind `{lack.kind}`: {lack.reason}"
    return LACKING_CASE.at(
        span_at(tree, lack.path, key=True), message, "move the threshold or the guard, or wait for less long"
    )


def table(found: Coverage) -> Iterator[str]:
    """The coverage for people: a line for each alert, and one for all of them."""
    width = max(map(len, found.by_alert), default=0)
    for alert, kinds in found.by_alert.items():
        told = ", ".join(kind if count == 1 else f"{kind} {count}" for kind, count in kinds.items())
        yield f"{alert:<{width}}  {sum(kinds.values()):>4}  {told}"
    told = ", ".join(f"{kind} {count}" for kind, count in found.by_kind.items())
    yield f"{'all':<{width}}  {found.count:>4}  {told}"

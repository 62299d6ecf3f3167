"""Acknowledgements: the findings that they cover, and reports of expired and unused ones."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Final

from victor_monitoring.base.diagnostics import Pattern, Severity
from victor_monitoring.language.resolved.spec import Ack, Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path

UNUSED_ACK: Final = Pattern(
    "VM603",
    "unused-ack",
    Severity.WARNING,
    """An acknowledgement covers no finding, in base or in any context.

Its finding is fixed, or it is written at the wrong node; if it stays, it hides the next finding.
In a file that the spec extends it is not reported: another spec may need it.
Bad: `ack: {slower-critical: ..}` on an alert that is not slower. Good: no `ack`.""",
)
EXPIRED_ACK: Final = Pattern(
    "VM605",
    "expired-ack",
    Severity.WARNING,
    """An acknowledgement's last day is over, so its finding counts again.

Bad: `{reason: until the migration, until: 2020-01-31}`. Good: fix the finding, or set a new `until`.""",
)


def covers(ack: Ack, pattern: Pattern, finding: Finding) -> bool:
    """Return whether `ack` accepts the finding: it names its check, at its node or above."""
    return ack.check in (pattern.name, pattern.code) and finding.path[: len(ack.path)] == ack.path


def is_expired(ack: Ack, today: datetime.date) -> bool:
    """Return whether the acknowledgement's last day is over."""
    return ack.until is not None and ack.until < today


def expired_acks(spec: Resolved, today: datetime.date) -> list[Finding]:
    """Return a finding for each acknowledgement whose last day is over."""
    return [
        Finding(
            ack.place,
            f"the acknowledgement of `{ack.check}` ended on {ack.until}",
            "repair the finding and remove this; only if the reason still holds, set a new `until`",
            on_key=True,
        )
        for ack in spec.as_written.acks
        if is_expired(ack, today)
    ]


def unused_acks(
    spec: Resolved, used: frozenset[Path], patterns: Sequence[Pattern], today: datetime.date
) -> Iterator[Finding]:
    """Yield a finding for each acknowledgement of a known check that covers no finding.

    A spec that could not be read in full yields none: a finding may be missing only for that reason.
    """
    known = {name for pattern in patterns for name in (pattern.name, pattern.code)}
    for ack in () if spec.as_written.broken else spec.as_written.acks:
        if ack.place not in used and ack.check in known and not is_expired(ack, today):
            yield Finding(
                ack.place,
                f"no finding here needs the acknowledgement of `{ack.check}`",
                "remove it",
                on_key=True,
            )

"""Targets of several kinds in one run, each with a fault in turn, in orders that turn too."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.apply.faults import Case, Site, suffered
from tests.apply.proxy import Wire


def orders(names: Sequence[str]) -> list[tuple[str, ...]]:
    """The names in as many orders: each is once the first, in the middle, and the last."""
    return [(*names[first:], *names[:first]) for first in range(len(names))]


def named(each: object) -> str:
    """What a parameter of a test is called: a case, or an order by its first target."""
    return str(each) if isinstance(each, Case) else str(each[0]) if isinstance(each, tuple) else ""


@dataclass
class Mixed(Site):
    """Targets behind proxies, as the spec's last context has them. Others have something there, too."""

    spec: Path = field(kw_only=True)
    wire: Wire = field(kw_only=True)
    targets: Mapping[str, Mapping[str, Any]] = field(kw_only=True)

    def put_in(self, order: Sequence[str]) -> None:
        """The targets are applied in this order: nothing that is rendered depends on it."""
        head, _, _ = self.spec.read_text(encoding="utf-8").partition("    targets:")
        targets = json.dumps([{name: self.targets[name]} for name in order])
        self.spec.write_text(f"{head}    targets: {targets}\n", encoding="utf-8")

    def suffered(self, order: Sequence[str], case: Case) -> dict[str, str]:
        """A row of what became of each target in that order; AssertionError as `faults.suffered` has it."""
        self.put_in(order)
        became = suffered(self, case)
        return {"order": " > ".join(order), "at": str(case.place), "fault": case.kind, **became}

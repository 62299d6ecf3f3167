"""Targets of several kinds in one run, each with a fault in turn, in rotating orders."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.apply.faults import Case, Site, apply_with_fault
from tests.apply.proxy import Wire


def orders(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return all rotations of the names: each name is once in each position."""
    return [(*names[first:], *names[:first]) for first in range(len(names))]


def parameter_id(each: object) -> str:
    """Return the id of a test parameter: the text of a case, or the first target of an order."""
    return str(each) if isinstance(each, Case) else str(each[0]) if isinstance(each, tuple) else ""


@dataclass
class Mixed(Site):
    """Targets behind proxies, those of the spec's last context; they also contain content of others."""

    spec: Path = field(kw_only=True)
    wire: Wire = field(kw_only=True)
    targets: Mapping[str, Mapping[str, Any]] = field(kw_only=True)

    def set_order(self, order: Sequence[str]) -> None:
        """Write the targets into the spec in this order; no rendered file depends on it."""
        head, _, _ = self.spec.read_text(encoding="utf-8").partition("    targets:")
        targets = json.dumps([{name: self.targets[name]} for name in order])
        self.spec.write_text(f"{head}    targets: {targets}\n", encoding="utf-8")

    def apply_with_fault(self, order: Sequence[str], case: Case) -> dict[str, str]:
        """Apply in that order with a fault; return a row with the outcome of each target.

        Raises AssertionError as `faults.apply_with_fault` does.
        """
        self.set_order(order)
        outcomes = apply_with_fault(self, case)
        return {"order": " > ".join(order), "at": str(case.place), "fault": case.kind, **outcomes}

"""Measurements in pairs, and the line of the table that each pair makes."""

from __future__ import annotations

import resource
import statistics
from collections.abc import Callable


def paired(
    ours: Callable[[], object], floor: Callable[[], object], pairs: int
) -> tuple[list[float], list[float]]:
    """Processor seconds of both, taken in turn after one warm-up each, so that a slow moment meets both."""
    ours()
    floor()
    taken = [(_seconds(ours), _seconds(floor)) for _ in range(pairs)]
    return [mine for mine, _ in taken], [theirs for _, theirs in taken]


def _seconds(work: Callable[[], object]) -> float:
    """Processor time of this process and its children: other work on the machine does not count."""
    start = _spent()
    work()
    return _spent() - start


def _spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def row(measured: str, floor: str, ours: list[float], floors: list[float]) -> None:
    """Prints a line of the table: what was measured, its floor, both medians, their ratio."""
    ratios = [mine / theirs for mine, theirs in zip(ours, floors, strict=True)]
    mine, theirs = statistics.median(ours), statistics.median(floors)
    spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    print(f"| {measured} | {floor} | {_text(mine)} | {_text(theirs)} | {spread} |", flush=True)


def _text(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"

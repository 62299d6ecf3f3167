"""Paired measurements, and the line of the table for each pair."""

from __future__ import annotations

import resource
import statistics
from collections.abc import Callable


def paired(
    measured: Callable[[], object], floor: Callable[[], object], pairs: int
) -> tuple[list[float], list[float]]:
    """Return the processor seconds of both, run in turn after a warm-up, so that load affects both alike."""
    measured()
    floor()
    taken = [(_seconds(measured), _seconds(floor)) for _ in range(pairs)]
    return [first for first, _ in taken], [second for _, second in taken]


def best(work: Callable[[], object], runs: int) -> float:
    """Return the least processor seconds of the runs, which other work on the machine disturbs least."""
    return min(_seconds(work) for _ in range(runs))


def _seconds(work: Callable[[], object]) -> float:
    """Return the processor time of this process and its children, without other work on the machine."""
    start = _spent()
    work()
    return _spent() - start


def _spent() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def row(measured: str, floor: str, times: list[float], floor_times: list[float]) -> None:
    """Print a line of the table: the names of the measurement and its floor, both medians, their ratio."""
    ratios = [time / least for time, least in zip(times, floor_times, strict=True)]
    median, floor_median = statistics.median(times), statistics.median(floor_times)
    spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    print(f"| {measured} | {floor} | {_text(median)} | {_text(floor_median)} | {spread} |", flush=True)


def _text(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"

"""The resource usage of this process: memory, processor time, threads; and the cores that it may use."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

import psutil

_ROOT: Final = Path("/")


@dataclass(frozen=True, slots=True)
class Usage:
    """Resident bytes, CPU seconds (user and system), usable cores, live threads, seconds since the start."""

    memory: float
    cpu_seconds: float
    cores: float
    threads: float
    uptime: float


class Probe(Protocol):
    """A source of a process's resource usage."""

    def usage(self) -> Usage:
        """Return the current usage of the process."""


class ProcessProbe:
    """A probe of the calling process; a forked process measures itself."""

    def __init__(self, root: Path = _ROOT) -> None:
        self._root = root
        self._process = psutil.Process()

    def usage(self) -> Usage:
        process = self._own()
        with process.oneshot():
            times = process.cpu_times()
            return Usage(
                memory=process.memory_info().rss,
                cpu_seconds=times.user + times.system,
                cores=usable_cores(self._root),
                threads=process.num_threads(),
                uptime=max(0.0, time.time() - process.create_time()),  # the clock may have been set back
            )

    def _own(self) -> psutil.Process:
        if self._process.pid != os.getpid():
            self._process = psutil.Process()
        return self._process


def usable_cores(root: Path = _ROOT) -> float:
    """Return the usable cores: the limit of the control group, but no more than the CPU affinity allows."""
    return min([_scheduled_cores(), *_limits(root)])


def _scheduled_cores() -> float:
    if hasattr(os, "sched_getaffinity"):  # on Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _limits(root: Path) -> Iterator[float]:
    """Yield the CPU limits, in cores, of this process's control groups (v1 and v2) and their parents."""
    for controllers, group in _groups(root):
        base = root / "sys/fs/cgroup"
        v1 = "cpu" in controllers.split(",")
        if controllers and not v1:
            continue
        # Inside a container the path may be the host's and not exist; then the limit is at the root.
        path = PurePosixPath(group.lstrip("/"))
        for part in (path, *path.parents):
            folder = base / controllers / part if v1 else base / part
            quota, period = _v1(folder) if v1 else _v2(folder)
            if quota > 0 and period > 0:
                yield quota / period


def _groups(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the controllers (empty for v2) and the path of each control group of this process."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        yield controllers, group


def _v2(folder: Path) -> tuple[float, float]:
    quota, _, period = _text(folder / "cpu.max").partition(" ")
    return _number(quota), _number(period)


def _v1(folder: Path) -> tuple[float, float]:
    return _number(_text(folder / "cpu.cfs_quota_us")), _number(_text(folder / "cpu.cfs_period_us"))


def _number(text: str) -> float:
    """Return the number; NaN if the text is not numeric, such as `max`."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""

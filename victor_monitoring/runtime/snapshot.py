"""What a service measures at one moment, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """One series of a counter or a gauge; the value in base units."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Distribution:
    """One series of a histogram: how many were observed, their sum, and how many up to each bound."""

    labels: Mapping[str, str]
    count: float
    sum: float
    buckets: Mapping[str, float]  # cumulative, by `le` as exposed; `+Inf` is last


@dataclass(frozen=True, slots=True)
class Section:
    """One component: its series by the attribute that each metric has in the component's class.

    A metric without series is not there.

    `fault` is None, or says in a word why the component could not be read: `failed` (it raised), `timed out`
    or `nonsense` (it answered with what cannot be true). Then gauges that the read should have set are left
    out; what was counted until then is there.
    """

    component: str
    endpoint: str
    fault: str | None
    metrics: Mapping[str, tuple[Point | Distribution, ...]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """This process's part of a service; `time` is in seconds since 1970, sections are by component."""

    service: str
    instance: str
    pid: int
    time: float
    sections: Mapping[str, Section]

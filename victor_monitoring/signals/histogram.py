"""The quantile of a histogram from its cumulative buckets."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import groupby


def bucket_quantile(q: float, buckets: Iterable[tuple[float, float]]) -> float:
    """The `q` quantile of buckets (upper bound, observations up to it), as Prometheus defines it.

    Within a bucket observations are taken to be spread evenly, in the first one from 0 on. Above the
    highest finite bound nothing is known: that bound stands for it. NaN without observations, without
    the bucket that has no bound, or where that is the only one.
    """
    ordered = sorted(buckets, key=lambda bucket: bucket[0])
    if not ordered or ordered[-1][0] != math.inf:
        return math.nan
    bounds, counts = _cumulative(ordered)
    if len(bounds) < 2 or counts[-1] == 0:
        return math.nan
    rank = q * counts[-1]
    found = next((index for index, count in enumerate(counts[:-1]) if count >= rank), len(counts) - 1)
    if found == len(counts) - 1:
        return bounds[-2]
    if found == 0:
        return bounds[0] if bounds[0] <= 0 else bounds[0] * (rank / counts[0])
    below, count = counts[found - 1], counts[found] - counts[found - 1]
    return bounds[found - 1] + (bounds[found] - bounds[found - 1]) * ((rank - below) / count)


def upper_bound(text: str) -> float | None:
    """The bound that the label `le` writes; None where it is no number, as of a series that is no bucket."""
    try:
        return float(text)
    except ValueError:
        return None


def _cumulative(ordered: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Each bound once, its counts added, and no count below an earlier one.

    Rates of buckets may fall where some were scraped and others lost.
    """
    bounds: list[float] = []
    counts: list[float] = []
    for bound, alike in groupby(ordered, key=lambda bucket: bucket[0]):
        count = sum(each for _, each in alike)
        bounds.append(bound)
        counts.append(counts[-1] if counts and count < counts[-1] else count)
    return bounds, counts

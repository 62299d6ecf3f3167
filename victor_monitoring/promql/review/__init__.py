"""Reviews: mistakes in expressions that Prometheus accepts, each found by a function of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from victor_monitoring.promql.review import (
    counters,
    emptiness,
    labels,
    matching,
    precedence,
    quantiles,
    scopes,
    values,
)
from victor_monitoring.promql.review.reviewed import Review

REVIEWS: Final[Mapping[str, Review]] = {
    "unmatched-vectors": matching.unmatched_vectors,
    "ambiguous-match": matching.ambiguous_match,
    "raw-counter": counters.raw_counter,
    "rate-of-gauge": counters.rate_of_gauge,
    "combined-quantiles": quantiles.combined_quantiles,
    "firing-nan": values.firing_nan,
    "short-window": counters.short_window,
    "misleading-precedence": precedence.misleading_precedence,
    "impossible-comparison": values.impossible_comparison,
    "redundant-comparison": values.redundant_comparison,
    "always-empty": emptiness.always_empty,
    "absent-label": labels.absent_label,
    "pattern-as-text": labels.pattern_as_text,
    "lost-scope": scopes.lost_scope,
}

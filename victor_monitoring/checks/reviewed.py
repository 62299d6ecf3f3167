"""Mistakes in raw PromQL that Prometheus accepts: a check for each review of `promql.review`."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.promql.review import REVIEWS


def remarks(spec: Resolved, review: str) -> Iterator[Finding]:
    """Yield what a review finds in the raw PromQL of the spec, with the select of each metric added."""
    for path, reviewed in spec.reviewed:
        for remark in REVIEWS[review](reviewed):
            yield Finding(path, remark.message, remark.hint, remark.span)


@check("VM220", "unmatched-vectors")
def unmatched_vectors(spec: Resolved) -> Iterator[Finding]:
    """Vectors of an operator in raw PromQL have no two series that match.

    Series match if their labels are equal, apart from the name: the operation has no result, and no error.

    Bad: `sum by (code) (rate(shop_requests_total[5m])) / sum(rate(shop_requests_total[5m]))`. Good: the same
    with `/ ignoring (code) group_left`.
    """
    yield from remarks(spec, "unmatched-vectors")


@check("VM221", "ambiguous-match", Severity.WARNING)
def ambiguous_match(spec: Resolved) -> Iterator[Finding]:
    """Several series of one side of an operator in raw PromQL can match one of the other side.

    Prometheus refuses to evaluate the operation as soon as two of them exist.

    Bad: `sum by (job, code) (shop_a) / on (job) sum by (job) (shop_b)`. Good: the same with
    `/ on (job) group_left`.
    """
    yield from remarks(spec, "ambiguous-match")


@check("VM222", "raw-counter", Severity.WARNING)
def raw_counter(spec: Resolved) -> Iterator[Finding]:
    """Raw PromQL uses the level of a counter.

    The level is a total since the start of a process: it says how long the process runs, and is 0 after a
    restart. Whether it is 0 yet, and what it was before, may be asked.

    Bad: `sum(shop_errors_total) > 100`. Good: `sum(increase(shop_errors_total[10m])) > 100`.
    """
    yield from remarks(spec, "raw-counter")


@check("VM223", "rate-of-gauge", Severity.WARNING)
def rate_of_gauge(spec: Resolved) -> Iterator[Finding]:
    """Raw PromQL applies a function of counters to a gauge, or to an aggregation of counters.

    `rate`, `irate` and `increase` take every decrease for a restart from 0, and count the whole new value.

    Bad: `rate(shop_queue_depth[5m])`. Good: `deriv(shop_queue_depth[5m])`.
    """
    yield from remarks(spec, "rate-of-gauge")


@check("VM224", "combined-quantiles", Severity.WARNING)
def combined_quantiles(spec: Resolved) -> Iterator[Finding]:
    """Raw PromQL adds or averages quantiles.

    The average of two quantiles is no quantile of all observations: a process with ten requests counts as
    much as one with a million.

    Bad: `avg(histogram_quantile(0.9, rate(shop_wait_seconds_bucket[5m])))`. Good: the same
    buckets in `histogram_quantile(0.9, sum by (le) (rate(shop_wait_seconds_bucket[5m])))`.
    """
    yield from remarks(spec, "combined-quantiles")


@check("VM225", "firing-nan", Severity.WARNING)
def firing_nan(spec: Resolved) -> Iterator[Finding]:
    """Raw PromQL compares by `!=` a value that is NaN without data.

    NaN differs from every number, so that `!=` holds where 0 is divided by 0.

    Bad: `shop_done / shop_wanted != 1`. Good: `shop_done / (shop_wanted > 0) != 1`.
    """
    yield from remarks(spec, "firing-nan")


@check("VM226", "misleading-precedence", Severity.WARNING)
def misleading_precedence(spec: Resolved) -> Iterator[Finding]:
    """Operators in raw PromQL bind otherwise than they look.

    `and` and `unless` bind before `or`, comparisons before all of them, and `^` before a sign.

    Bad: `shop_open or shop_spare > 5`. Good: `(shop_open or shop_spare) > 5`.
    """
    yield from remarks(spec, "misleading-precedence")


@check("VM227", "impossible-comparison")
def impossible_comparison(spec: Resolved) -> Iterator[Finding]:
    """Comparisons in raw PromQL never hold, whatever the samples are.

    An alert on it never fires. The possible values follow from units, `range` and functions: `count` is never
    0, as it has no value where there is nothing to count.

    Bad: `count(shop_open) == 0`. Good: `absent(shop_open)`.
    """
    yield from remarks(spec, "impossible-comparison")


@check("VM228", "redundant-comparison", Severity.WARNING)
def redundant_comparison(spec: Resolved) -> Iterator[Finding]:
    """Comparisons in raw PromQL always hold, whatever the samples are.

    They filter nothing: an alert on it always fires.

    Bad: `rate(shop_errors_total[5m]) >= 0`. Good: `rate(shop_errors_total[5m]) > 0`.
    """
    yield from remarks(spec, "redundant-comparison")


@check("VM229", "always-empty")
def always_empty(spec: Resolved) -> Iterator[Finding]:
    """Parts of raw PromQL never have a value, whatever the samples are.

    No series has the value of a matcher, or a function loses what it needs: `histogram_quantile` needs the
    label `le`.

    Bad: `histogram_quantile(0.9, sum(rate(shop_wait_seconds_bucket[5m])))`. Good: the same with
    `sum by (le)`.
    """
    yield from remarks(spec, "always-empty")


@check("VM230", "absent-label", Severity.WARNING)
def absent_label(spec: Resolved) -> Iterator[Finding]:
    """Raw PromQL groups by, matches on, copies or reads a label that its series do not have.

    Prometheus takes the label to be empty: everything falls into one group, or nothing is copied.

    Bad: `sum by (code) (sum by (job) (shop_open))`. Good: `sum by (code) (sum by (job, code) (shop_open))`.
    """
    yield from remarks(spec, "absent-label")


@check("VM231", "pattern-as-text", Severity.WARNING)
def pattern_as_text(spec: Resolved) -> Iterator[Finding]:
    """Matchers of raw PromQL compare a label with a text that looks like a regular expression.

    `=` and `!=` compare the text itself.

    Bad: `shop_open{way="a|b"}`. Good: `shop_open{way=~"a|b"}`.
    """
    yield from remarks(spec, "pattern-as-text")


@check("VM232", "lost-scope", Severity.WARNING)
def lost_scope(spec: Resolved) -> Iterator[Finding]:
    """Raw PromQL mixes series that differ by a label of the scope.

    The scope tells deployments apart: their values are added up, or one is compared with another.

    Bad: `sum(shop_open)` with `scope: [zone]`. Good: `sum by (zone) (shop_open)`.
    """
    yield from remarks(spec, "lost-scope")

"""A quantile of a histogram."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import NormalDist
from typing import ClassVar

from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.printer import number_text
from victor_monitoring.promql.tree import Aggregate, Call, Expr, number
from victor_monitoring.signals.metric import BUCKETS, Population, Selector, SeriesKey, selected, series_key
from victor_monitoring.signals.reading import rate
from victor_monitoring.signals.signal import InvalidParameters, KindInput, Signal, SignalKind
from victor_monitoring.signals.streams import Stream, first_labels, growing, shared
from victor_monitoring.signals.synthesis import Synthesis, of_kind
from victor_monitoring.signals.units import Unit

_NORMAL, _SPREAD = NormalDist(), 0.8  # durations of services are roughly log-normal, with about this sigma


@dataclass(frozen=True, slots=True)
class Quantile(SignalKind):
    """The `q` quantile of the observations of the histogram `of`.

    Prometheus interpolates within a bucket, so a threshold is exact at a bucket's bound only: there
    "P95 above 1s" means "more than 5% took longer than 1s".

    Example: `{q: 0.95, of: shop_request_duration_seconds}`
    """

    NAME: ClassVar[str] = "quantile"

    q: Fraction
    """The share of observations that lie below the value. Example: `0.95`"""
    of: Selector
    """The histogram. Example: `shop_request_duration_seconds`"""

    def readings(self) -> tuple[KindInput, ...]:
        return (KindInput(("of",), self.of, frozenset({BUCKETS})),)

    def units(self) -> tuple[Unit, ...]:
        return (self.of.metric.unit,)

    def exact_thresholds(self) -> tuple[Fraction, ...]:
        return tuple(sorted(self.of.metric.buckets))

    def operation(self, signal: Signal) -> str:
        return f"p{number_text(self.q * 100).replace('.', '_')}_{duration_text(signal.window)}"

    def promql(self, signal: Signal) -> Expr:
        rates = rate(signal, self.of, "_bucket")
        return Call("histogram_quantile", (number(self.q), Aggregate("sum", rates, (*signal.labels, "le"))))

    def words(self, signal: Signal) -> str:
        share = number_text(self.q * 100)
        return f"the P{share} of {self.of} over {duration_text(signal.window)}"

    def faults(self, signal: Signal) -> Iterator[InvalidParameters]:
        if not 0 < self.q < 1:
            message = f"`{number_text(self.q)}` is no quantile"
            yield InvalidParameters(("q",), message, "a quantile lies between 0 and 1: 0.95")


@of_kind.register(Quantile)
@dataclass(frozen=True, slots=True)
class QuantileSynthesis(Synthesis):
    """Observations that bring the quantile to a level."""

    kind: Quantile

    def synthesise(
        self, level: Fraction, target: Mapping[str, str], traffic: Fraction | None = None
    ) -> tuple[Stream, ...]:
        """Return observations in the bucket of `level` and an outer one, which interpolate to `level`.

        For level 0 the rates are 0: no traffic at all.
        """
        bounds = self.kind.of.metric.bounds
        if level == 0:
            return self._buckets(target, (Fraction(0),) * (len(bounds) + 1))
        upper = next((index for index, bound in enumerate(bounds) if bound >= level), None)
        if upper is None or level < 0:
            raise ValueError(f"no observation within the finite buckets gives {level}")
        lower = bounds[upper - 1] if upper else Fraction(0)
        place = (level - lower) / (bounds[upper] - lower)
        if place >= self.kind.q:  # the other observations are above the bucket
            below, inside, above = Fraction(0), self.kind.q / place, 1 - self.kind.q / place
        elif upper == 0:
            raise ValueError(f"no observation in the first bucket gives {level}")
        else:
            below = (self.kind.q - place) / (1 - place)
            inside, above = 1 - below, Fraction(0)
        scale = traffic or Fraction(math.lcm(below.denominator, inside.denominator, above.denominator))
        counts = [below * scale if i < upper else (below + inside) * scale for i in range(len(bounds))]
        return self._buckets(target, (*counts, (below + inside + above) * scale))

    def spread(self, level: Fraction, targets: Sequence[Mapping[str, str]]) -> tuple[Stream, ...]:
        """Give the last target the slower half of the observations and divide the faster among the others."""
        whole = self.synthesise(level, targets[0])
        half = max(stream.step for stream in whole) / 2
        fast = [replace(stream, step=min(stream.step, half)) for stream in whole]
        slow = [replace(stream, step=max(stream.step - half, Fraction(0))) for stream in whole]
        share = Fraction(1, len(targets) - 1)
        return (
            *(shared(stream, target, share) for target in targets[:-1] for stream in fast),
            *(shared(stream, targets[-1], Fraction(1)) for stream in slow),
        )

    def _buckets(self, target: Mapping[str, str], counts: tuple[Fraction, ...]) -> tuple[Stream, ...]:
        """Return the series of the buckets with these rates, `+Inf` last."""
        labels, name = first_labels(self.kind.of), f"{self.kind.of.metric.name}_bucket"
        bounds = (*(_bound(bound) for bound in self.kind.of.metric.bounds), "+Inf")
        return tuple(
            growing(self.signal, name, {**labels, "le": le}, target, count)
            for le, count in zip(bounds, counts, strict=True)
        )

    def set_level(self, level: float, population: Population) -> Population:
        """Return the changed series: the same count, spread log-normally, with the quantile at `level`."""
        bounds = self.kind.of.metric.bounds
        if not 0 < level <= bounds[-1]:
            raise ValueError(f"no observation within the finite buckets gives {level}")
        middle = math.log(level) - _SPREAD * _NORMAL.inv_cdf(float(self.kind.q))
        below = {_bound(each): _NORMAL.cdf((math.log(each) - middle) / _SPREAD) for each in bounds}
        mean, name = math.exp(middle + _SPREAD**2 / 2), self.kind.of.metric.name
        found: dict[SeriesKey, float] = {}
        for (_, pairs), count in selected(population, self.kind.of, "_count").items():
            labels = dict(pairs)
            found[series_key(f"{name}_sum", labels)] = count * mean
            for le, share in {**below, "+Inf": 1.0}.items():
                found[series_key(f"{name}_bucket", {**labels, "le": le})] = count * share
        return found


def _bound(bound: Fraction) -> str:
    """Return the bound as client libraries write it in `le`."""
    return repr(float(bound))

"""The samples that Prometheus would have of a collector, scraped by a clock of the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client.registry import Collector

from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.promql.samples import SampleSet, Series
from victor_monitoring.signals.evaluation import evaluate
from victor_monitoring.signals.metric import series_key


@dataclass
class Clock:
    """A clock in seconds that the test sets."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Scraped:
    """The samples of one target of a spec, with `up`; each component has the labels of its `select`."""

    spec: Resolved
    series: dict[object, tuple[str, Series]] = field(default_factory=dict)

    def scrape(self, collector: Collector, at: int) -> None:
        """Take one sample of each series; `at` is in milliseconds."""
        for select in {component.select for component in self.spec.components.values()}:
            self._add("up", select.example, at, 1.0)
        for family in collector.collect():
            for sample in family.samples:
                if sample.name.endswith("_created"):
                    continue
                select = self.spec.selects[sample.name.removesuffix("_bucket")]
                target = select.example
                self._add(sample.name, {**target, **sample.labels}, at, sample.value)

    def _add(self, name: str, labels: Mapping[str, str], at: int, value: float) -> None:
        found = self.series.setdefault(series_key(name, labels), (name, Series(labels, [], [])))[1]
        found.times.append(at)  # type: ignore[attr-defined]  # a list, by the line above
        found.values.append(value)  # type: ignore[attr-defined]  # as above

    @property
    def samples(self) -> SampleSet:
        """The samples by metric."""
        by_metric: dict[str, list[Series]] = {}
        for name, each in self.series.values():
            by_metric.setdefault(name, []).append(each)
        return SampleSet(by_metric)


def firing(spec: Resolved, samples: SampleSet, at: int) -> set[str]:
    """Return the alerts whose conditions are met at a time, by evaluating their signals."""
    return {
        alert.name
        for alert in spec.alerts
        if all(
            any(condition.is_met(value) for value in evaluate(signal, samples, at).values())
            for _, signal, condition in alert.conditions
        )
    }

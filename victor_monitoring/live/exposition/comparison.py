"""An exposition beside the metrics that a spec declares: what each deviation looks at."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from victor_monitoring.base.diagnostics import Pattern, Severity, nearest
from victor_monitoring.language.resolved.metrics import target_labels
from victor_monitoring.language.resolved.spec import Declared, LabelPairs, Resolved
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.live.exposition.exposition import Exposition, ExpositionToken, Metadata, Sample
from victor_monitoring.signals.metric import Metric

_TOTAL: Final = "_total"
CREATED: Final = "_created"  # when a counter or a histogram began: some clients add it to each
_SUFFIXES: Final = {
    "histogram": ("_bucket", "_count", "_sum"),
    "gaugehistogram": ("_bucket", "_gcount", "_gsum"),
    "summary": ("", "_count", "_sum"),
}
_OPENMETRICS_SUFFIXES: Final = {"counter": _TOTAL, "info": "_info"}  # the type's name lacks them
# What stands at the end of a name in place of the unit that the spec declares.
OTHER_UNITS: Final = {
    "seconds": ("ms", "milliseconds", "us", "microseconds", "ns", "nanoseconds", "minutes", "hours", "days"),
    "bytes": ("bits", "kb", "kilobytes", "mb", "megabytes", "gb", "gigabytes", "kib", "mib", "gib"),
    "ratio": ("percent", "percentage", "pct"),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is exposed, by name, and the metrics of the chosen components that it is held against.

    `stand_ins` says under which name a metric is exposed that has another unit or type and so another name.
    """

    spec: Resolved
    exposition: Exposition
    declared: tuple[Declared, ...]
    samples: Mapping[str, Sequence[Sample]]
    places: Mapping[str, ExpositionToken]  # of each family, where its name stands first
    stand_ins: Mapping[str, str]
    target_labels: frozenset[str]

    def is_ours(self, declared: Declared) -> bool:
        """Whether the service itself exposes the metric, by the registry."""
        return not self.spec.components[declared.component].external

    def is_exposed(self, metric: Metric) -> bool:
        """Whether the metric has series, or lines that announce some."""
        return metric.name in self.places or any(True for _ in self.of(metric))

    def is_unread(self, metric: Metric) -> bool:
        """Whether a line of the metric could not be read, so that nothing can be said to be missing."""
        return any(name in self.exposition.unread for name in series_names(metric))

    def of(self, metric: Metric) -> Iterator[Sample]:
        """Every sample of the metric."""
        for name in series_names(metric):
            yield from self.samples.get(name, ())

    def said(self, lines: Mapping[str, Metadata], metric: Metric) -> Metadata | None:
        """What TYPE, HELP or UNIT lines say of the metric: OpenMetrics names a counter without `_total`."""
        stem = metric.name.removesuffix(_TOTAL) if metric.type == "counter" else metric.name
        return lines.get(metric.name) or (lines.get(stem) if stem not in self.samples else None)

    def type_of(self, metric: Metric) -> Metadata | None:
        """The type that is exposed; None where there is none, or one that says nothing."""
        found = self.said(self.exposition.types, metric)
        return None if found is None or found.said.text in ("untyped", "unknown") else found

    def has_other_type(self, metric: Metric) -> bool:
        """Whether the metric is exposed as what the spec does not say."""
        found = self.type_of(metric)
        return found is not None and found.said.text != metric.type

    def target(self, sample: Sample) -> LabelPairs:
        """The labels of the target; empty unless the series came by way of a Prometheus or a gateway."""
        if not any(name.text in ("job", "instance") for name, _ in sample.labels):
            return ()
        return tuple(
            (name.text, value.text) for name, value in sample.labels if name.text in self.target_labels
        )

    def own_labels(self, metric: Metric, sample: Sample) -> Iterator[tuple[ExpositionToken, ExpositionToken]]:
        """The labels that the metric itself has, without empty ones and those that others add."""
        added = {name for name, _ in self.target(sample)}
        if metric.type == "histogram" and sample.name.text.endswith("_bucket"):
            added.add("le")
        for name, value in sample.labels:
            if value.text and name.text not in added:
                yield name, value


def compare(spec: Resolved, exposition: Exposition, components: Sequence[str] | None = None) -> Comparison:
    """The exposition beside the spec; of `components` alone, if given."""
    samples: dict[str, list[Sample]] = defaultdict(list)
    for sample in exposition.samples:
        samples[sample.name.text].append(sample)
    declared = tuple(each for each in spec.declared if components is None or each.component in components)
    places = _places(exposition)
    known = {name for each in spec.declared for name in (each.metric.name, *series_names(each.metric))}
    stand_ins = {
        each.metric.name: found
        for each in declared
        if not {each.metric.name, *series_names(each.metric)} & (places.keys() | samples.keys())
        for found in [_name_with_other_unit(each.metric, places.keys() - known)]
        if found
    }
    return Comparison(spec, exposition, declared, dict(samples), places, stand_ins, target_labels(spec))


def series_names(metric: Metric) -> tuple[str, ...]:
    """The names of the series that a metric is exposed by."""
    return tuple(metric.name + suffix for suffix in _SUFFIXES.get(metric.type, ("",)))


def _places(exposition: Exposition) -> dict[str, ExpositionToken]:
    """Every family by the name that queries begin with, and where it stands first."""
    families = _families(exposition)
    lines = (exposition.types, exposition.helps, exposition.units)
    words = [meta.name for each in lines for meta in each.values()] + [
        each.name for each in exposition.samples
    ]
    places: dict[str, ExpositionToken] = {}
    for word in sorted(words, key=lambda word: word.line):
        places.setdefault(families.get(word.text, word.text), word)
    return places


def _families(exposition: Exposition) -> dict[str, str]:
    """The family of every name that a type makes a part of one."""
    families: dict[str, str] = {}
    created: dict[str, str] = {}
    for name, meta in exposition.types.items():
        said = meta.said.text
        ending = _OPENMETRICS_SUFFIXES.get(said, "") if exposition.openmetrics else ""
        family = name if name.endswith(ending) else name + ending
        families |= dict.fromkeys(
            (name, *(name + each for each in (ending, *_SUFFIXES.get(said, ())))), family
        )
        if said in ("counter", "histogram", "summary"):
            created[name.removesuffix(_TOTAL) + CREATED] = family
    return {**families, **created}


def _name_with_other_unit(metric: Metric, exposed: set[str]) -> str | None:
    """A name that only another unit or type explains."""
    total = _TOTAL if metric.name.endswith(_TOTAL) else ""
    stem = metric.name.removesuffix(_TOTAL)
    plain = stem.removesuffix(f"_{metric.unit}")
    other_units = (f"{plain}_{unit}{total}" for unit in OTHER_UNITS.get(metric.unit, ()))
    candidates = [*other_units, stem if total else f"{metric.name}{_TOTAL}"]
    return next((name for name in candidates if name in exposed), None)


@dataclass(frozen=True, slots=True)
class Found:
    """One deviation, in the exposition (a word) or, where nothing stands there, in the spec (a path)."""

    place: ExpositionToken | Path
    message: str
    hint: str = ""


Finder: TypeAlias = Callable[[Comparison], Iterator[Found]]


@dataclass(frozen=True, slots=True)
class Deviation:
    """A kind of deviation with its code, name, severity and documentation, and what finds it."""

    pattern: Pattern
    find: Finder


def close_to(name: str, known: Iterable[str]) -> str:
    """Help for a name that is close to a known one; empty where none is."""
    hint = nearest(name, known)
    return hint if hint.startswith("did you mean") else ""


def deviation(code: str, name: str, severity: Severity = Severity.ERROR) -> Callable[[Finder], Deviation]:
    """Makes a deviation of a function that yields what it finds; its docstring is the documentation."""

    def wrap(find: Finder) -> Deviation:
        return Deviation(Pattern(code, name, severity, inspect.getdoc(find) or ""), find)

    return wrap

"""The comparison of an exposition with the declared metrics, and the deviations found in it."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from victor_monitoring.base.diagnostics import Pattern, Severity, unknown_name_hint
from victor_monitoring.language.resolved.metrics import target_labels
from victor_monitoring.language.resolved.spec import Declared, Resolved
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.live.exposition.exposition import Exposition, ExpositionToken, Metadata, Sample
from victor_monitoring.signals.metric import Metric
from victor_monitoring.signals.metric_types import METRIC_TYPES
from victor_monitoring.signals.signal import LabelPairs
from victor_monitoring.signals.units import other_endings

IF_ABSENT: Final = (
    "only if it may be missing, write `may_be_absent: true`: alerts on it cannot fire while it is missing"
)
TOTAL: Final = "_total"
CREATED: Final = "_created"  # the start time that some clients add to each counter and histogram
_SUFFIXES: Final = {
    "gaugehistogram": ("_bucket", "_gcount", "_gsum"),
    **{name: each.SUFFIXES for name, each in METRIC_TYPES.items()},
}
_OPENMETRICS_SUFFIXES: Final = {"counter": TOTAL, "info": "_info"}  # not part of the name on the TYPE line


@dataclass(frozen=True, slots=True)
class Comparison:
    """The samples of an exposition by name, and the declared metrics of the chosen components.

    `misnamed` maps the name of a metric to the name under which it is exposed with another unit or type.
    """

    spec: Resolved
    exposition: Exposition
    declared: tuple[Declared, ...]
    samples: Mapping[str, Sequence[Sample]]
    places: Mapping[str, ExpositionToken]  # the first occurrence of each family's name
    misnamed: Mapping[str, str]
    target_labels: frozenset[str]

    def is_own(self, declared: Declared) -> bool:
        """Return whether the service itself exposes the metric, through the rendered registry."""
        return not self.spec.components[declared.component].external

    def is_exposed(self, metric: Metric) -> bool:
        """Return whether the metric has series or metadata lines."""
        return metric.name in self.places or any(True for _ in self.samples_of(metric))

    def is_unread(self, metric: Metric) -> bool:
        """Return whether a line of the metric is malformed, so that no series can be called missing."""
        return any(name in self.exposition.unread for name in metric.series_names)

    def samples_of(self, metric: Metric) -> Iterator[Sample]:
        """Yield every sample of the metric."""
        for name in metric.series_names:
            yield from self.samples.get(name, ())

    def metadata(self, lines: Mapping[str, Metadata], metric: Metric) -> Metadata | None:
        """Return the metric's TYPE, HELP or UNIT line: OpenMetrics names a counter without `_total`."""
        stem = metric.type.family(metric.name)
        return lines.get(metric.name) or (lines.get(stem) if stem not in self.samples else None)

    def type_of(self, metric: Metric) -> Metadata | None:
        """Return the TYPE line of the metric; None if it is missing or leaves the type open."""
        found = self.metadata(self.exposition.types, metric)
        return None if found is None or found.value.text in ("untyped", "unknown") else found

    def has_other_type(self, metric: Metric) -> bool:
        """Return whether the metric is exposed with another type than the declared one."""
        found = self.type_of(metric)
        return found is not None and found.value.text != metric.type.NAME

    def target(self, sample: Sample) -> LabelPairs:
        """Return the target labels; empty unless the series was scraped through a Prometheus or a gateway."""
        if not any(name.text in ("job", "instance") for name, _ in sample.labels):
            return ()
        return tuple(
            (name.text, value.text) for name, value in sample.labels if name.text in self.target_labels
        )

    def own_labels(self, metric: Metric, sample: Sample) -> Iterator[tuple[ExpositionToken, ExpositionToken]]:
        """Yield the metric's own non-empty labels, without target labels and the label of its type."""
        added = {name for name, _ in self.target(sample)}
        suffix, label = metric.type.LABEL or ("", "")
        if sample.name.text == metric.name + suffix:
            added.add(label)
        for name, value in sample.labels:
            if value.text and name.text not in added:
                yield name, value


def compare(spec: Resolved, exposition: Exposition, components: Sequence[str] | None = None) -> Comparison:
    """Return the comparison of an exposition with a spec, limited to `components` if given."""
    samples: dict[str, list[Sample]] = defaultdict(list)
    for sample in exposition.samples:
        samples[sample.name.text].append(sample)
    declared = tuple(each for each in spec.declared if components is None or each.component in components)
    places = _places(exposition)
    known = {name for each in spec.declared for name in (each.metric.name, *each.metric.series_names)}
    misnamed = {
        each.metric.name: found
        for each in declared
        if not {each.metric.name, *each.metric.series_names} & (places.keys() | samples.keys())
        for found in [_name_with_other_unit(each.metric, places.keys() - known)]
        if found
    }
    return Comparison(spec, exposition, declared, dict(samples), places, misnamed, target_labels(spec))


def _places(exposition: Exposition) -> dict[str, ExpositionToken]:
    """Return the first token of each metric family, by the name that queries begin with."""
    family_of = families(exposition)
    lines = (exposition.types, exposition.helps, exposition.units)
    tokens = [meta.name for each in lines for meta in each.values()] + [
        each.name for each in exposition.samples
    ]
    places: dict[str, ExpositionToken] = {}
    for token in sorted(tokens, key=lambda token: token.line):
        places.setdefault(family_of.get(token.text, token.text), token)
    return places


def families(exposition: Exposition) -> dict[str, str]:
    """Return the family of every series name that a TYPE line implies."""
    found: dict[str, str] = {}
    created: dict[str, str] = {}
    for name, meta in exposition.types.items():
        kind = meta.value.text
        ending = _OPENMETRICS_SUFFIXES.get(kind, "") if exposition.openmetrics else ""
        family = name if name.endswith(ending) else name + ending
        found |= dict.fromkeys((name, *(name + each for each in (ending, *_SUFFIXES.get(kind, ())))), family)
        if kind in ("counter", "histogram", "summary"):
            created[name.removesuffix(TOTAL) + CREATED] = family
    return {**found, **created}


def _name_with_other_unit(metric: Metric, exposed: set[str]) -> str | None:
    """Return an exposed name that differs from the metric's in unit or type only; None if none does."""
    total = TOTAL if metric.name.endswith(TOTAL) else ""
    stem = metric.name.removesuffix(TOTAL)
    plain = next(
        (stem.removesuffix(f"_{each}") for each in metric.unit.endings if stem.endswith(f"_{each}")), stem
    )
    other_units = (f"{plain}_{ending}{total}" for ending in other_endings(metric.unit))
    candidates = [*other_units, stem if total else f"{metric.name}{TOTAL}"]
    return next((name for name in candidates if name in exposed), None)


@dataclass(frozen=True, slots=True)
class Deviation:
    """One deviation, at a token of the exposition or, if the exposition has none, at a path of the spec."""

    place: ExpositionToken | Path
    message: str
    hint: str = ""


Finder: TypeAlias = Callable[[Comparison], Iterator[Deviation]]


@dataclass(frozen=True, slots=True)
class DeviationKind:
    """A kind of deviation: code, name, severity, documentation, and the function that finds it."""

    pattern: Pattern
    find: Finder


def close_to(name: str, known: Iterable[str]) -> str:
    """Return a hint that names a known name close to this one; empty if none is close."""
    hint = unknown_name_hint(name, known)
    return hint if hint.startswith("did you mean") else ""


def deviation_kind(
    code: str, name: str, severity: Severity = Severity.ERROR
) -> Callable[[Finder], DeviationKind]:
    """Return a decorator that makes a finder function a Deviation, documented by its docstring."""

    def wrap(find: Finder) -> DeviationKind:
        return DeviationKind(Pattern(code, name, severity, inspect.getdoc(find) or ""), find)

    return wrap

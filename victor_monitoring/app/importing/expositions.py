"""The metrics of expositions, as far as an import can declare them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final

from victor_monitoring.app.importing.metrics import KnownMetrics
from victor_monitoring.language.model.fields import NAME_SHAPE
from victor_monitoring.live.exposition.comparison import CREATED, families
from victor_monitoring.live.exposition.exposition import Exposition, Metadata
from victor_monitoring.signals.metric_types import METRIC_TYPES
from victor_monitoring.signals.units import ENDINGS, Unit

_AS_GAUGES: Final = {"info": "gauge", "stateset": "gauge"}  # their series are levels, of 0 and 1


def known_metrics(expositions: Iterable[Exposition]) -> KnownMetrics:
    """Return the metrics of all expositions by the names that queries begin with; the first one counts."""
    found = KnownMetrics()
    for each in expositions:
        # Nobody reads the start times that clients add; elsewhere the ending is that of another metric.
        family_of = {name: of for name, of in families(each).items() if not name.endswith(CREATED)}
        _add_metadata(each, family_of, found)
        _add_labels(each, family_of, found)
    return found


def _add_metadata(exposition: Exposition, family_of: Mapping[str, str], known: KnownMetrics) -> None:
    def by_family(lines: Mapping[str, Metadata]) -> dict[str, str]:
        return {family_of.get(name, name): meta.value.text for name, meta in lines.items()}

    for name, kind in by_family(exposition.types).items():
        type_ = _AS_GAUGES.get(kind, kind)
        if type_ in METRIC_TYPES:
            known.types.setdefault(name, type_)
    for name, text in by_family(exposition.helps).items():
        if text.strip():
            known.helps.setdefault(name, text.strip())
    for name, written in by_family(exposition.units).items():
        if (unit := _unit(written)) is not None:
            known.units.setdefault(name, unit)


def _add_labels(exposition: Exposition, family_of: Mapping[str, str], known: KnownMetrics) -> None:
    """Add the labels of all series, and the bounds of histograms."""
    labels, bounds = defaultdict[str, dict[str, None]](dict), defaultdict[str, set[str]](set)
    for sample in exposition.samples:
        family = family_of.get(sample.name.text, sample.name.text)
        type_ = METRIC_TYPES.get(known.types.get(family, ""))
        suffix, own = (type_.LABEL if type_ else None) or ("", "")
        named = {name.text: value.text for name, value in sample.labels if value.text}
        if own in named and sample.name.text == family + suffix:
            bound = named.pop(own)
            if type_ and "buckets" in type_.KEYS:
                bounds[family].add(bound)
        labels[family] |= dict.fromkeys(name for name in named if re.fullmatch(NAME_SHAPE, name))
    for family, names in labels.items():
        known.labels.setdefault(family, tuple(names))
    for family, texts in bounds.items():
        known.buckets.setdefault(family, _buckets(texts))


def _unit(written: str) -> Unit | None:
    unit = ENDINGS.get(written)
    return unit if unit is not None and written in unit.endings else None


def _buckets(bounds: Iterable[str]) -> tuple[Fraction, ...]:
    """Return the finite bounds in order; none if one is no number above 0, as a spec cannot have those."""
    try:
        found = sorted({Fraction(each) for each in bounds if each != "+Inf"})
    except ValueError:
        return ()
    return tuple(found) if all(each > 0 for each in found) else ()

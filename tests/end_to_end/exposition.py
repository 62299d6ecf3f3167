"""Series for every metric of a spec, in Prometheus' text format."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.signals.metric import Metric
from victor_monitoring.signals.select import Select

_OPEN = ("one", "two")  # values of an open label


def exposition(spec: Resolved, select: Select) -> str:
    """Return all series of the components with that select; counters grow by 10 per second."""
    count = int(time.time() % 1_000_000 * 10)
    metrics = [
        declared.metric
        for component in spec.components.values()
        if component.select == select
        for declared in component.metrics
    ]
    return "".join(f"{line}\n" for metric in metrics for line in _lines(metric, count))


def _lines(metric: Metric, count: int) -> Iterator[str]:
    yield f"# TYPE {metric.name} {metric.type}"
    choices = [label.values or _OPEN for label in metric.labels]
    for values in itertools.product(*choices):
        labels = dict(zip(metric.label_names, values, strict=True))
        if metric.buckets:
            for bound in (*(repr(float(each)) for each in metric.buckets), "+Inf"):
                yield f"{metric.name}_bucket{_text({**labels, 'le': bound})} {count}"
            yield f"{metric.name}_sum{_text(labels)} {count}"
            yield f"{metric.name}_count{_text(labels)} {count}"
        else:
            yield f"{metric.name}{_text(labels)} {1 if metric.type.NAME == 'gauge' else count}"


def _text(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}" if labels else ""

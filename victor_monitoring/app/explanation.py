"""Explanations of the names of a spec, as text: position, definition, PromQL and users."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from victor_monitoring.app.importing.patterns import IMPORT
from victor_monitoring.app.pipeline import Compiled
from victor_monitoring.base.diagnostics import Pattern, Source
from victor_monitoring.checks.check import all_patterns
from victor_monitoring.language.model.patterns import LANGUAGE
from victor_monitoring.language.resolved.detection import detection
from victor_monitoring.language.resolved.spec import Alert, Component, Declared, Resolved
from victor_monitoring.language.syntax.mistakes import MISTAKES
from victor_monitoring.language.syntax.tree import MapNode, Path, at, span_at
from victor_monitoring.live.apply.patterns import LIVE
from victor_monitoring.live.exposition.verify import EXPOSITION
from victor_monitoring.outputs.drift import DRIFT
from victor_monitoring.promql.duration import duration_text
from victor_monitoring.promql.printer import number_text, text
from victor_monitoring.promql.prometheus_version import ASSUMED
from victor_monitoring.rule_tests.failures import FAILED_CASE, FAILING_TEMPLATE, MISSING_CASE, UNPROVEN_ALERT
from victor_monitoring.rule_tests.mutation_run import SURVIVING_MUTANT
from victor_monitoring.signals.signal import Signal

Lines: TypeAlias = Iterator[str]

# The parts of a spec, and of a context, that every alert depends on.
_SHARED: Final = ("service", "severities", "defaults", "alertmanager")
_OF_CONTEXT: Final = ("labels", "select", "prometheus", "protected", "receivers", "time_scale")


def patterns() -> list[Pattern]:
    """Return every pattern, sorted by code."""
    proof = (FAILED_CASE, MISSING_CASE, SURVIVING_MUTANT, UNPROVEN_ALERT, FAILING_TEMPLATE)
    others = (DRIFT, *proof, *EXPOSITION, *LIVE, *IMPORT)
    return sorted([*MISTAKES, *LANGUAGE, *all_patterns(), *others], key=lambda each: each.code)


def pattern_names() -> list[str]:
    """Return the codes and the names of all patterns."""
    return [name for pattern in patterns() for name in (pattern.code, pattern.name)]


def describe_pattern(name: str) -> str:
    """Return the documentation of a pattern by its name or code; empty if it does not exist."""
    found = next((each for each in patterns() if name in (each.code, each.name)), None)
    return f"{found.code} {found.name} ({found.severity.word})\n\n{found.doc}\n" if found else ""


def names_of(compiled: Compiled) -> list[str]:
    """Return every name of the spec that can be explained."""
    spec = compiled.base
    if spec is None:
        return []
    alerts = dict.fromkeys(name for alert in spec.alerts for name in (alert.id, alert.name))
    return [*alerts, *spec.signals, *spec.selects, *spec.components]


def describe(compiled: Compiled, name: str) -> str:
    """Return the explanation of `name`: an alert, a signal, a metric and a component may share it."""
    spec = compiled.base
    if spec is None:
        return ""
    sections = [
        *(_alert(compiled, alert) for alert in spec.alerts if name in (alert.id, alert.name)),
        *(_signal(compiled, spec, signal) for signal in spec.signals.values() if signal.name == name),
        *(_metric(compiled, spec, each) for each in spec.declared if name in each.metric.series()),
        *(_component(compiled, spec, each) for each in spec.components.values() if each.name == name),
    ]
    return "\n".join("".join(f"{line}\n" for line in section) for section in sections)


def _alert(compiled: Compiled, alert: Alert) -> Lines:
    yield f"{alert.id}: an alert of the group {alert.group}"
    if alert.name != alert.id:
        yield f"  named      {alert.name}"
    yield f"  defined    {_place(compiled, alert.path)}"
    if alert.summary_text:
        yield f"  summary    {alert.summary_text}"
    yield f"  watches    {alert.signal.title}: {alert.signal.kind.words(alert.signal)}"
    yield f"  expression {text(alert.expr)}"
    yield "  labels     " + ", ".join(f"{label}={value}" for label, value in alert.labels)
    if alert.annotations:
        yield "  annotates  " + ", ".join(f"{name}={value!r}" for name, value in alert.annotations)
    yield from _unrendered(compiled)
    if alert.runbook:
        yield f"  runbook    {alert.runbook}"
    yield "  fires"
    width = max(len(context or "base") for context in (None, *compiled.contexts))
    for context, each in _everywhere(
        compiled, lambda spec: {other.id: other for other in spec.alerts}, alert.id
    ):
        key = "when" if each.condition.text else "signal"
        place = _place(compiled, (*each.path, key), context)
        keep = f", for {duration_text(each.keep_firing)} after it" if each.keep_firing else ""
        wait = f" for {duration_text(each.pending)}" if each.pending else ""
        fires = f"{each.when}{wait}{keep}"
        yield f"    {context or 'base':<{width}}  {fires}  {each.severity or 'no severity'}  {place}"
    yield from _computed(compiled)
    yield "  is sent"
    for context, spec in ((None, compiled.base), *compiled.contexts.items()):
        for each in spec.alerts if spec else ():
            if spec and each.id == alert.id:
                yield f"    {context or 'base':<{width}}  {_detection(spec, each)}"
    yield from _inherited(compiled, *_sources_of(compiled, alert))


def _sources_of(compiled: Compiled, alert: Alert) -> Iterator[Path]:
    """Yield the paths of the parts of the spec that an alert is made of."""
    yield alert.path
    yield ("signals", alert.signal.name)
    yield from ((section,) for section in _SHARED)
    for context in compiled.contexts:
        root: Path = ("contexts", context)
        yield from ((*root, key) for key in _OF_CONTEXT)
        yield from ((*root, "override", "alerts", alert.name), (*root, "override", "defaults"))
        yield (*root, "override", "signals", alert.signal.name)


def _unrendered(compiled: Compiled) -> Lines:
    """Yield the parts of the routing that are not rendered because alerts do not have the labels for them."""
    spec = compiled.base
    if spec is None:
        return
    place = _place(compiled, ("service", "alert_labels"))
    if spec.service.alert_labels.service is None:
        yield f"  routed     by no rendered route or inhibition: no label has the service's name  {place}"
    elif spec.service.alert_labels.signal is None:
        yield f"  inhibited  by no rendered inhibition: no label has the signal  {place}"


def _computed(compiled: Compiled) -> Lines:
    """Yield the version of Prometheus that a service's own values follow, in base and in every context."""
    lines: dict[str, list[str]] = {}
    for context, spec in ((None, compiled.base), *compiled.contexts.items()):
        if spec is not None:
            lines.setdefault(_version(compiled, spec), []).append(context or "base")
    if len(lines) == 1:
        yield f"  computed   {next(iter(lines))}"
        return
    yield "  computed"
    width = max(len(", ".join(contexts)) for contexts in lines.values())
    for line, contexts in lines.items():
        yield f"    {', '.join(contexts):<{width}}  {line}"


def _version(compiled: Compiled, spec: Resolved) -> str:
    version = spec.service.prometheus
    start = "without" if (version or ASSUMED).left_open else "with"
    words = f"as by Prometheus {version or ASSUMED.major}: windows {start} a sample at their very start"
    if version is None:
        return f"{words} (`prometheus` is not set)"
    return f"{words}  {_place(compiled, spec.prometheus_path, spec.context)}"


def _detection(spec: Resolved, alert: Alert) -> str:
    """Return the longest time to detection, its summands, and the promised time."""
    found = detection(spec, alert)
    promise = f"; promised {duration_text(alert.detect_within)}" if alert.detect_within else ""
    return f"within {duration_text(found.milliseconds)}: {found.words()}{promise}"


def _signal(compiled: Compiled, spec: Resolved, signal: Signal) -> Lines:
    yield f"{signal.name}: a signal, {signal.title}"
    yield f"  defined    {_place(compiled, ('signals', signal.name))}"
    yield f"  meaning    {signal.kind.words(signal)}"
    yield f"  unit       {signal.unit}"
    others = ", and all others of its series" if signal.is_open else ""
    yield f"  labels     {', '.join(signal.labels)}{others}"
    yield f"  definition {text(signal.definition())}"
    for recording in signal.recordings():
        labels = "".join(f" {label}={value}" for label, value in recording.labels)
        yield f"  records    {recording.name}{labels}: {text(recording.expr)}"
    yield from _computed(compiled)
    yield from _users(_signal_users(compiled, spec, signal))
    overrides = (("contexts", context, "override", "signals", signal.name) for context in compiled.contexts)
    shared: tuple[Path, ...] = (("service", "select"), ("service", "scope"), ("defaults",))
    yield from _inherited(compiled, ("signals", signal.name), *shared, *overrides)


def _metric(compiled: Compiled, spec: Resolved, declared: Declared) -> Lines:
    metric = declared.metric
    yield f"{metric.name}: a {metric.type} of {declared.component}"
    yield f"  defined    {_place(compiled, declared.path)}"
    if metric.help:
        yield f"  help       {metric.help}"
    yield f"  unit       {metric.unit}"
    for label in metric.labels:
        limit = f", at most {label.limit}" if label.limit else ""
        values = f"open{limit}" if label.values is None else ", ".join(label.values)
        yield f"  label      {label.name}: {values}"
    if metric.buckets:
        yield f"  buckets    {', '.join(number_text(bucket) for bucket in metric.buckets)}"
    if declared.replaces:
        yield f"  replaces   {', '.join(declared.replaces)}"
    reading = [
        (f"signal {signal.name}", ("signals", signal.name))
        for signal in spec.signals.values()
        if any(reading.selector.metric.name in metric.series() for reading in signal.kind.readings())
    ]
    yield from _users((user, _place(compiled, path)) for user, path in reading)
    yield from _inherited(compiled, declared.path, ("service", "select"))


def _component(compiled: Compiled, spec: Resolved, component: Component) -> Lines:
    kind = "an external component" if component.external else f"a component, class {component.class_name}"
    yield f"{component.name}: {kind}"
    yield f"  defined    {_place(compiled, component.path)}"
    yield f"  selected   {', '.join(map(str, component.select)) or 'any target'}"
    if component.anchor:
        yield f"  anchor     {component.anchor.metric.name}"
    for declared in component.metrics:
        yield f"  metric     {declared.metric.name}  {declared.metric.help}".rstrip()
    alerts = (
        (f"alert {a.id}", _place(compiled, a.path)) for a in spec.alerts if a.component == component.name
    )
    yield from _users(alerts)
    yield from _inherited(compiled, component.path, ("service", "select"))


def _signal_users(compiled: Compiled, spec: Resolved, signal: Signal) -> Iterator[tuple[str, str]]:
    for alert in spec.alerts:
        if alert.signal.name == signal.name:
            yield f"alert {alert.id}", _place(compiled, alert.path)
        for path, guard in alert.placed_guards:
            if guard.signal.name == signal.name:
                yield f"guard of {alert.id}", _place(compiled, path)
    for other in spec.signals.values():
        if any(part.name == signal.name for _, part in other.kind.parts()):
            yield f"part of {other.name}", _place(compiled, ("signals", other.name))
    for panel in spec.panels:
        if any(drawn.name == signal.name for drawn in panel.signals):
            yield f"panel {panel.title}", _place(compiled, panel.path)


def _users(users: Iterable[tuple[str, str]]) -> Lines:
    found = list(users)
    yield "  used by" if found else "  used by    nothing"
    yield from _aligned(found)


def _inherited(compiled: Compiled, *paths: Path) -> Lines:
    """Yield the parts at and below the paths that the spec takes from its bases, with their places."""
    tree = compiled.trees[None]
    found = [each for path in paths if at(tree, path) for each in _from_bases(tree, path, tree.source)]
    if found:
        yield "  inherits"
        yield from _aligned([(".".join(map(str, path)), _place(compiled, path)) for path in found])


def _from_bases(tree: MapNode, path: Path, source: Source) -> Iterator[Path]:
    """Yield the path, and those below it, whose key is in another source than the key above it.

    So a mapping that one file gives as a whole is one path.
    """
    own = span_at(tree, path, key=True).source
    if own != source:
        yield path
    node = at(tree, path)
    for key in node.entries if isinstance(node, MapNode) else ():
        yield from _from_bases(tree, (*path, key), own)


def _aligned(rows: Sequence[tuple[str, str]]) -> Lines:
    width = max((len(name) for name, _ in rows), default=0)
    for name, place in rows:
        yield f"    {name:<{width}}  {place}"


def _everywhere(
    compiled: Compiled, alerts: Callable[[Resolved], dict[str, Alert]], name: str
) -> Iterator[tuple[str | None, Alert]]:
    """Yield the alert in base and in every context that has it."""
    for context, spec in ((None, compiled.base), *compiled.contexts.items()):
        found = alerts(spec).get(name) if spec else None
        if found:
            yield context, found


def _place(compiled: Compiled, path: Path, context: str | None = None) -> str:
    """Return file and line of a path in the tree of a context; an override has its own line."""
    span = span_at(compiled.trees[context], path, key=True)
    return f"{span.source.name}:{span.line}"

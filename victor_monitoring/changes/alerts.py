"""Changes of alerts and meta alerts: when they fire, and the labels and texts of their notifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from victor_monitoring.changes.change import Change, Difference, Effect, becomes, differing
from victor_monitoring.changes.conditions import guard_changes
from victor_monitoring.changes.loosening import loosened
from victor_monitoring.language.resolved.spec import Alert, Meta, Resolved
from victor_monitoring.language.syntax.tree import Path
from victor_monitoring.promql.duration import duration_text


def alert_changes(before: Resolved, after: Resolved) -> Iterator[Change]:
    """Yield the alerts that were added, removed or changed, each with its effect on alerting."""
    olds = {alert.id: alert for alert in before.alerts}
    news = {alert.id: alert for alert in after.alerts}
    verdicts = _verdicts(before, after)
    for name, alert in news.items():
        if name not in olds:
            yield Change("alert", name, _fires(alert, "added"), alert.path, Effect.TIGHTENED)
            continue
        for keys, meaning in _differences(before, after, olds[name], alert):
            verdict = verdicts.get((name, *keys), Effect.NEITHER)
            yield Change("alert", name, meaning, (*alert.path, *keys[:1]), verdict)
        for change in guard_changes(olds[name], alert):
            yield Change("alert", name, change.meaning, (*alert.path, *change.keys[:1]), change.effect)
    for name, alert in olds.items():
        if name not in news:
            meaning = _fires(alert, "removed")
            yield Change("alert", name, meaning, alert.path, Effect.LOOSENED, is_removal=True)


def meta_changes(before: Resolved, after: Resolved) -> Iterator[Change]:
    """Yield the changes of the meta alerts."""
    old, new, name = before.meta, after.meta, "alerts"
    if old is None or new is None:
        if old is not None:
            yield Change("meta", name, "switched off", ("meta",), Effect.LOOSENED, is_removal=True)
        elif new is not None:
            yield Change("meta", name, "switched on", ("meta",), Effect.TIGHTENED)
        return
    verdicts = _verdicts(before, after)
    for keys, meaning in _meta_differences(before, after, old, new):
        verdict = verdicts.get(("meta", *keys), Effect.NEITHER)
        yield Change("meta", name, meaning, ("meta", *keys), verdict)


def _verdicts(before: Resolved, after: Resolved) -> Mapping[Path, Effect]:
    """Return the effect of each loosening or tightening, by the alert's id (or `meta`) and the keys below.

    A tightening is a loosening in the opposite direction.
    """
    tighter = {_place(each.path): Effect.TIGHTENED for each in loosened(after, before)}
    looser = {_place(each.path): Effect.LOOSENED for each in loosened(before, after)}
    # A change that is looser in both directions, such as another signal, counts as looser.
    return {**tighter, **looser}


def _place(path: Path) -> Path:
    return path[2:] if path[0] == "alerts" else path


def _differences(before: Resolved, after: Resolved, old: Alert, new: Alert) -> Iterator[Difference]:
    """Yield the differences of an alert, without the service's labels and before time scaling."""
    was_scale, scale = before.time_scale, after.time_scale
    yield from differing(
        {
            ("name",): ("the name", old.name, new.name),
            ("signal",): ("the signal", old.signal.name, new.signal.name),
            ("when",): ("", old.condition.text, new.condition.text),
            ("for",): ("`for` of", _duration(old.pending, was_scale), _duration(new.pending, scale)),
            ("keep_firing_for",): (
                "`keep_firing_for` of",
                _duration(old.keep_firing, was_scale),
                _duration(new.keep_firing, scale),
            ),
            ("severity",): ("the severity", old.severity, new.severity),
            ("component",): ("the component", old.component, new.component),
            ("group",): ("the group", old.group, new.group),
            ("runbook",): ("the runbook", old.own_runbook, new.own_runbook),
            ("summary",): ("the summary", old.summary_text, new.summary_text),
        }
    )  # fmt: skip
    if _notification_texts(old) != _notification_texts(new):
        yield ("actions",), "the description or the actions differ"
    was, now = _own_labels(before, old), _own_labels(after, new)
    for label in dict.fromkeys((*was, *now)):
        if was.get(label) != now.get(label):
            yield ("labels",), becomes(f"the label `{label}`", was.get(label), now.get(label))
    was, now = _annotations(old), _annotations(new)
    for name in dict.fromkeys((*was, *now)):
        if was.get(name) != now.get(name):
            yield ("annotations",), becomes(f"the annotation `{name}`", was.get(name), now.get(name))


def _own_labels(spec: Resolved, alert: Alert) -> Mapping[str, str]:
    """Return the labels of the alert's component and of the alert itself."""
    component = spec.components.get(alert.component)
    return {**dict(component.labels if component else ()), **dict(alert.own_labels)}


def _annotations(alert: Alert) -> Mapping[str, str]:
    """Return the alert's further annotations, each on one line, without the summary."""
    return {name: " ".join(text.split()) for name, text in alert.annotations if name != "summary"}


def _meta_differences(before: Resolved, after: Resolved, old: Meta, new: Meta) -> Iterator[Difference]:
    was, now = _duration(old.pending, before.time_scale), _duration(new.pending, after.time_scale)
    return differing(
        {
            ("group",): ("the group", old.group, new.group),
            ("for",): ("`for` of", was, now),
            ("severity",): ("the severity", old.severity, new.severity),
        }
    )


def _fires(alert: Alert, verb: str) -> str:
    return f"{verb}, {alert.severity or 'no severity'} at {alert.signal.name} `{alert.condition.text}`"


def _notification_texts(alert: Alert) -> tuple[object, ...]:
    return (_text(alert.description), *(action.text for action in alert.actions))


def _duration(milliseconds: int | None, scale: int) -> str:
    return duration_text(milliseconds * scale) if milliseconds else ""


def _text(template: object) -> str:
    return str(getattr(template, "text", ""))

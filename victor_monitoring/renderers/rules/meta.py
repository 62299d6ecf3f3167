"""The alerts on monitoring itself: silence is told apart from health."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from victor_monitoring.model.template import Placeholder
from victor_monitoring.renderers.rules.messages import runbook
from victor_monitoring.resolved.meta import MetaAlert, meta_alerts
from victor_monitoring.resolved.spec import Meta, Resolved
from victor_monitoring.signals.duration import duration_text
from victor_monitoring.signals.promql import Binary, Call, Expr, Matcher, Vector, number, text


def meta_rules(spec: Resolved, meta: Meta) -> Iterator[Mapping[str, object]]:
    """The rule of each alert on monitoring itself."""
    for alert in meta_alerts(spec):
        rule: dict[str, object] = {"alert": alert.name, "expr": text(_expr(spec, alert))}
        if meta.pending:
            rule["for"] = duration_text(meta.pending)
        summary = "".join(
            f"{{{{ $labels.{piece.name} }}}}" if isinstance(piece, Placeholder) else piece
            for piece in alert.summary.pieces
        )
        told = {"summary": summary, "description": alert.description, **runbook(spec, alert.name)}
        yield {**rule, "labels": dict(alert.labels), "annotations": told}


def _expr(spec: Resolved, alert: MetaAlert) -> Expr:
    match alert.watches:
        case "target":
            return _is_up(alert.select, 0)
        case "service":
            return Call("absent", (_is_up(alert.select, 1),))
        case "metric":
            return _missing(spec, alert)


def _is_up(select: tuple[Matcher, ...], value: int) -> Expr:
    return Binary("==", Vector("up", select), number(value))


def _missing(spec: Resolved, alert: MetaAlert) -> Expr:
    assert alert.component is not None  # a metric is a component's
    assert alert.component.anchor is not None  # only these have the alert
    on = dict.fromkeys((*(matcher.label for matcher in alert.select), *spec.service.scope, "instance"))
    return Binary("unless", _is_up(alert.select, 1), alert.component.anchor.vector(alert.select), tuple(on))

"""The delivery of a context: everything that is rendered for its targets."""

from __future__ import annotations

from victor_monitoring.app.pipeline import Compiled, render
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.live.apply.target import Delivery, OtherContext
from victor_monitoring.renderers.alertmanager import alertmanager_text
from victor_monitoring.renderers.dashboard import dashboard_text
from victor_monitoring.renderers.rules import rules_text


def delivery(compiled: Compiled, context: str) -> Delivery:
    """Return the delivery of a context, byte for byte as `generate` writes it; the spec has no errors."""
    spec = compiled.contexts[context]
    dashboard = spec.dashboard if "dashboard" in spec.outputs else None
    return Delivery(
        spec,
        rules=rules_text(spec) if "rules" in spec.outputs else None,
        dashboard=dashboard_text(spec, dashboard) if dashboard else None,
        routing=_routing(spec),
        artifacts=tuple(render(compiled, context=context)),
        other_contexts=tuple(_other_context(compiled, each) for each in compiled.contexts if each != context),
    )


def _other_context(compiled: Compiled, context: str) -> OtherContext:
    settings = tuple(placed.settings for placed in compiled.targets.get(context, ()))
    return OtherContext(context, settings, _routing(compiled.contexts[context]))


def _routing(spec: Resolved) -> str | None:
    return alertmanager_text(spec) if "alertmanager" in spec.outputs else None

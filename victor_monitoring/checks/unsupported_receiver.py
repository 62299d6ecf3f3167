"""Receivers that the operator has no words for."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.operator import operator_configs
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM611", "unsupported-receiver", Severity.WARNING)
def unsupported_receiver(spec: Resolved) -> Iterator[Finding]:
    """A context gets the operator's objects, which have no words for one of its receivers.

    It gets no AlertmanagerConfig then, and is told of nothing, unless the fragment of routes is merged into
    the Alertmanager's own configuration. Such an object names Secrets instead of files: those that the
    operator mounts.

    Bad: `api_url_file: /run/slack`. Good: `api_url_file: /etc/alertmanager/secrets/slack/url`, which becomes
    the key `url` of the Secret `slack`.
    """
    if spec.component != "operator" or not {"kubernetes", "alertmanager"} <= spec.outputs.keys():
        return
    for receiver in spec.routing.receivers:
        _, unsaid = operator_configs(receiver)
        for each in unsaid:
            message = f"`{each.key}` of `{receiver.name}` cannot be said by an AlertmanagerConfig"
            yield Finding(each.path, message, each.hint, on_key=True)

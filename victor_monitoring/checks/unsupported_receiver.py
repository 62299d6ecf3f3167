"""Receivers that an AlertmanagerConfig cannot express."""

from __future__ import annotations

from collections.abc import Iterator

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.operator import operator_configs
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM611", "unsupported-receiver", Severity.WARNING)
def unsupported_receiver(spec: Resolved) -> Iterator[Finding]:
    """No AlertmanagerConfig can express a receiver of a context that gets the operator's objects.

    The receiver is left out of the rendered objects and gets no notifications, unless the rendered routes are
    merged into the configuration of Alertmanager. An AlertmanagerConfig refers to Secrets instead of files;
    only files of Secrets that the operator mounts can be expressed.

    Bad: `api_url_file: /run/slack`. Good: `api_url_file: /etc/alertmanager/secrets/slack/url`, which becomes
    the key `url` of the Secret `slack`.
    """
    if spec.kubernetes.objects != "operator" or not {"kubernetes", "alertmanager"} <= spec.outputs.keys():
        return
    for receiver in spec.routing.receivers:
        _, unsupported = operator_configs(receiver)
        for each in unsupported:
            message = f"`{each.key}` of `{receiver.name}` cannot be expressed in an AlertmanagerConfig"
            yield Finding(each.path, message, each.hint, on_key=True)

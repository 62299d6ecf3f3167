"""Targets that are reached without encryption."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from victor_monitoring.base.diagnostics import Severity
from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding


@check("VM609", "plain-http", Severity.WARNING)
def plain_http(spec: Resolved) -> Iterator[Finding]:
    """Traffic to a target on another machine is not encrypted.

    Anyone on the network path can read the token and change the applied content.

    Bad: `url: http://grafana.example.org`. Good: `url: https://grafana.example.org`.
    For a trusted network, acknowledge it in the context: `ack: {plain-http: why}`.
    """
    for index, target in enumerate(spec.targets):
        for kind, settings in target.items() if isinstance(target, dict) else ():
            url = settings.get("url") if isinstance(settings, dict) else None
            if isinstance(url, str) and _is_open(url):
                path = ("contexts", spec.context or "", "targets", index, kind, "url")
                yield Finding(path, f"`{url}` is reached without encryption", "use https")


def _is_open(url: str) -> bool:
    """Return whether requests to this URL can be read on the network."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "http" and bool(parts.hostname) and not _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

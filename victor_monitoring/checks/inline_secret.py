"""Secrets written into the spec itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from victor_monitoring.checks.check import check
from victor_monitoring.language.resolved.routing import SECRET_FILES, SECRETS_WITHOUT_FILE
from victor_monitoring.language.resolved.spec import Resolved
from victor_monitoring.language.syntax.finding import Finding
from victor_monitoring.language.syntax.tree import Path

_OPEN_ADDRESSES: Final = (
    "jira_configs",
    "opsgenie_configs",
    "rocketchat_configs",
    "telegram_configs",
    "victorops_configs",
    "wechat_configs",
    "webex_configs",
)
_CREDENTIALS: Final = re.compile(r"^[a-z]+://[^/@]+@", re.IGNORECASE)


@check("VM607", "inline-secret")
def inline_secret(spec: Resolved) -> Iterator[Finding]:
    """Receivers contain a secret itself instead of the path of a file that contains it.

    The spec and its rendered files are committed, and more people read them than may know the secret.

    Bad: `routing_key: 0123abcd`. Good: `routing_key_file: /etc/alertmanager/secrets/pagerduty`.
    """
    for receiver in spec.routing.receivers:
        for kind, configs in receiver.integrations.items():
            for index, config in enumerate(configs):
                yield from _found((*receiver.path, kind, index), config)


def _found(path: Path, config: object) -> Iterator[Finding]:
    items: list[tuple[str | int, object]] = []
    if isinstance(config, dict):
        items = list(config.items())
    elif isinstance(config, list):
        items = list(enumerate(config))
    for key, value in items:
        here = (*path, key)
        if isinstance(value, dict | list):
            yield from _found(here, value)
        elif isinstance(key, str) and isinstance(value, str):
            yield from _secret_findings(here, key, value)


def _secret_findings(path: Path, key: str, value: str) -> Iterator[Finding]:
    message = f"`{key}` is a secret, which does not belong in the spec"
    if key in SECRETS_WITHOUT_FILE:
        yield Finding(path, message, "choose an authentication method whose secret is read from a file")
    elif key in SECRET_FILES and not (key == "api_url" and _is_open(path)):
        yield Finding(path, message, f"name the file that contains it: `{SECRET_FILES[key]}: /path`")
    elif _CREDENTIALS.match(value):
        hint = "move them to `http_config: {basic_auth: {username: .., password_file: ..}}`"
        yield Finding(path, f"`{key}` contains credentials", hint)


def _is_open(path: Path) -> bool:
    """Return whether `api_url` at this path is only an address; for Slack it is the secret itself."""
    return any(key in _OPEN_ADDRESSES for key in path)

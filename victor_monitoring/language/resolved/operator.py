"""Receivers as an AlertmanagerConfig of the Prometheus operator, and the keys that it does not support."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from victor_monitoring.language.resolved.spec import Receiver
from victor_monitoring.language.syntax.tree import Path

# The keys that differ from Alertmanager's only in their case. ("pagerduty" is one word in both.)
_PLAIN: Final[Mapping[str, tuple[str, ...]]] = {
    "webhook_configs": ("send_resolved", "url", "max_alerts"),
    "slack_configs": (
        "send_resolved", "channel", "username", "color", "title", "title_link", "pretext", "text", "footer",
        "fallback", "callback_id", "icon_emoji", "icon_url", "image_url", "thumb_url", "link_names",
        "short_fields", "mrkdwn_in",
    ),
    "pagerduty_configs": (
        "send_resolved", "url", "client", "client_url", "description", "severity", "class", "component",
        "group",
    ),
    "email_configs": (
        "send_resolved", "to", "from", "smarthost", "hello", "html", "text", "auth_username", "auth_identity",
        "require_tls",
    ),
    "opsgenie_configs": (
        "send_resolved", "api_url", "message", "description", "source", "tags", "note", "priority",
        "update_alerts", "entity",
    ),
}  # fmt: skip
_SECRET: Final = {  # by the key that names the file of the secret
    "webhook_configs": {"url_file": "urlSecret"},
    "slack_configs": {"api_url_file": "apiURL"},
    "pagerduty_configs": {"routing_key_file": "routingKey", "service_key_file": "serviceKey"},
    "email_configs": {"auth_password_file": "authPassword"},
    "opsgenie_configs": {"api_key_file": "apiKey"},
}
_CAPITALS: Final = {"url": "URL", "tls": "TLS"}
# Where the operator mounts the Secrets that an Alertmanager lists.
_MOUNTED: Final = re.compile(r"/etc/alertmanager/secrets/([a-z0-9][-.a-z0-9]*)/([-._a-zA-Z0-9]+)")


@dataclass(frozen=True, slots=True)
class UnsupportedKey:
    """A key of a receiver that an AlertmanagerConfig does not support, and a hint."""

    path: Path
    key: str
    hint: str


def operator_configs(receiver: Receiver) -> tuple[dict[str, object], list[UnsupportedKey]]:
    """Return a receiver's integrations as the operator writes them, and its unsupported keys."""
    supported: dict[str, object] = {}
    unsupported: list[UnsupportedKey] = []
    for kind, configs in receiver.integrations.items():
        if kind not in _PLAIN:
            unsupported.append(
                UnsupportedKey((*receiver.path, kind), kind, f"use one of {', '.join(map(_quoted, _PLAIN))}")
            )
            continue
        translated = []
        for index, config in enumerate(configs):
            unsupported += _unsupported_keys((*receiver.path, kind, index), kind, config)
            translated.append(dict(_translated(kind, config)))
        supported[_camel(kind)] = translated
    return supported, unsupported


def _unsupported_keys(path: Path, kind: str, config: Mapping[str, object]) -> Iterator[UnsupportedKey]:
    for key, value in config.items():
        if key in _SECRET[kind]:
            if not _MOUNTED.fullmatch(str(value)):
                hint = "name a file of a mounted Secret: `/etc/alertmanager/secrets/NAME/KEY`"
                yield UnsupportedKey((*path, key), key, hint)
        elif key not in _PLAIN[kind]:
            yield UnsupportedKey((*path, key), key, f"leave out `{key}`")


def _translated(kind: str, config: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for key, value in config.items():
        mounted = _MOUNTED.fullmatch(str(value)) if key in _SECRET[kind] else None
        if mounted:
            yield _SECRET[kind][key], {"name": mounted[1], "key": mounted[2]}
        elif key in _PLAIN[kind]:
            yield _camel(key), value


def _camel(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(_CAPITALS.get(each, each.capitalize()) for each in others)


def _quoted(text: str) -> str:
    return f"`{text}`"

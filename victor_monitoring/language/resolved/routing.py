"""The routing of alerts, resolved, and the keys of receivers that are secrets."""

from __future__ import annotations

from typing import Final

from victor_monitoring.language.model import contexts as written_contexts
from victor_monitoring.language.model import spec as written
from victor_monitoring.language.resolved.metrics import label_pairs
from victor_monitoring.language.resolved.spec import Receiver, Routing, UnknownName
from victor_monitoring.language.resolved.time_scale import TimeScale


def resolve_routing(
    spec: written.Spec, context: str | None, scale: TimeScale
) -> tuple[Routing, list[UnknownName]]:
    """Return the routing of base or of a context, and the undefined severities of its receivers."""
    here = spec.contexts[context] if context else written_contexts.Context()
    receivers = tuple(
        Receiver(
            name=name,
            severities=tuple(receiver.severities),
            labels=label_pairs(receiver.labels),
            integrations=receiver.integrations(),
            path=("contexts", context or "", "receivers", name),
        )
        for name, receiver in here.receivers.items()
    )
    times = spec.alertmanager
    routing = Routing(
        standalone=times.standalone,
        group_wait=scale(times.group_wait),
        group_interval=scale(times.group_interval),
        repeat_interval=scale(times.repeat_interval),
        labels=label_pairs(here.labels),
        context_label_names=tuple(
            dict.fromkeys(label for each in spec.contexts.values() for label in each.labels)
        ),
        receivers=receivers,
    )
    unknown = [
        UnknownName("severity", severity, (*receiver.path, "severities", index))
        for receiver in receivers
        for index, severity in enumerate(receiver.severities)
        if severity not in spec.severities
    ]
    return routing, unknown


# The keys of secrets, each with the key that names a file instead.
SECRET_FILES: Final = {
    "alert_source_token": "alert_source_token_file",
    "api_key": "api_key_file",
    "api_url": "api_url_file",
    "auth_password": "auth_password_file",
    "bearer_token": "bearer_token_file",
    "bot_token": "bot_token_file",
    "client_secret": "client_secret_file",
    "credentials": "credentials_file",
    "password": "password_file",
    "routing_key": "routing_key_file",
    "service_key": "service_key_file",
    "token": "token_file",
    "token_id": "token_id_file",
    "user_key": "user_key_file",
    "webhook_url": "webhook_url_file",
}
SECRETS_WITHOUT_FILE: Final = frozenset({"api_secret", "auth_secret", "secret_key"})


def is_secret(key: str) -> bool:
    """Return whether a key of a receiver or of the global section is a secret."""
    return any(key == each or key.endswith(f"_{each}") for each in (*SECRET_FILES, *SECRETS_WITHOUT_FILE))

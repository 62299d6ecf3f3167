"""A receiver of Alertmanager's webhook notifications."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from threading import Lock
from typing import Any

from victor_monitoring.demo.http import listening


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification about one alert: it fires since `starts_at`, or has resolved at `ends_at`."""

    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    at: datetime


class WebhookReceiver:
    """The notifications received so far, each once, oldest first."""

    def __init__(self) -> None:
        self._lock, self._found = Lock(), dict[object, Notification]()

    def deliveries(self) -> list[Notification]:
        """Return the notifications received so far."""
        with self._lock:
            return list(self._found.values())

    def take(self, message: Mapping[str, Any]) -> None:
        """Keep the new notifications of a message; Alertmanager repeats all active alerts of a group."""
        with self._lock:
            for alert in message["alerts"]:
                key = (alert["status"], alert["fingerprint"], alert["startsAt"])
                if key not in self._found:
                    self._found[key] = _delivery(alert)


def _delivery(alert: Mapping[str, Any]) -> Notification:
    return Notification(
        alert["status"],
        alert["labels"],
        alert["annotations"],
        datetime.fromisoformat(alert["startsAt"]),
        datetime.fromisoformat(alert["endsAt"]),
        datetime.now(UTC),
    )


@contextmanager
def receiver() -> Iterator[tuple[WebhookReceiver, str]]:
    """Yield a receiver and its URL."""
    found = WebhookReceiver()

    class NotificationHandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            found.take(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with listening(NotificationHandler) as address:
        yield found, f"http://{address}/"

"""The keys of Alertmanager's configuration that hold a secret."""

from __future__ import annotations

from typing import Final

# Each with the key that names the secret's file instead.
SECRET_FILES: Final = {
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
    "user_key": "user_key_file",
    "webhook_url": "webhook_url_file",
}
UNHELD: Final = frozenset({"api_secret", "auth_secret", "secret_key"})  # no file is read for them


def is_secret(key: str) -> bool:
    """Whether a key, of the global section too, holds a secret."""
    return any(key == each or key.endswith(f"_{each}") for each in (*SECRET_FILES, *UNHELD))

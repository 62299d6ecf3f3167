"""Addresses of live systems, and the settings of those that are reached by HTTP."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, WithJsonSchema, model_validator

from victor_monitoring.apply.secrets import SecretSource
from victor_monitoring.apply.target import Settings
from victor_monitoring.model.fields import Text, invalid


def parts_of(url: str) -> SplitResult | None:
    """The parts of an http or https URL; None where it is none."""
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")  # a UnicodeError where a name is none, such as `a..b`
    except ValueError:
        return None
    return parts if is_whole and url.isascii() and url.isprintable() and " " not in url else None


def _address(value: object) -> str:
    parts = parts_of(value) if isinstance(value, str) else None
    if parts is None:
        raise invalid("an http or https address is wanted", "such as `https://prometheus.example.org`")
    if parts.username is not None or parts.password is not None:
        raise invalid("an address holds no credentials", "name their place: `token: {env: NAME}`")
    if "?" in str(value) or "#" in str(value):  # also where nothing follows: what is asked for would
        raise invalid("an address ends with its path", "leave out what follows `?` or `#`")
    return str(value).rstrip("/")


Address = Annotated[
    str,
    AfterValidator(_address),
    WithJsonSchema({"type": "string", "description": "an address", "examples": ["http://localhost:9090"]}),
]


class HttpSettings(Settings):
    """What every target that is reached by HTTP has; a token is sent as a bearer's.

    There is a token, or a password, which may have a name.
    """

    url: Address
    token: SecretSource | None = None
    username: str | None = None
    password: SecretSource | None = None
    ca_file: Text | None = None

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        has_user = self.username is not None or self.password is not None
        if self.token is not None and has_user:
            raise invalid("a token stands alone", "leave out `username` and `password`, or the token")
        if self.username is not None and self.password is None:
            raise invalid("a `username` without a password", "name its place: `password: {env: NAME}`")
        return self

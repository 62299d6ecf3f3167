"""Addresses of live systems: which are fit, and which are reached without encryption."""

from __future__ import annotations

import ipaddress
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, WithJsonSchema

from victor_monitoring.model.fields import invalid

from .secrets import SecretSource
from .target import Settings


def parts_of(url: str) -> SplitResult | None:
    """The parts of an http or https URL; None where it is none."""
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_whole and url.isascii() and url.isprintable() and " " not in url else None


def is_open(url: str) -> bool:
    """Whether what is sent there can be read on the way: http to another machine."""
    parts = parts_of(url)
    return parts is not None and parts.scheme == "http" and not _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address(value: object) -> str:
    parts = parts_of(value) if isinstance(value, str) else None
    if parts is None:
        raise invalid("an http or https address is wanted", "such as `https://prometheus.example.org`")
    if parts.username is not None or parts.password is not None:
        raise invalid("an address holds no credentials", "name their place: `token: {env: NAME}`")
    if parts.query or parts.fragment:
        raise invalid("an address ends with its path", "leave out what follows `?` or `#`")
    return str(value).rstrip("/")


Address = Annotated[
    str,
    AfterValidator(_address),
    WithJsonSchema({"type": "string", "description": "an address", "examples": ["http://localhost:9090"]}),
]


class HttpSettings(Settings):
    """What every target that is reached by HTTP has; a token is sent as a bearer's."""

    url: Address
    token: SecretSource | None = None
    username: str | None = None
    password: SecretSource | None = None
    ca_file: str | None = None

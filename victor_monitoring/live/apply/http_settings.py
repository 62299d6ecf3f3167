"""The settings of the targets that are reached by HTTP."""

from __future__ import annotations

import base64
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, WithJsonSchema, model_validator

from victor_monitoring.language.model.fields import Text, invalid
from victor_monitoring.live.apply.settings import Settings
from victor_monitoring.live.secrets import SecretSource

if TYPE_CHECKING:
    from pathlib import Path

    from victor_monitoring.live.apply.environment import ApplyEnvironment
    from victor_monitoring.live.http.client import HttpClient


def _parts_of(url: str) -> SplitResult | None:
    """Return the parts of an http or https URL, or None if the text is not one."""
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")  # UnicodeError, a ValueError, if a host name is invalid: `a..b`
    except ValueError:
        return None
    return parts if is_whole and url.isascii() and url.isprintable() and " " not in url else None


def _address(value: str, example: str, key: str) -> str:
    parts = _parts_of(value)
    if parts is None:
        raise invalid("an http or https address is expected", f"such as `{example}`")
    if parts.username is not None or parts.password is not None:
        hint = f"name their source: `{key}: {{env: NAME}}`"
        raise invalid("an address must not contain credentials", hint)
    if "?" in value or "#" in value:  # even an empty one: the paths of requests would follow it
        raise invalid("an address must have no query and no fragment", "leave out `?` or `#` and the rest")
    return value.rstrip("/")


def _user_name(value: str) -> str:
    if ":" in value:
        message = "a user name must not contain a colon: in Basic authentication the password follows it"
        raise invalid(message, "name a user without a colon, or authenticate by `token: {env: NAME}`")
    return value


_EXAMPLE: Final = "https://prometheus.example.org"
_PROXY: Final = "http://proxy.example.org:3128"
_SCHEMA: Final = {"type": "string", "description": "address"}
Address = Annotated[
    str,
    AfterValidator(functools.partial(_address, example=_EXAMPLE, key="token")),
    WithJsonSchema({**_SCHEMA, "examples": ["http://localhost:9090"]}),
]
ProxyAddress = Annotated[
    str,
    AfterValidator(functools.partial(_address, example=_PROXY, key="proxy_password")),
    WithJsonSchema({**_SCHEMA, "examples": [_PROXY]}),
]
UserName = Annotated[str, AfterValidator(_user_name)]


class HttpSettings(Settings):
    """The settings of every target that is reached by HTTP.

    Authorization is by `token`, sent as a bearer token, or by `password` with an optional `username`. Files
    are in PEM: `ca_file` contains the trusted authorities, `cert_file` the client's certificate and
    `key_file` its key, if `cert_file` does not.
    """

    url: Address
    """The address of the live system. Example: `http://localhost:9090`"""
    token: SecretSource | None = None
    """The source of a bearer token. Default: none is sent. Example: `{env: PROMETHEUS_TOKEN}`"""
    username: UserName | None = None
    """The user of Basic authentication. Example: `shop`"""
    password: SecretSource | None = None
    """The source of the password of Basic authentication. Default: none is sent. Example: `{file:
    /run/secrets/password}`"""
    ca_file: Text | None = None
    """The certificates of the trusted authorities, in PEM. Default: those of the system. Example:
    `certificates/authority.pem`"""
    cert_file: Text | None = None
    """The certificate that the target asks the client for, in PEM. Example: `certificates/client.pem`"""
    key_file: Text | None = None
    """The key of that certificate, in PEM. Default: `cert_file` contains it. Example:
    `certificates/client.key`"""
    proxy: ProxyAddress | None = None
    """The proxy for the requests to this target. Default: none; the environment is not asked. Example:
    `http://proxy.example.org:3128`"""
    proxy_username: UserName | None = None
    """The user of the proxy. Example: `shop`"""
    proxy_password: SecretSource | None = None
    """The source of the proxy's password. Default: none is sent. Example: `{env: PROXY_PASSWORD}`"""

    def system(self, context: str) -> tuple[str | None, ...]:
        """Return the address."""
        return (self.url,)

    def client(self, environment: ApplyEnvironment, headers: Mapping[str, str] | None = None) -> HttpClient:
        """Return a client of the address with its credentials, closed at the end of the run."""
        from victor_monitoring.live.http.client import HttpClient  # noqa: PLC0415 - not needed to read a spec

        def path(file: str | None) -> Path | None:
            return None if file is None else environment.root / file

        sent, proxy_headers = dict(headers or {}), {}
        if self.token is not None:
            sent["Authorization"] = f"Bearer {environment.secret(self.token).reveal()}"
        elif self.password is not None:
            sent["Authorization"] = _basic(environment, self.username, self.password)
        if self.proxy_password is not None:
            basic = _basic(environment, self.proxy_username, self.proxy_password)
            proxy_headers["Proxy-Authorization"] = basic
        client = HttpClient(
            self.url,
            headers=sent,
            ca_file=path(self.ca_file),
            cert_file=path(self.cert_file),
            key_file=path(self.key_file),
            proxy=self.proxy,
            proxy_headers=proxy_headers,
            patience=environment.patience,
            redactor=environment.redactor,
        )
        environment.held.callback(client.close)
        return client

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        has_user = self.username is not None or self.password is not None
        if self.token is not None and has_user:
            raise invalid("a token excludes `username` and `password`", "leave them out, or the token")
        if self.username is not None and self.password is None:
            raise invalid("a `username` without a password", "name its source: `password: {env: NAME}`")
        return self

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.key_file is not None and self.cert_file is None:
            raise invalid("a `key_file` without its certificate", "name it: `cert_file: FILE`")
        if self.proxy_username is not None and self.proxy_password is None:
            hint = "name its source: `proxy_password: {env: NAME}`"
            raise invalid("a `proxy_username` without a password", hint)
        if self.proxy_password is not None and self.proxy is None:
            raise invalid("a `proxy_password` without a proxy", "name it: `proxy: http://HOST:PORT`")
        return self


def _basic(environment: ApplyEnvironment, username: str | None, password: SecretSource) -> str:
    """Return the value of a header for Basic authentication, in UTF-8 (RFC 7617)."""
    text = f"{username or ''}:{environment.secret(password, is_ascii=False).reveal()}"
    coded = base64.b64encode(text.encode()).decode()
    environment.redactor.learn(coded)
    return f"Basic {coded}"

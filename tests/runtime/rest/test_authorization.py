"""Authorization by a bearer token."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest
from fastapi import FastAPI

from tests.runtime.rest.client import get
from tests.runtime.rest.shop import shop_app
from victor_monitoring.runtime.rest import register_routes

TOKEN = "open sesame, Käse"  # noqa: S105 - a test's


def paths(app: FastAPI) -> list[str]:
    """Return every path that the application documents."""
    return list(app.openapi()["paths"])


def bearer(token: str, scheme: str = "Bearer") -> dict[str, str]:
    """Return the header with this token."""
    return {"Authorization": f"{scheme} {token}".encode().decode("latin-1")}


def test_every_route_needs_the_token() -> None:
    """A request without the token or with another gets 401 and the scheme; with the token, 200."""
    with shop_app(token=TOKEN) as shop:
        assert {"/metrics", "/api/shop/prometheus", "/api/shop/health"} < set(paths(shop.app))
        for path in paths(shop.app):
            wrong: tuple[dict[str, str], ...] = (
                {}, {"Authorization": bearer(TOKEN)["Authorization"][7:]}, bearer(TOKEN, "Basic"),
                bearer(""), bearer("wrong"), bearer(TOKEN[:-1]), bearer(TOKEN + "x"), bearer(TOKEN.upper()),
            )  # fmt: skip
            for headers in wrong:
                refused = ask(shop.app, path, headers)
                assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
                assert refused.json() == {"detail": "a bearer token is needed"}
            assert ask(shop.app, path, bearer(TOKEN)).status_code == 200
            assert ask(shop.app, path, bearer(TOKEN, "bearer")).status_code == 200


def ask(app: FastAPI, path: str, headers: Mapping[str, str]) -> httpx.Response:
    """Return the response; headers are bytes, as on the wire."""
    return get(app, path, {name.encode(): value.encode("latin-1") for name, value in headers.items()})


def test_a_refused_request_reads_no_component() -> None:
    """An unauthorized request does not read any component."""
    with shop_app(token=TOKEN) as shop:
        asked: list[str] = []
        shop.collector.register("till", lambda: asked.append("till"))
        for path in paths(shop.app):
            get(shop.app, path)
        assert asked == []


def test_the_rest_of_the_application_needs_no_token() -> None:
    """The token applies to the monitoring routes alone."""
    with shop_app(token=TOKEN) as shop:
        assert get(shop.app, "/openapi.json").status_code == 200


def test_the_token_is_documented() -> None:
    """OpenAPI documents the scheme and the 401 response with a token, and neither without."""
    with shop_app(token=TOKEN) as shop:
        for methods in shop.app.openapi()["paths"].values():
            assert methods["get"]["security"] == [{"HTTPBearer": []}]
            assert "401" in methods["get"]["responses"]
    with shop_app() as shop:
        for methods in shop.app.openapi()["paths"].values():
            assert "security" not in methods["get"]
            assert "401" not in methods["get"]["responses"]


def test_an_empty_token_is_refused() -> None:
    """An empty token, as from an unset variable, is an error, not the absence of protection."""
    with shop_app() as shop, pytest.raises(ValueError, match="the token is empty"):
        register_routes(FastAPI(), shop.collector, token="")

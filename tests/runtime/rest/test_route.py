"""HEAD requests, and paths that the application answers already."""

from __future__ import annotations

import asyncio
import re
import warnings
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Response
from starlette.routing import Mount

from tests.runtime.rest.client import get, session
from tests.runtime.rest.shop import shop_app
from tests.runtime.shop import shop_collector
from victor_monitoring import PerformanceMetricsCollector, register_performance_routes
from victor_monitoring.runtime.rest import register_routes

GZIP = {"accept-encoding": "gzip"}
SHOP = ["/api/shop/summary", "/api/shop/prometheus", "/metrics", "/api/shop/front", "/api/shop/door"]


def head(app: FastAPI, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """Return the response to a HEAD request."""

    async def ask() -> httpx.Response:
        async with session(app) as caller:
            return await caller.head(path, headers=headers)

    return asyncio.run(ask())


def victor(app: FastAPI) -> None:
    register_performance_routes(app, PerformanceMetricsCollector())


def shop(app: FastAPI, **options: Any) -> None:
    register_routes(app, shop_collector(), **options)


def test_head_is_answered_as_get() -> None:
    """Each route answers HEAD with the status and headers of GET, and without a body."""
    with shop_app() as served:
        victor_app = FastAPI()
        victor(victor_app)
        for app in (served.app, victor_app):
            for path in app.openapi()["paths"]:
                got, asked = get(app, path), head(app, path)
                assert (asked.status_code, asked.content) == (200, b""), path
                assert asked.headers.keys() == got.headers.keys()
        got, asked = get(served.app, "/metrics", GZIP), head(served.app, "/metrics", GZIP)
        assert asked.headers == got.headers
        assert int(asked.headers["content-length"]) > 0


def test_other_requests_are_refused_as_before() -> None:
    """HEAD without the token is refused as GET is, and POST is not allowed."""
    app = FastAPI()
    shop(app, token="canary-head")  # noqa: S106 - a token of this test
    refused = head(app, "/metrics")
    assert (refused.status_code, refused.content) == (401, b"")
    assert refused.headers == get(app, "/metrics").headers

    async def post() -> httpx.Response:
        async with session(app) as caller:
            return await caller.post("/metrics")

    assert asyncio.run(post()).status_code == 405


def test_openapi_describes_each_route_once() -> None:
    """HEAD adds no operation to the document, and its ids are unique without a warning."""
    with shop_app() as served, warnings.catch_warnings():
        warnings.simplefilter("error")
        victor_collector = PerformanceMetricsCollector()
        register_performance_routes(served.app, victor_collector, metrics_path=None)
        paths = served.app.openapi()["paths"]
        assert {method for each in paths.values() for method in each} == {"get"}
        ids = [each["get"]["operationId"] for each in paths.values()]
        assert len(ids) == len(set(ids)) > 10


@pytest.mark.parametrize(("first", "second"), [(victor, shop), (shop, victor)])
def test_a_second_service_needs_another_path_for_scrapes(
    first: Callable[..., None], second: Callable[..., None]
) -> None:
    """The second registration is refused in either order, and nothing of it is registered."""
    app = FastAPI()
    first(app)
    before, lifespan = list(app.openapi()["paths"]), app.router.lifespan_context
    message = "the application answers `/metrics` already; pass another `metrics_path`, or None"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        second(app)
    app.openapi_schema = None
    assert list(app.openapi()["paths"]) == before
    assert app.router.lifespan_context is lifespan


def test_two_services_with_paths_of_their_own_are_both_scraped() -> None:
    """Each path has the metrics of its service alone."""
    app = FastAPI()
    victor(app)
    shop(app, metrics_path="/metrics/shop")
    for path, mine, other in (("/metrics", "victor_", "shop_"), ("/metrics/shop", "shop_", "victor_")):
        text = get(app, path).text
        assert (f"# TYPE {mine}" in text, f"# TYPE {other}" in text) == (True, False)


def test_every_path_that_is_taken_is_named() -> None:
    """A service that is registered twice would be hidden whole."""
    app = FastAPI()
    shop(app)
    names = ", ".join(f"`{each}`" for each in SHOP)
    message = (
        f"the application answers {names} already; pass another `metrics_path`, or None and another `prefix`"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        shop(app)
    with pytest.raises(ValueError, match=r"already; pass another `prefix`$"):
        shop(app, metrics_path=None)
    shop(app, prefix="/second", metrics_path="/second/metrics")


def test_a_route_of_the_application_itself_takes_a_path() -> None:
    """So do a catch-all route and a mounted application; a route of another method does not."""

    def answer() -> Response:
        return Response()

    for path in ("/metrics", "/{rest:path}"):
        app = FastAPI()
        app.add_api_route(path, answer)
        with pytest.raises(ValueError, match=r"the application answers .*`/metrics`"):
            shop(app)
    app = FastAPI(routes=[Mount("/metrics", FastAPI())])
    with pytest.raises(ValueError, match="the application answers `/metrics` already"):
        shop(app)
    app = FastAPI()
    app.add_api_route("/metrics", answer, methods=["POST"])
    shop(app)
    assert "# TYPE shop_open" in get(app, "/metrics").text

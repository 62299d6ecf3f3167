"""HEAD requests."""

from __future__ import annotations

import asyncio
import warnings
from typing import Any

import httpx
from fastapi import FastAPI

from tests.runtime.rest.client import get, session
from tests.runtime.rest.shop import shop_app
from tests.runtime.shop import shop_collector
from victor_monitoring import PerformanceMetricsCollector, register_performance_routes
from victor_monitoring.runtime.rest import register_routes

GZIP = {"accept-encoding": "gzip"}


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

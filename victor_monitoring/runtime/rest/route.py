"""Routes of an application: HEAD answered as GET, failures without details, and paths that are taken."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

_LOGGER: Final = logging.getLogger(__name__)


class HeadRoute(APIRoute):
    """A route of GET that answers HEAD, too: with the same headers, and no body.

    HEAD is not among its methods: OpenAPI would describe each of them, under one operation id.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return super().matches(_as_get(scope))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_head(message: Message) -> None:
            is_body = message["type"] == "http.response.body"
            await send({**message, "body": b""} if is_body else message)

        await super().handle(_as_get(scope), receive, send_head if _is_head(scope) else send)


def _is_head(scope: Scope) -> bool:
    return (scope["type"], scope.get("method")) == ("http", "HEAD")


def _as_get(scope: Scope) -> Scope:
    return {**scope, "method": "GET"} if _is_head(scope) else scope


class DiscreetRoute(HeadRoute):
    """A route that logs an unexpected exception and responds with 500, without its details."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_discreetly(request: Request) -> Response:
            try:
                return await handle(request)
            except (HTTPException, RequestValidationError):  # meant for the caller
                raise
            except Exception:
                _LOGGER.exception("cannot answer `%s`", self.path)
                return JSONResponse({"detail": "the request failed; the service's log has the reason"}, 500)

        return handle_discreetly


def require_free(app: FastAPI, routes: Iterable[APIRoute], metrics_path: str | None) -> None:
    """Raise ValueError if the application answers the path of a route already: it would hide the route.

    The message names each such path, and the argument to pass another one.
    """
    taken = [each.path for each in routes if _is_taken(app, each.path)]
    if taken:
        advice = ["another `metrics_path`, or None"] if metrics_path in taken else []
        advice += ["another `prefix`"] if any(path != metrics_path for path in taken) else []
        paths = ", ".join(f"`{path}`" for path in taken)
        raise ValueError(f"the application answers {paths} already; pass {' and '.join(advice)}")


def _is_taken(app: FastAPI, path: str) -> bool:
    """Return whether a route answers GET at this path, or after a redirect to the path with a slash.

    The latter is the path of an application that is mounted here.
    """
    scopes = [
        {"type": "http", "method": "GET", "path": each, "root_path": "", "headers": []}
        for each in (path, f"{path}/")
    ]
    return any(route.matches(scope)[0] is Match.FULL for route in app.routes for scope in scopes)

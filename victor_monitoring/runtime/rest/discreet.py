"""Failures that are told to the log, and not to the caller."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

_LOGGER: Final = logging.getLogger(__name__)


class DiscreetRoute(APIRoute):
    """A route whose failure is logged, and of which the caller learns no more than that there was one."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_discreetly(request: Request) -> Response:
            try:
                return await handle(request)
            except (HTTPException, RequestValidationError):  # meant for the caller
                raise
            except Exception:
                _LOGGER.exception("cannot answer `%s`", self.path)
                return JSONResponse({"detail": "there is no answer; the service's log says why"}, 500)

        return handle_discreetly

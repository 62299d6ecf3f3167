"""An HTTP client of an application in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
from fastapi import FastAPI


def session(app: FastAPI) -> httpx.AsyncClient:
    """Yield a session with the application."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service")


def get(
    app: FastAPI, path: str, headers: Mapping[str, str] | Mapping[bytes, bytes] | None = None
) -> httpx.Response:
    """Return the response to one request."""

    async def ask() -> httpx.Response:
        async with session(app) as caller:
            return await caller.get(path, headers=headers)

    return asyncio.run(ask())


def ask(app: FastAPI, path: str) -> Any:
    """Return the data of a successful response; fail on NaN and infinities, which are no JSON."""

    def refuse(token: str) -> None:
        raise AssertionError(f"`{token}` is no JSON")

    answer = get(app, path)
    assert answer.status_code == 200, answer.text
    return httpx.Response.json(answer, parse_constant=refuse)

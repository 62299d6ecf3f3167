"""The application: `/metrics`, and the REST API where the service has one."""

from __future__ import annotations

import html
import ipaddress
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from victor_monitoring.base.diagnostics import UserError
from victor_monitoring.demo.serving.source import ServedMetrics
from victor_monitoring.runtime.rest.scrape import scrape_of


def application(source: ServedMetrics) -> FastAPI:
    """The application that serves a source."""
    app = FastAPI(title=source.spec.service.title, docs_url="/docs", redoc_url=None)
    scrape = scrape_of(source)

    @app.get("/metrics", response_class=Response, summary="Every metric, for Prometheus")
    def metrics(request: Request) -> Response:
        """Plain text, or OpenMetrics where that is asked for; status 503 while the target plays dead."""
        if source.scrapes.is_down:
            return Response("the target is down, as it was told to be\n", 503, media_type="text/plain")
        return scrape(request)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def index() -> str:
        """The paths there are, as links."""
        title = html.escape(source.spec.service.title)
        links = "".join(f'<li><a href="{path}">{path}</a></li>' for path in paths(app))
        return f"<!doctype html><title>{title}</title><h1>{title}</h1><ul>{links}</ul>"

    source.add_routes(app)
    return app


def paths(app: FastAPI) -> list[str]:
    """The paths that a person may want to open first."""
    documented: list[str] = list(app.openapi()["paths"])
    return ["/metrics", *(path for path in documented if path.endswith("/summary")), "/docs"]


_PATIENCE = 10  # seconds for a start


def bound(host: str, port: int) -> socket.socket:
    """A socket on this address, port 0 being any free one; UserError where it cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"cannot listen on {host}:{port}: {reason}", "`--port 0` takes a free one") from None
    return found


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def url_of(bound_to: socket.socket) -> str:
    """The address of a socket as the beginning of a URL."""
    host, port = bound_to.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def serving(app: FastAPI, bound_to: socket.socket) -> Iterator[Thread]:
    """Serves the application on the socket until the block ends; the thread ends early if it fails."""
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2, lifespan="off")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [bound_to]}, name="http", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + _PATIENCE
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        if not server.started:
            raise UserError("the HTTP server does not start", "what it has said stands above")
        yield thread
    finally:
        server.should_exit = True
        thread.join()
        bound_to.close()

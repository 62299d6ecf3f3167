"""The HTTP server: `/metrics`, and the REST API if the service has one."""

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
from victor_monitoring.runtime.rest.route import HeadRoute
from victor_monitoring.runtime.rest.scrape import scrape_of


def application(source: ServedMetrics) -> FastAPI:
    """Return the application that serves these metrics."""
    app = FastAPI(title=source.spec.service.title, docs_url="/docs", redoc_url=None)
    app.router.route_class = HeadRoute
    scrape = scrape_of(source)

    @app.get("/metrics", response_class=Response, summary="Every metric, for Prometheus")
    def metrics(request: Request) -> Response:
        """Return the exposition, as OpenMetrics on request; status 503 while the target is down."""
        if source.scrapes.is_down:
            return Response("the target is down: a simulated fault\n", 503, media_type="text/plain")
        return scrape(request)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def index() -> str:
        """Return links to the paths."""
        title = html.escape(source.spec.service.title)
        links = "".join(f'<li><a href="{path}">{path}</a></li>' for path in paths(app))
        return f"<!doctype html><title>{title}</title><h1>{title}</h1><ul>{links}</ul>"

    source.add_routes(app)
    return app


def paths(app: FastAPI) -> list[str]:
    """Return the most useful paths for a browser."""
    documented: list[str] = list(app.openapi()["paths"])
    return ["/metrics", *(path for path in documented if path.endswith("/summary")), "/docs"]


_PATIENCE = 10  # seconds for a start


def bound(host: str, port: int) -> socket.socket:
    """Return a socket bound to this address; port 0 selects a free port. Raise UserError if it is taken."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"cannot listen on {host}:{port}: {reason}", "`--port 0` selects a free one"
        ) from None
    return found


def is_loopback(host: str) -> bool:
    """Return whether only this machine can connect to the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def url_of(bound_to: socket.socket) -> str:
    """Return the address of a socket as a URL without a path."""
    host, port = bound_to.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def serving(app: FastAPI, bound_to: socket.socket) -> Iterator[Thread]:
    """Serve the application on the socket; yield the thread, which ends early if the server fails."""
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2, lifespan="on")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [bound_to]}, name="http", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + _PATIENCE
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        if not server.started:
            raise UserError("the HTTP server does not start", "see its messages above")
        yield thread
    finally:
        server.should_exit = True
        thread.join()
        bound_to.close()

"""The application: `/metrics`, and the REST API where the service has one."""

from __future__ import annotations

import html

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from victor_monitoring.runtime.rest.scrape import scrape_of
from victor_monitoring.serving.source import Source


def application(source: Source) -> FastAPI:
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

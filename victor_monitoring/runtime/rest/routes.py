"""The routes: sections, alerts, health and exposition, with optional authorization by a bearer token."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import HTTPException
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from starlette.types import Lifespan

from victor_monitoring.runtime.collector import Collector
from victor_monitoring.runtime.evaluator import Evaluator
from victor_monitoring.runtime.registry_module import RegistryModule
from victor_monitoring.runtime.rest.alert_models import Problem
from victor_monitoring.runtime.rest.bodies import ResponseBodies, json
from victor_monitoring.runtime.rest.models import Models
from victor_monitoring.runtime.rest.route import DiscreetRoute, require_free
from victor_monitoring.runtime.rest.scrape import FORMS, scrape_of

_BEARER: Final = HTTPBearer(auto_error=False, description="The token in the configuration of the service.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


def bearer_of(token: str) -> Callable[[Credentials], Awaitable[None]]:
    """Return a dependency that responds with 401 to a request without this token.

    Raise ValueError if the token is empty, since an unset variable would silently disable the protection.
    """
    if not token:
        raise ValueError("the token is empty; pass None to allow every request")
    # Digests have a fixed length, so that the comparison time does not reveal the token's length.
    expected = sha256(token.encode()).digest()

    async def authorized(credentials: Credentials) -> None:
        # Starlette decodes the bytes of a header as Latin-1, whatever their encoding is.
        given = b"" if credentials is None else credentials.credentials.encode("latin-1", "replace")
        if not hmac.compare_digest(sha256(given).digest(), expected):
            raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})

    return authorized


_SIGNALS: Final = Query(True, description="Whether to include signals and the states of their alerts.")


def register_routes(
    app: FastAPI,
    collector: Collector[Any],
    evaluator: Evaluator | None = None,
    *,
    prefix: str | None = None,
    metrics_path: str | None = "/metrics",
    token: str | None = None,
) -> None:
    """Add the routes of `router` to the application; the evaluator samples from its start to its end.

    Sampling starts after the application's own start-up, in every process that runs the application. Raise
    ValueError if the application answers one of the paths already, such as `/metrics` of another service.
    """
    routes = router(collector, evaluator, prefix=prefix, metrics_path=metrics_path, token=token)
    require_free(app, (each for each in routes.routes if isinstance(each, APIRoute)), metrics_path)
    app.include_router(routes)
    if evaluator is not None:
        app.router.lifespan_context = _sampled(app.router.lifespan_context, evaluator)


def _sampled(lifespan: Lifespan[Any], evaluator: Evaluator) -> Lifespan[Any]:
    """Return the lifespan of an application, extended by the sampling."""

    @asynccontextmanager
    async def sampled(app: Any) -> AsyncIterator[Any]:
        async with lifespan(app) as state:
            evaluator.start()
            try:
                yield state
            finally:
                await run_in_threadpool(evaluator.stop)  # it waits for the current sample

    return sampled


def router(
    collector: Collector[Any],
    evaluator: Evaluator | None = None,
    *,
    prefix: str | None = None,
    metrics_path: str | None = "/metrics",
    token: str | None = None,
) -> APIRouter:
    """Return the routes `summary`, `prometheus` and one per endpoint, below `prefix`, or `/api/SERVICE`.

    With an `evaluator` of the same registry module the routes `alerts` and `health` are added, and each
    section begins with its signals, unless a request has `signals=false`. The first request, such as a
    scrape, starts the sampling in a process where it does not run: in an application that is mounted in
    another one, and after a fork. `metrics_path` is an additional path for Prometheus' scrapes; None omits
    it. With a `token`, every request needs it as a bearer token. HEAD is answered as GET, without the body.
    Components are read in threads, within the collector's deadline, and no response is cached.
    """
    module = collector.module if evaluator is None else evaluator.module
    prefix = f"/api/{module.service}" if prefix is None else prefix.rstrip("/")
    problems: dict[int | str, dict[str, Any]] = {
        500: {"model": Problem, "description": "An unexpected error, logged by the service."}
    }
    if token is not None:
        problems[401] = {"model": Problem, "description": "The bearer token is missing or wrong."}
    routes = APIRouter(
        route_class=DiscreetRoute,
        responses=problems,
        dependencies=[
            *([] if token is None else [Depends(bearer_of(token))]),
            *([] if evaluator is None else [Depends(_started(evaluator))]),
        ],
        tags=[module.title],
    )

    def add(name: str, endpoint: Callable[..., Response], model: type[BaseModel], title: str) -> None:
        routes.add_api_route(f"{prefix}/{name}", endpoint, name=name, response_model=model, summary=title)

    models = Models.of(module, signals=evaluator is not None)
    answers = ResponseBodies(module, collector.instance, evaluator.context if evaluator else None)
    judge = None if evaluator is None else _SignalBodies(evaluator, answers)
    # The fixed names come first, so that an endpoint of the registry cannot hide them.
    add("summary", _sections(collector, answers, evaluator, None), models.summary, "Every component")
    if judge is not None:
        add("alerts", judge.alerts, models.alerts, "Every alert, evaluated by this process")
        add("health", judge.health, models.health, "The verdict, and scores with their losses")
    for path in (f"{prefix}/prometheus", metrics_path):
        if path is not None:
            routes.add_api_route(
                path,
                scrape_of(collector),
                name="prometheus",
                summary="Every metric, for Prometheus",
                response_class=Response,
                responses={200: FORMS},
            )
    for name in module.endpoints:
        components = module.shown(name)
        endpoint = _sections(collector, answers, evaluator, components)
        add(name, endpoint, models.endpoints[name], f"The components {', '.join(components)}")
    return routes


def _started(evaluator: Evaluator) -> Callable[[], Awaitable[None]]:
    """Return a dependency that starts the sampling where it does not run."""

    async def started() -> None:
        evaluator.start()

    return started


class _SignalBodies:
    """Responses about alerts and signals."""

    def __init__(self, evaluator: Evaluator, answers: ResponseBodies) -> None:
        self._evaluator, self._answers = evaluator, answers

    def alerts(self) -> Response:
        """Return every alert with its state."""
        return _response(self._answers.alerts(self._evaluator.alerts()))

    def health(self) -> Response:
        """Return the verdict and the alerts, signals and scores behind it."""
        return _response(self._answers.health(self._evaluator.signals(), self._evaluator.alerts()))


def _sections(
    collector: Collector[Any],
    answers: ResponseBodies,
    evaluator: Evaluator | None,
    components: Collection[str] | None,
) -> Callable[..., Response]:
    """Return an endpoint for these components, or all; no coroutine, so FastAPI runs it in a thread."""

    def sections() -> Response:
        return _response(answers.sections(collector.snapshot(components), None, ()))

    if evaluator is None:
        return sections
    names = None if components is None else _signals_of(evaluator.module, components)

    def sections_and_signals(signals: bool = _SIGNALS) -> Response:
        if not signals:
            return sections()
        values, alerts = evaluator.signals(names), evaluator.alerts()
        return _response(answers.sections(collector.snapshot(components), values, alerts))

    return sections_and_signals


def _signals_of(module: RegistryModule, components: Collection[str]) -> list[str]:
    return [name for name, data in module.signals.items() if data["component"] in components]


def _response(answer: dict[str, Any]) -> Response:
    return Response(json(answer), media_type="application/json", headers={"Cache-Control": "no-store"})

"""The routes of a service's monitoring, for a FastAPI application."""

from __future__ import annotations

from collections.abc import Callable, Collection
from threading import Lock
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI, Query, Response
from pydantic import BaseModel

from victor_monitoring.runtime.collector import Collector
from victor_monitoring.runtime.evaluator import Evaluator
from victor_monitoring.runtime.registry_module import RegistryModule
from victor_monitoring.runtime.rest.answers import Answers, json, signals_by_name
from victor_monitoring.runtime.rest.authorization import bearer_of
from victor_monitoring.runtime.rest.discreet import DiscreetRoute
from victor_monitoring.runtime.rest.judged import Problem
from victor_monitoring.runtime.rest.models import Models
from victor_monitoring.runtime.rest.scrape import FORMS, scrape_of

_SIGNALS: Final = Query(
    False, description="Whether to tell signals, too. From the first time on, the process samples itself."
)


def register_routes(
    app: FastAPI,
    collector: Collector[Any],
    evaluator: Evaluator | None = None,
    *,
    prefix: str | None = None,
    metrics_path: str | None = "/metrics",
    token: str | None = None,
) -> None:
    """Adds the routes of `router` to the application."""
    app.include_router(router(collector, evaluator, prefix=prefix, metrics_path=metrics_path, token=token))


def router(
    collector: Collector[Any],
    evaluator: Evaluator | None = None,
    *,
    prefix: str | None = None,
    metrics_path: str | None = "/metrics",
    token: str | None = None,
) -> APIRouter:
    """Below the prefix (default `/api/SERVICE`): `summary`, every endpoint of the registry, `prometheus`.

    With an `evaluator` of the same registry module there are `alerts` and `health`, too, and the others tell
    signals where they are asked to; it starts to sample at the first such request. `metrics_path` is where
    Prometheus scrapes; None leaves it out. With a `token`, every request must bear it. Components are read in
    threads, within the collector's deadline, and no answer is kept.
    """
    module = collector.module
    prefix = f"/api/{module.service}" if prefix is None else prefix.rstrip("/")
    problems: dict[int | str, dict[str, Any]] = {500: {"model": Problem, "description": "A failure, logged."}}
    if token is not None:
        problems[401] = {"model": Problem, "description": "The bearer token is missing or wrong."}
    routes = APIRouter(
        route_class=DiscreetRoute,
        responses=problems,
        dependencies=[] if token is None else [Depends(bearer_of(token))],
        tags=[module.title],
    )

    def add(name: str, endpoint: Callable[..., Response], model: type[BaseModel], said: str) -> None:
        routes.add_api_route(f"{prefix}/{name}", endpoint, name=name, response_model=model, summary=said)

    models = Models.of(module, signals=evaluator is not None)
    answers = Answers(module, collector.instance, evaluator.context if evaluator else None)
    judge = None if evaluator is None else _Judge(evaluator, answers)
    # The fixed names come first: a component's endpoint of the same name does not hide them.
    add("summary", _sections(collector, answers, judge, None), models.summary, "Every component")
    if judge is not None:
        add("alerts", judge.alerts, models.alerts, "Every alert, as this process sees it")
        add("health", judge.health, models.health, "The verdict, the score, and what drags it down")
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
    for name, components in module.endpoints.items():
        endpoint = _sections(collector, answers, judge, components)
        add(name, endpoint, models.endpoints[name], f"The components {', '.join(components)}")
    return routes


class _Judge:
    """What a process says of its signals and alerts. It starts to sample when it is asked."""

    def __init__(self, evaluator: Evaluator, answers: Answers) -> None:
        self._evaluator, self._answers = evaluator, answers
        self._starting = Lock()

    def signals(self, names: Collection[str] | None) -> dict[str, Any]:
        """The signals of these names, or all."""
        return signals_by_name(self._started().signals(names))

    def alerts(self) -> Response:
        """Every alert with its state."""
        return _response(self._answers.alerts(self._started().alerts()))

    def health(self) -> Response:
        """The verdict and what it stands on."""
        evaluator = self._started()
        return _response(self._answers.health(evaluator.signals(), evaluator.alerts()))

    def _started(self) -> Evaluator:
        with self._starting:
            self._evaluator.start()
        return self._evaluator


def _sections(
    collector: Collector[Any], answers: Answers, judge: _Judge | None, components: Collection[str] | None
) -> Callable[..., Response]:
    """An endpoint that shows these components, or all. FastAPI runs it in a thread: it is no coroutine."""
    names = None if components is None else _signals_of(collector.module, components)

    def sections() -> Response:
        return _response(answers.sections(collector.snapshot(components)))

    def sections_and_signals(signals: bool = _SIGNALS) -> Response:
        told = judge.signals(names) if signals and judge is not None else None
        return _response({**answers.sections(collector.snapshot(components)), "signals": told})

    return sections if judge is None else sections_and_signals


def _signals_of(module: RegistryModule, components: Collection[str]) -> list[str]:
    return [name for name, data in module.signals.items() if data["component"] in components]


def _response(answer: dict[str, Any]) -> Response:
    return Response(json(answer), media_type="application/json", headers={"Cache-Control": "no-store"})
